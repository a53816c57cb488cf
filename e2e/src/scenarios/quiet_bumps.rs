//! The commits that CI's own proposals become start no build: else the loop would never come to rest.

use anyhow::{Result, ensure};

use crate::actors::is_bump;
use crate::ci::Decision;
use crate::env::Env;
use crate::environment::Environment;
use crate::first_release::checkout;
use crate::progress::StepHandle;

pub(crate) async fn tell(env: &Env, step: &StepHandle) -> Result<()> {
    let branch = Environment::Staging.branch();
    let checkout = checkout(&env.ground, &env.world);
    let (mut bumps, mut changes) = (0, 0);
    // Told apart by what they change, not by what the CI made of them.
    for commit in checkout.history().await? {
        let push = env.ci.saw(step, branch, &commit.id).await?;
        let runs = env
            .ci
            .ledger()
            .runs_of(&commit.id)
            .into_iter()
            .filter(|run| run.branch == branch)
            .count();
        if is_bump(&commit.changed) {
            bumps += 1;
            ensure!(
                matches!(&push.decision, Decision::Ignored(_)) && runs == 0,
                "the bump {} started {runs} runs: {:?}",
                commit.id,
                push.decision
            );
        } else {
            changes += 1;
            ensure!(
                runs == 1,
                "the change {} started {runs} runs: {:?}",
                commit.id,
                push.decision
            );
        }
    }
    ensure!(
        bumps >= 2,
        "only {bumps} bumps were merged in this run, each environment should have had one"
    );
    ensure!(
        changes >= 1,
        "no change was pushed in this run, so no run could have been started"
    );
    step.evidence(format!(
        "{bumps} bumps were seen and started nothing; {changes} changes started a run each"
    ));
    Ok(())
}
