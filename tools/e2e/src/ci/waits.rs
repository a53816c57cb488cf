//! Waiting for what the CI does, wherever it runs: a ledger is read until it says so.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};

use super::{Decision, Ledger, Push, Run, RunState};
use crate::git::short;
use crate::run::StepHandle;
use crate::wait::{Verdict, eventually};

const HEARD_WITHIN: Duration = Duration::from_secs(30);
const NO_WEBHOOK: &str =
    "no webhook yet; a firewall of this machine that keeps containers from its ports would stop all";

/// The push that brought `commit` to `branch`, once the trigger has looked at it.
pub(super) async fn saw(
    step: &StepHandle,
    ledger: &impl Fn() -> Result<Ledger>,
    branch: &str,
    commit: &str,
) -> Result<Push> {
    let what = format!("CI hears of {} on {branch}", short(commit));
    eventually(step, &what, HEARD_WITHIN, async || {
        Ok(match ledger()?.push_of(branch, commit) {
            Some(Push {
                decision: Decision::Undecided(why),
                ..
            }) => Verdict::Failed(why.clone()),
            Some(push) => Verdict::Ready(push.clone()),
            None => Verdict::Pending(NO_WEBHOOK.to_owned()),
        })
    })
    .await
}

/// The run of a push of a commit to a branch, once it has passed. A push that started none and a
/// run that failed are errors at once.
pub(crate) async fn passed(
    step: &StepHandle,
    ledger: &impl Fn() -> Result<Ledger>,
    branch: &str,
    commit: &str,
    within: Duration,
) -> Result<Run> {
    let number = match saw(step, ledger, branch, commit).await?.decision {
        Decision::Started(number) => number,
        Decision::Ignored(why) | Decision::Undecided(why) => {
            bail!("CI started no run for {} on {branch}: {why}", short(commit))
        }
    };
    ended(step, ledger, number, within).await
}

/// The run of this number, once it has passed.
pub(super) async fn ended(
    step: &StepHandle,
    ledger: &impl Fn() -> Result<Ledger>,
    number: usize,
    within: Duration,
) -> Result<Run> {
    let Run { branch, commit, .. } = ledger()?.runs[number].clone();
    let what = format!("CI run {number} ({branch}, {})", short(&commit));
    eventually(step, &what, within, async || {
        let run = ledger()?.runs[number].clone();
        Ok(match &run.state {
            RunState::Queued => Verdict::Pending("waits for the run before it".to_owned()),
            RunState::Running(doing) => {
                let now: String = last_lines(&run.log, 1).trim().chars().take(60).collect();
                Verdict::Pending(format!("{doing}: {now}"))
            }
            RunState::Passed { .. } => Verdict::Ready(run),
            RunState::Failed { cause } => Verdict::Failed(format!(
                "{cause}\n{}\nall of it: {}",
                last_lines(&run.log, 15),
                run.log.display()
            )),
        })
    })
    .await
}

fn last_lines(log: &Path, count: usize) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
