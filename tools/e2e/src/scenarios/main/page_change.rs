//! A developer changes the page: staging shows it, the environments behind it do not.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::actors::Visitor;
use crate::environment::Environment;
use crate::git::short;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::release::{Expected, built, merged};

const PATCH: &str = "tools/e2e/fixtures/page-change.patch";

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("page-change", "page change to staging", 600),
    suite: Suite::Main,
    needs: &["first-sync"],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let staging = Visitor::of(testbed.first(), &testbed.harness.http);
    let before = staging.commit_shown().await?;
    let mut others = Vec::new();
    for &environment in &Environment::all()[1..] {
        let visitor = Visitor::of(testbed.cluster(environment), &testbed.harness.http);
        let shown = visitor.commit_shown().await?;
        others.push((environment, visitor, shown));
    }

    testbed
        .application()
        .commit_patch(PATCH, "Change the page")
        .await?;
    let commit = built(testbed, step, Environment::first(), Duration::from_mins(8)).await?;
    let still = staging.commit_shown().await?;
    ensure!(
        still == before,
        "staging shows {still} although nobody has merged the proposal"
    );

    let expected = Expected {
        app: "frontend",
        serves: &commit,
    };
    merged(testbed, step, Environment::first(), &commit, &expected).await?;
    let shown = staging.commit_shown().await?;
    ensure!(
        shown == commit,
        "the page of staging shows {shown}, not the new commit {commit}"
    );

    step.doing("post a message through the page's form");
    let author = format!("visitor of {}", &commit[..7]);
    let text = "Posted without script";
    let answer = staging.post(&author, text).await?;
    ensure!(
        answer.shows(&author) && answer.shows(text),
        "the page that answers the form does not show the message"
    );
    ensure!(
        staging.page().await?.shows(&author),
        "the page does not show the message to the next visitor"
    );
    let stored = staging.message_of(&author).await?;
    ensure!(
        stored.text == text,
        "the API has {:?} instead of {text:?}",
        stored.text
    );

    let mut still = Vec::new();
    for (environment, visitor, before) in others {
        ensure!(
            !visitor.page().await?.shows(&author),
            "{environment} shows a message that was posted on staging"
        );
        let shown = visitor.commit_shown().await?;
        ensure!(
            shown == before && shown != commit,
            "{environment} shows {shown}, nothing was released there"
        );
        still.push(format!("{environment} still {}", short(&shown)));
    }
    step.evidence(format!(
        "staging shows {} and a message posted through its form; {}",
        short(&commit),
        still.join(", ")
    ));
    Ok(())
}
