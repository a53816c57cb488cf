//! The gate: what an environment has not proven does not reach the one behind it.

pub(crate) mod fails_its_check;
pub(crate) mod fails_its_soak;
pub(crate) mod overtaken;
pub(crate) mod taken_back;
pub(crate) mod verified_first;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::actors::Reviewer;
use crate::ci::{Ledger, RunState};
use crate::environment::{Environment, PAGE, apps};
use crate::git::forge::CommitStatus;
use crate::git::repositories::manifests_on_forge;
use crate::git::short;
use crate::run::{StepHandle, Testbed};
use crate::scenarios::release::{STYLE, built, remarked};
use crate::wait::{Verdict, eventually};

/// What one run of CI may take.
const RUN: Duration = Duration::from_mins(4);
/// From a merge until staging has proven it: the sync, and the `SOAK_SECONDS` of
/// `infra/local/verifier`.
const PROVEN: Duration = Duration::from_mins(1);
/// What the gate adds to a proof: from the status to the proposal behind it.
const BY_EVENT: Duration = Duration::from_secs(15);

/// The environment that proves, and the one that is given what was proven.
fn route() -> (Environment, Environment) {
    (Environment::all()[0], Environment::all()[1])
}

/// Commits a change of the page that nobody has seen before.
async fn change_page(testbed: &Testbed) -> Result<String> {
    let application = testbed.application();
    application.catch_up().await?;
    remarked(&application, STYLE, "/* ", " */").await
}

/// Changes the page and pushes that to both environments: the first one is proposed the image, and
/// the one behind has to wait. Gives the commit, and what CI says of the second push.
async fn changed_for_both(testbed: &Testbed, step: &StepHandle) -> Result<(String, String)> {
    let (first, behind) = route();
    change_page(testbed).await?;
    let commit = built(testbed, step, first, RUN).await?;
    let said = pushed_to(testbed, step, behind, &commit).await?;
    Ok((commit, said))
}

/// Pushes `commit` to the branch of an environment, and waits until CI has looked at it. Gives what
/// that said.
async fn pushed_to(
    testbed: &Testbed,
    step: &StepHandle,
    environment: Environment,
    commit: &str,
) -> Result<String> {
    testbed
        .application()
        .push_commit(commit, environment.branch())
        .await?;
    let run = testbed.ci.passed(step, environment.branch(), commit, RUN).await?;
    run.said()
}

/// What the first environment says of an app on a commit of the overlays.
async fn said_of(testbed: &Testbed, commit: &str, app: &str) -> Result<Option<CommitStatus>> {
    let (first, _) = route();
    let context = first.report_on(app);
    let statuses = manifests_on_forge(&testbed.world).statuses(commit).await?;
    Ok(statuses.into_iter().find(|status| status.context == context))
}

/// Waits until the first environment reports this state of the page on a commit of the overlays,
/// and gives its words.
pub(crate) async fn reported(
    testbed: &Testbed,
    step: &StepHandle,
    commit: &str,
    state: &str,
    within: Duration,
) -> Result<String> {
    eventually(step, &format!("the report is {state}"), within, async || {
        Ok(match said_of(testbed, commit, PAGE).await? {
            Some(status) if status.status == state => Verdict::Ready(status.description),
            Some(status) if status.status != "pending" => {
                Verdict::Failed(format!("{}: {}", status.status, status.description))
            }
            other => Verdict::Pending(format!("{other:?}")),
        })
    })
    .await
}

/// Waits until the first environment has proven all apps of a commit of the overlays, and says when
/// that was seen.
async fn proven(testbed: &Testbed, step: &StepHandle, commit: &str) -> Result<Instant> {
    let what = format!("proof of {}", short(commit));
    eventually(step, &what, PROVEN, async || {
        for app in apps() {
            match said_of(testbed, commit, app).await? {
                Some(status) if status.status == "success" => {}
                Some(CommitStatus {
                    status, description, ..
                }) if status == "failure" => {
                    return Ok(Verdict::Failed(format!("{app}: {description}")));
                }
                other => return Ok(Verdict::Pending(format!("{app}: {other:?}"))),
            }
        }
        Ok(Verdict::Ready(Instant::now()))
    })
    .await
}

