//! A manifest is merged that Kubernetes does not accept: the sync fails by name, and what ran goes on.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::actors::{Crowd, Operator, Visitor};
use crate::env::Env;
use crate::environment::Environment;
use crate::gitops;
use crate::plan::Step;
use crate::progress::StepHandle;
use crate::scenario::{Failure, Scenario, Suite};

const FAILED: Duration = Duration::from_secs(30);
const HEALED: Duration = Duration::from_secs(30);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("bad-manifest", "a manifest that is not accepted", 120),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "A manifest is merged that Kubernetes refuses, such as a word where a number belongs.",
        effect: "The sync fails and names the field; nothing of it is rolled out, the old pods go on serving.",
        within: "30 s, 0 failed requests",
        way_out: "Revert the commit, or merge one that is right. `cargo xtask check` would have found it.",
    }),
    story: |env, step| Box::pin(tell(env, step)),
};

async fn tell(env: &Env, step: &StepHandle) -> Result<()> {
    let (operator, visitor) = (Operator::of(env), Visitor::of(&env.staging, &env.ground.http));
    let served = visitor.commit_shown().await?;
    let crowd = Crowd::gather(env, Environment::Staging)?;
    let merged = Instant::now();
    let bad = operator
        .replace(
            "frontend/base/deployment.yaml",
            "revisionHistoryLimit: 3",
            "revisionHistoryLimit: three",
        )
        .await?;
    let why = gitops::failed(step, &env.staging, "frontend", &bad, FAILED).await?;
    step.measured("merge to failed", merged.elapsed().as_secs_f64());
    ensure!(
        why.contains("revisionHistoryLimit"),
        "Argo CD does not name the field: {why}"
    );
    step.evidence(why);
    let still = visitor.commit_shown().await?;
    ensure!(still == served, "{still} is served, {served} was before");

    let good = operator.revert(&bad).await?;
    gitops::live(step, &env.staging, &["frontend"], &good, HEALED).await?;
    crowd.leave(step).await?.at_most(0)
}
