//! Merging CI's own proposals starts no build; otherwise the loop would never end.

use anyhow::{Result, ensure};

use crate::actors::is_bump;
use crate::ci::{Decision, Push};
use crate::environment::Environment;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("quiet-bumps", "bumps start no build", 60),
    suite: Suite::Main,
    needs: &["first-sync"],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let branch = Environment::first().branch();
    let runs_of = |commit: &str| {
        let ledger = testbed.ci.ledger();
        let runs = ledger.runs_of(commit).into_iter();
        runs.filter(|run| run.branch == branch).count()
    };
    let (mut bumps, mut heard, mut changes) = (0, 0, 0);
    // Told apart by what they change, not by what the CI made of them. Where all is in one
    // repository, CI hears of bumps too.
    for commit in testbed.application().history().await? {
        let push = testbed.ci.saw(step, branch, &commit.id).await?;
        if is_bump(&commit.changed) {
            continue;
        }
        changes += 1;
        let runs = runs_of(&commit.id);
        ensure!(
            runs == 1,
            "the change {} started {runs} runs: {:?}",
            commit.id,
            push.decision
        );
    }
    for commit in testbed.manifests().history().await? {
        if !is_bump(&commit.changed) {
            continue;
        }
        let (push, runs) = (
            testbed.ci.ledger().push_of(branch, &commit.id).cloned(),
            runs_of(&commit.id),
        );
        ensure!(
            is_quiet(push.as_ref()) && runs == 0,
            "the bump {} started {runs} runs: {push:?}",
            commit.id
        );
        bumps += 1;
        heard += usize::from(push.is_some());
    }
    ensure!(
        bumps >= Environment::all().len(),
        "only {bumps} bumps were merged in this run, each environment should have had one"
    );
    ensure!(
        changes >= 1,
        "no change was pushed in this run, so no run could have been started"
    );
    step.evidence(format!(
        "{bumps} bumps started nothing, CI heard of {heard} of them; {changes} changes started a run each"
    ));
    Ok(())
}

/// CI did not hear of the push, or heard and ignored it.
fn is_quiet(push: Option<&Push>) -> bool {
    push.is_none_or(|push| matches!(push.decision, Decision::Ignored(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_that_ci_did_not_ignore_is_not_quiet() {
        let push = |decision| Push {
            branch: "master".to_owned(),
            before: "a".to_owned(),
            after: "b".to_owned(),
            decision,
        };
        assert!(is_quiet(None));
        assert!(is_quiet(Some(&push(Decision::Ignored("infra/".to_owned())))));
        assert!(!is_quiet(Some(&push(Decision::Started(0)))));
        // What CI says of a commit that its repository does not have, if it got webhooks of merges
        // elsewhere.
        assert!(!is_quiet(Some(&push(Decision::Undecided(
            "no commit".to_owned()
        )))));
    }
}
