//! Production follows versions: a tag is proposed to it, a push is not, and a version that was
//! taken back does not come again.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::actors::Reviewer;
use crate::environment::{Environment, PAGE};
use crate::git::short;
use crate::gitops;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::failures::rollback::roll_back;
use crate::scenarios::release::{Expected, STYLE, built, merged, remarked, typed};

/// What one run of CI may take.
const RUN: Duration = Duration::from_mins(4);
/// What a verb may take that only asks the registry and the forge.
const VERB: Duration = Duration::from_mins(1);
const LIVE: Duration = Duration::from_mins(1);
const RANGE: &str = "^1.0";
const VERSIONS: [&str; 2] = ["v1.0.0", "v1.1.0"];

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("versions", "production follows versions", 1200),
    suite: Suite::Versions,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let all = Environment::all();
    let (from, to) = (all[all.len() - 2], all[all.len() - 1]);
    let reviewer = Reviewer::of(&testbed.world);
    let switched_on = follow(testbed, step, to).await?;
    pushes_propose_nothing(testbed, step, to, &switched_on).await?;
    let mut commits = Vec::new();
    for version in VERSIONS {
        let commit = released(testbed, step, from).await?;
        pushes_propose_nothing(testbed, step, to, &commit).await?;
        testbed.application().push_tag(version, &commit).await?;
        let begun = Instant::now();
        for verb in [["ci", "tag", version].as_slice(), &["ci", "follow"]] {
            let said = typed(testbed, verb, VERB).await?;
            ensure!(
                said.contains(version),
                "{verb:?} does not name {version}:\n{said}"
            );
        }
        reviewer.proposal(step, to, &commit).await?;
        step.measured("tag to proposal", begun.elapsed().as_secs_f64());
        let expected = Expected {
            app: PAGE,
            serves: &commit,
        };
        merged(testbed, step, to, &commit, &expected).await?;
        step.evidence(format!("{to} was given {version}, which is {}", short(&commit)));
        testbed.application().catch_up().await?;
        commits.push(commit);
    }
    taken_back(testbed, step, to, &commits[0]).await?;
    back_to_branches(testbed, step, to, &switched_on).await
}

/// `follows` for an environment, on the branch whose rules count.
async fn follow(testbed: &Testbed, step: &StepHandle, to: Environment) -> Result<String> {
    let application = testbed.application();
    application.catch_up().await?;
    let branch = format!("branch = \"{}\"\n", to.branch());
    let with = format!("{branch}follows = \"{RANGE}\"\n");
    application.commit_text(project::FILE, &branch, &with).await?;
    let first = Environment::first().branch();
    let commit = application.push(first).await?;
    testbed.ci.passed(step, first, &commit, RUN).await?;
    Ok(commit)
}

/// A change of the page that nobody has seen before, live in the environment before the last one.
async fn released(testbed: &Testbed, step: &StepHandle, from: Environment) -> Result<String> {
    let application = testbed.application();
    remarked(&application, STYLE, "/* ", " */").await?;
    let commit = built(testbed, step, from, RUN).await?;
    let expected = Expected {
        app: PAGE,
        serves: &commit,
    };
    merged(testbed, step, from, &commit, &expected).await?;
    application.catch_up().await?;
    Ok(commit)
}

async fn pushes_propose_nothing(
    testbed: &Testbed,
    step: &StepHandle,
    to: Environment,
    commit: &str,
) -> Result<()> {
    testbed.application().push_commit(commit, to.branch()).await?;
    let run = testbed.ci.passed(step, to.branch(), commit, RUN).await?;
    let said = run.said()?;
    let why = format!("{to} follows versions");
    ensure!(said.contains(&why), "CI does not say that {why}:\n{said}");
    none_open(testbed, to).await
}

async fn none_open(testbed: &Testbed, to: Environment) -> Result<()> {
    let open = Reviewer::of(&testbed.world).open(to).await?;
    ensure!(open.is_empty(), "{open:?} is open");
    Ok(())
}

/// The higher version is taken back, and is proposed no more.
async fn taken_back(testbed: &Testbed, step: &StepHandle, to: Environment, before: &str) -> Result<()> {
    let (reviewer, manifests) = (Reviewer::of(&testbed.world), testbed.manifests());
    roll_back(testbed, to, before).await?;
    let proposal = reviewer.rollback(step, to, before).await?;
    let back = reviewer.merge(step, to, &proposal, &manifests).await?;
    gitops::app(step, testbed.cluster(to), PAGE)
        .at(&back.commit)
        .live(LIVE)
        .await?;
    let said = typed(testbed, &["ci", "follow"], VERB).await?;
    ensure!(
        said.contains("nothing to propose"),
        "a version that was taken back is no reason to say:\n{said}"
    );
    none_open(testbed, to).await?;
    let said = said.lines().find(|line| line.contains("nothing to propose"));
    step.evidence(format!("after the rollback: {}", said.unwrap_or_default()));
    Ok(())
}

/// The environments release by their branches again, and the last one has what the others have.
async fn back_to_branches(
    testbed: &Testbed,
    step: &StepHandle,
    to: Environment,
    switched_on: &str,
) -> Result<()> {
    let application = testbed.application();
    application.catch_up().await?;
    step.doing(&format!("have {to} release by its branch again"));
    application.commit_revert(switched_on).await?;
    built(testbed, step, Environment::first(), RUN).await?;
    none_open(testbed, Environment::first()).await
}
