//! New pods take the place of old ones, of both apps and back again, under a steady load: no request fails.

use std::time::Duration;

use anyhow::Result;

use crate::actors::{Crowd, Operator};
use crate::env::Env;
use crate::environment::Environment;
use crate::gitops;
use crate::plan::Step;
use crate::progress::StepHandle;
use crate::scenario::{Failure, Scenario, Suite};

const ROLLED_OUT: Duration = Duration::from_mins(1);
/// Changes nothing but the pods.
const SETTING: &str = "            - name: RUST_LOG\n              value: info\n";

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("rollout", "rolling updates lose no request", 240),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "A release replaces every pod of an app while a hundred requests a second come in, over kept and over new connections.",
        effect: "New pods answer before old ones are told to go, and those still answer what reaches them: no request fails.",
        within: "0 failed requests",
        way_out: "Nothing to do.",
    }),
    story: |env, step| Box::pin(tell(env, step)),
};

async fn tell(env: &Env, step: &StepHandle) -> Result<()> {
    let operator = Operator::of(env);
    let crowd = Crowd::gather(env, Environment::Staging)?;
    for app in ["frontend", "backend"] {
        let path = format!("{app}/overlays/staging/environment.yaml");
        let there = operator.append(&path, SETTING).await?;
        gitops::live(step, &env.staging, &[app], &there, ROLLED_OUT).await?;
        let back = operator.revert(&there).await?;
        gitops::live(step, &env.staging, &[app], &back, ROLLED_OUT).await?;
    }
    crowd.leave(step).await?.at_most(0)
}
