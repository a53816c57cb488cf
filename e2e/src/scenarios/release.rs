//! What the stories have in common: a proposal is merged, and somebody outside watches the new commit take over.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::actors::{Release, Reviewer, Rollout, sample_until_only};
use crate::env::Env;
use crate::environment::Environment;
use crate::first_release::checkout;
use crate::gitops;
use crate::progress::StepHandle;

/// From the merge until only the new commit answers; what a person at the screen still waits for.
const LIVE_BUDGET: Duration = Duration::from_secs(15);
/// When to give up, as opposed to being late.
const GIVE_UP: Duration = Duration::from_mins(2);

/// CI's part of a release: a commit is pushed to the environment's branch and its run passes.
pub(crate) async fn built(
    env: &Env,
    step: &StepHandle,
    environment: Environment,
    within: Duration,
) -> Result<String> {
    let commit = checkout(&env.ground, &env.world)
        .push(environment.branch())
        .await?;
    let start = std::time::Instant::now();
    env.ci.passed(step, environment.branch(), &commit, within).await?;
    step.measured("push to proposal", start.elapsed().as_secs_f64());
    Ok(commit)
}

/// The rest: the proposal for `commit` is merged; `url` is asked until only `serves` answers; Argo CD agrees.
pub(crate) async fn merged(
    env: &Env,
    step: &StepHandle,
    environment: Environment,
    commit: &str,
    expected: &Expected<'_>,
) -> Result<Release> {
    let reviewer = Reviewer::of(&env.world);
    let proposal = reviewer.proposal(step, environment, commit).await?;
    let release = reviewer
        .merge(step, environment, &proposal, &checkout(&env.ground, &env.world))
        .await?;

    let cluster = env.cluster(environment);
    let site = match expected.app {
        "backend" => &cluster.backend_url,
        _ => &cluster.frontend_url,
    };
    let url = format!("{site}{}", api::VERSION);
    let apps = [expected.app];
    let (rollout, ()) = tokio::try_join!(
        sample_until_only(&env.ground.http, &url, expected.serves, release.asked, GIVE_UP),
        gitops::live(step, cluster, &apps, &release.commit, GIVE_UP),
    )?;
    judge(step, &rollout)?;
    Ok(release)
}

/// Which app a release changes, and the commit it says it was built from afterwards.
pub(crate) struct Expected<'a> {
    pub(crate) app: &'static str,
    pub(crate) serves: &'a str,
}

fn judge(step: &StepHandle, rollout: &Rollout) -> Result<()> {
    step.measured("merge to first new answer", rollout.first.as_secs_f64());
    step.measured("merge to only new answers", rollout.only.as_secs_f64());
    ensure!(
        rollout.errors.is_empty(),
        "{} of {} visitors got no answer during the rollout: {}",
        rollout.errors.len(),
        rollout.asked,
        rollout.errors.join("; ")
    );
    ensure!(
        rollout.only <= LIVE_BUDGET,
        "{:.1} s passed from the merge until only the new commit answered; the budget is {} s",
        rollout.only.as_secs_f64(),
        LIVE_BUDGET.as_secs()
    );
    Ok(())
}
