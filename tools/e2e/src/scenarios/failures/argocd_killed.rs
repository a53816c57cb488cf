//! Parts of Argo CD are killed during syncs, one after the other: the sync finishes or its failure
//! is named, and no request fails.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, bail, ensure};

use crate::actors::{Operator, ReadLoad};
use crate::environment::{API, Environment};
use crate::gitops;
use crate::platform::argocd::{self, Processes};
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::overlays;

/// The app whose sync takes a while: its migration runs first.
const APP: &str = API;
const NOBODY_RENDERS: &str = "ComparisonError";
const BEGUN: Duration = Duration::from_secs(20);
const CONVERGED: Duration = Duration::from_secs(45);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("argocd-killed", "Argo CD is killed during a sync", 1200),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "While a sync runs its migration, the repo server, which renders manifests, is killed. In the next sync Redis is \
                killed, and in the one after that the application controller, which applies them.",
        effect: "The application keeps serving. A sync survives the loss of Redis, and a new controller finds the sync in the \
                 Application's status and finishes it. Without a repo server the sync fails with `ComparisonError`, unless a new \
                 one starts in time; the next commit goes live.",
        within: "45 s, 0 failed requests",
        way_out: "Nothing to do unless the sync failed. A failed sync is not retried: sync by hand, or merge the next commit.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let operator = Operator::of(testbed);
    let before = operator.head().await?;
    let reads = ReadLoad::start(testbed, Environment::first())?;
    let restart = async |mark| {
        operator
            .patch(&overlays::of(API), &[overlays::restart(mark)])
            .await
    };
    let first = restart("first").await?;
    match killed_in(testbed, step, &first, "argocd-repo-server").await? {
        None => step.evidence("a new repo server was there before the sync needed one".to_owned()),
        Some(why) => {
            ensure!(
                why.contains(NOBODY_RENDERS),
                "the sync fails for another reason: {why}"
            );
            step.evidence(format!("without a repo server {why}"));
        }
    }
    let second = restart("second").await?;
    survives(testbed, step, &second, "argocd-redis").await?;
    operator.restore(&before).await?;
    let back = operator.head().await?;
    survives(testbed, step, &back, "argocd-application-controller").await?;
    reads.stop(step).await?.at_most(0)
}

/// Kill a part of Argo CD while it syncs `commit`; that goes live all the same.
async fn survives(testbed: &Testbed, step: &StepHandle, commit: &str, part: &str) -> Result<()> {
    match killed_in(testbed, step, commit, part).await? {
        None => Ok(()),
        Some(why) => bail!("without {part} {why}"),
    }
}

/// Kill a part of Argo CD while it syncs `commit`. Gives why that failed; none if it is live.
async fn killed_in(testbed: &Testbed, step: &StepHandle, commit: &str, part: &str) -> Result<Option<String>> {
    let staging = testbed.first();
    gitops::app(step, staging, APP).at(commit).syncing(BEGUN).await?;
    Processes::of(staging, part).await?.kill().await?;
    let (killed, moment) = (Instant::now(), SystemTime::now());
    gitops::app(step, staging, APP)
        .at(commit)
        .still_syncing(moment)
        .await?;
    let failed = gitops::app(step, staging, APP)
        .at(commit)
        .ended(CONVERGED)
        .await?;
    gitops::ended_after(staging, APP, moment).await?;
    step.measured(
        &format!("{part} killed to the end of the sync"),
        killed.elapsed().as_secs_f64(),
    );
    // The next commit needs all of it.
    argocd::whole(step, staging).await?;
    gitops::app(step, staging, APP).compared_again(CONVERGED).await?;
    Ok(failed)
}
