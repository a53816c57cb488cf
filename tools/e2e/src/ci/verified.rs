//! What an environment has proven starts a run for the environment behind it, as an event of the
//! hosted system does.

use super::ledger::{Run, RunState, SharedLedger};
use super::listener::StatusEvent;
use crate::environment::Environment;

/// Notes a commit status, and gives the run that it starts. Who finds the status in the ledger
/// finds the run there too.
pub(super) fn decide(shared: &SharedLedger, status: StatusEvent) -> Option<Run> {
    let run = run(shared, &status.context);
    shared.report(status);
    run
}

/// The run that a commit status of this context starts: the last one of the branch behind, which
/// was for its tip, once more. None where one is about to begin anyway.
fn run(shared: &SharedLedger, context: &str) -> Option<Run> {
    let branch = Environment::behind_reporter(context)?.branch();
    let runs = shared.now().runs;
    let last = runs.iter().rfind(|run| run.branch == branch)?;
    (last.state != RunState::Queued).then(|| shared.again(last.number))
}

#[cfg(test)]
mod tests {
    use pipelines::System;

    use super::super::ledger::TriggerResult;
    use super::*;
    use crate::environment::project;

    #[test]
    fn a_status_is_in_the_ledger_with_the_run_that_it_starts() {
        let folder = tempfile::tempdir().unwrap();
        let shared = SharedLedger::open(folder.path(), System::Github).unwrap();
        shared.push(Environment::all()[1].branch(), "a", "b", TriggerResult::Run);
        shared.set(0, RunState::Running("plan".to_owned()));
        let context = project().first().report_on("frontend");
        // As the forge sends it, with more that nobody here asks for.
        let sent = format!(r#"{{"id": 1, "sha": "c", "state": "success", "context": "{context}"}}"#);
        let status: StatusEvent = serde_json::from_str(&sent).unwrap();
        let started = decide(&shared, status.clone()).expect("a run");
        let ledger = shared.now();
        assert_eq!(ledger.reports, [status]);
        assert_eq!(ledger.runs[started.number].state, RunState::Queued);
    }

    #[test]
    fn a_verification_repeats_the_last_run_behind_it_once() {
        let folder = tempfile::tempdir().unwrap();
        let shared = SharedLedger::open(folder.path(), System::Github).unwrap();
        let behind = Environment::all()[1];
        let context = project().first().report_on("frontend");
        assert!(run(&shared, &context).is_none(), "nothing was pushed yet");
        for commit in ["b", "c"] {
            shared.push(behind.branch(), "a", commit, TriggerResult::Run);
        }
        assert!(run(&shared, &context).is_none(), "one is about to begin");
        shared.set(1, RunState::Running("plan".to_owned()));
        let again = run(&shared, &context).expect("a run");
        assert_eq!(
            (again.branch.as_str(), again.commit.as_str()),
            (behind.branch(), "c")
        );
        for other in ["ci/test", &project().last().report_on("frontend")] {
            assert!(run(&shared, other).is_none(), "{other}");
        }
    }
}
