//! Two developers push at once, and CI runs for the older push are repeated: one proposal, and
//! nothing goes back.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::actors::{Reviewer, Visitor, pins};
use crate::environment::Environment;
use crate::git::checkout::Checkout;
use crate::git::short;
use crate::gitops;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::release::{STYLE, remarked};

/// Part of the page, and nothing that has to be compiled, as [`STYLE`] is.
const HERS: &str = "frontend/public/favicon.svg";

const RUN: Duration = Duration::from_mins(4);
const LIVE: Duration = Duration::from_secs(40);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("two-developers", "two developers push at once", 600),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "Two developers each push a change of the page at the same time. Somebody later repeats the CI run of the older \
                push, before and after the release.",
        effect: "Git accepts one push and rejects the other, whose author rebases. Each push has its run. One proposal is open: \
                 that of the later commit, with both changes. The repeated runs change nothing.",
        within: "40 s from the merge to live",
        way_out: "Nothing to do.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (reviewer, branch) = (Reviewer::of(&testbed.world), Environment::first().branch());
    let her = testbed.application();
    her.catch_up().await?;
    let his = her.of_colleague(&testbed.harness.run.empty("colleague")?).await?;
    remarked(&her, HERS, "<!-- ", " -->").await?;
    remarked(&his, STYLE, "/* ", " */").await?;

    let pushed = Instant::now();
    let (earlier, later) = match tokio::join!(her.push(branch), his.push(branch)) {
        (Ok(earlier), Err(_)) => (earlier, after(&his, branch).await?),
        (Err(_), Ok(earlier)) => (earlier, after(&her, branch).await?),
        (Ok(_), Ok(_)) => anyhow::bail!("the forge took both pushes: one is lost"),
        (Err(one), Err(other)) => anyhow::bail!("the forge took neither push: {one:#}; {other:#}"),
    };
    let stale = testbed.ci.passed(step, branch, &earlier, RUN).await?;
    testbed.ci.passed(step, branch, &later, RUN).await?;
    step.measured("both pushes to the proposal", pushed.elapsed().as_secs_f64());
    let open = only_open(&reviewer, &later).await?;
    testbed.ci.again(step, &stale, RUN).await?;
    ensure!(
        only_open(&reviewer, &later).await? == open,
        "the late run has changed the proposal"
    );

    let proposal = reviewer.proposal(step, Environment::first(), &later).await?;
    let manifests = testbed.manifests();
    let release = reviewer
        .merge(step, Environment::first(), &proposal, &manifests)
        .await?;
    let (live, again) = tokio::join!(
        gitops::app(step, testbed.first(), "frontend")
            .at(&release.commit)
            .live(LIVE),
        testbed.ci.again(step, &stale, RUN),
    );
    again?;
    let live = live?.saturating_duration_since(release.asked);
    step.measured("merge to live", live.as_secs_f64());

    let open = reviewer.open(Environment::first()).await?;
    ensure!(open.is_empty(), "the late run proposes to go back: {open:?}");
    let head = manifests.catch_up().await?;
    ensure!(
        pins(&manifests, &head, Environment::first()).await? == release.digests,
        "the late run has changed the release"
    );
    let visitor = Visitor::of(testbed.first(), &testbed.harness.http);
    let serves = visitor.commit_shown().await?;
    ensure!(serves == later, "{serves} is served, {later} was pushed last");
    step.evidence(format!(
        "{} and {} were pushed at once; one proposal of {}, and two late runs of {} changed nothing",
        short(&earlier),
        short(&later),
        short(&later),
        short(&earlier)
    ));
    Ok(())
}

/// What somebody does whose push was refused.
async fn after(checkout: &Checkout, branch: &str) -> Result<String> {
    checkout.rebase().await?;
    checkout.push(branch).await
}

/// The one open proposal, which must be that of `commit`.
async fn only_open(reviewer: &Reviewer, commit: &str) -> Result<(String, String)> {
    let mut open = reviewer.open(Environment::first()).await?;
    let one = open.pop().context("nothing is proposed")?;
    ensure!(open.is_empty(), "{open:?} is proposed beside {one:?}");
    ensure!(one.0.ends_with(short(commit)), "{one:?} is not of {commit}");
    Ok(one)
}