/// Waits until no proposal for `environment` is open any more.
async fn none_open(testbed: &Testbed, step: &StepHandle, environment: Environment) -> Result<()> {
    let reviewer = Reviewer::of(&testbed.world);
    let what = format!("proposals for {environment} are withdrawn");
    eventually(step, &what, PROVEN, async || {
        let open = reviewer.open(environment).await?;
        Ok(match open.first() {
            None => Verdict::Ready(()),
            Some((branch, _)) => Verdict::Pending(format!("{branch} is open")),
        })
    })
    .await
}

/// Waits until CI has heard all that the forge was told of a commit, and is at rest: what it has
/// not done by now it will not do.
async fn ci_at_rest(testbed: &Testbed, step: &StepHandle, commit: &str) -> Result<()> {
    let told = manifests_on_forge(&testbed.world).statuses(commit).await?;
    eventually(step, "CI is at rest", RUN, async || {
        Ok(at_rest(&testbed.ci.ledger(), commit, &told))
    })
    .await
}

fn at_rest(ledger: &Ledger, commit: &str, told: &[CommitStatus]) -> Verdict<()> {
    let is_heard = |status: &&CommitStatus| {
        let mut reports = ledger.reports.iter();
        reports.any(|heard| {
            (heard.sha.as_str(), &heard.context, &heard.state) == (commit, &status.context, &status.status)
        })
    };
    if let Some(status) = told.iter().find(|status| !is_heard(status)) {
        return Verdict::Pending(format!(
            "it has not heard that {} is {}",
            status.context, status.status
        ));
    }
    let mut runs = ledger.runs.iter();
    match runs.find(|run| matches!(run.state, RunState::Queued | RunState::Running(_))) {
        None => Verdict::Ready(()),
        Some(run) => Verdict::Pending(format!("run {} of {}", run.number, run.branch)),
    }
}

/// Waits until CI is at rest after what was said of a commit, and sees that it proposes nothing to
/// `environment`. Gives what the last run for that has said.
async fn nothing_proposed(
    testbed: &Testbed,
    step: &StepHandle,
    environment: Environment,
    commit: &str,
) -> Result<String> {
    ci_at_rest(testbed, step, commit).await?;
    let said = last_said(testbed, environment)?;
    let open = Reviewer::of(&testbed.world).open(environment).await?;
    ensure!(open.is_empty(), "{open:?} is open");
    Ok(said)
}

/// What the last run for the branch of an environment has said.
fn last_said(testbed: &Testbed, environment: Environment) -> Result<String> {
    let runs = testbed.ci.ledger().runs;
    let mut of_branch = runs.iter().filter(|run| run.branch == environment.branch());
    let last = of_branch.next_back();
    last.with_context(|| format!("CI has no run for {environment}"))?
        .said()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ledger(states: &[&str], run: &serde_json::Value) -> Ledger {
        let report = |state: &&str| json!({ "context": "verified", "sha": "aa", "state": state });
        let reports: Vec<_> = states.iter().map(report).collect();
        let run = json!({
            "number": 0, "branch": "production", "commit": "bb", "log": "log", "events": "events", "state": run,
        });
        let ledger = json!({ "pushes": [], "runs": [run], "reports": reports });
        serde_json::from_value(ledger).unwrap()
    }

    #[test]
    fn ci_is_at_rest_once_it_has_heard_the_last_report_and_what_that_started_is_over() {
        let told = [CommitStatus {
            context: "verified".to_owned(),
            status: "success".to_owned(),
            description: String::new(),
        }];
        let over = json!({ "failed": { "cause": "none" } });
        let rests = |ledger: &Ledger, commit| matches!(at_rest(ledger, commit, &told), Verdict::Ready(()));
        assert!(rests(&ledger(&["pending", "success"], &over), "aa"));
        assert!(!rests(&ledger(&["pending"], &over), "aa"), "not heard yet");
        assert!(
            !rests(&ledger(&["success"], &over), "cc"),
            "heard of another commit"
        );
        assert!(!rests(&ledger(&["success"], &json!("queued")), "aa"));
    }
}
