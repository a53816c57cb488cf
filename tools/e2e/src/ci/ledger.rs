//! What the CI has seen and done, for the scenarios to ask and for a person to read in
//! `ci/ledger.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use pipelines::System;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::events::{self, Event};
use super::listener::StatusEvent;
use crate::{git::short, host::json_file};

/// The ledger on disk.
const FILE: &str = "ledger.json";

/// Everything so far, in order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ledger {
    pub(crate) pushes: Vec<Push>,
    pub(crate) runs: Vec<Run>,
    /// The reports about commits of which the forge sent a webhook.
    #[serde(default)]
    pub(crate) reports: Vec<StatusEvent>,
}

/// A push of which the forge sent a webhook.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Push {
    pub(crate) branch: String,
    pub(crate) before: String,
    pub(crate) after: String,
    pub(crate) decision: Decision,
}

/// What the trigger made of a push.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decision {
    /// A run with this number (its index in the ledger).
    Started(usize),
    /// No run, because…
    Ignored(String),
    /// The filters could not be asked.
    Undecided(String),
}

/// A run of the CI file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) number: usize,
    /// Whose CI file it runs.
    #[serde(default)]
    pub(crate) system: System,
    pub(crate) branch: String,
    pub(crate) commit: String,
    pub(crate) log: PathBuf,
    /// What its verbs did, a JSON object a line.
    pub(super) events: PathBuf,
    pub(crate) state: RunState,
    /// When it left the queue.
    #[serde(default)]
    pub(crate) began: Option<SystemTime>,
    /// When it passed or failed.
    #[serde(default)]
    pub(crate) ended: Option<SystemTime>,
}

impl Run {
    /// What its verbs did so far.
    pub(crate) fn events(&self) -> Result<Vec<Event>> {
        events::read(&self.events)
    }

    /// What it printed so far.
    pub(crate) fn said(&self) -> Result<String> {
        fs::read_to_string(&self.log).with_context(|| format!("read {}", self.log.display()))
    }
}

/// Where a run is.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RunState {
    Queued,
    Running(String),
    Passed {
        seconds: f64,
        exported: BTreeMap<String, String>,
    },
    Failed {
        cause: String,
    },
}

/// The ledger, shared between the listener, the agent and whoever waits.
#[derive(Clone, Debug)]
pub(crate) struct SharedLedger {
    ledger: Arc<watch::Sender<Ledger>>,
    folder: PathBuf,
    system: System,
}

impl SharedLedger {
    /// One that is kept in `folder`, beside the logs of the runs of `system`; goes on from what an
    /// earlier process wrote there.
    pub(crate) fn open(folder: &Path, system: System) -> Result<Self> {
        let mut ledger = Ledger::read(folder)?;
        for run in &mut ledger.runs {
            if matches!(run.state, RunState::Queued | RunState::Running(_)) {
                run.state = RunState::Failed {
                    cause: "ended with the process that ran it".to_owned(),
                };
            }
        }
        Ok(Self {
            ledger: Arc::new(watch::Sender::new(ledger)),
            folder: folder.to_owned(),
            system,
        })
    }

    pub(crate) fn now(&self) -> Ledger {
        self.ledger.borrow().clone()
    }

    /// Note a push; if it starts a run, number the run and give it.
    pub(crate) fn push(&self, branch: &str, before: &str, after: &str, result: TriggerResult) -> Option<Run> {
        self.change(|ledger| {
            let (decision, started) = match result {
                TriggerResult::Run => {
                    let run = self.queue(ledger, branch, after, short(after));
                    (Decision::Started(run.number), Some(run))
                }
                TriggerResult::Ignore(why) => (Decision::Ignored(why), None),
                TriggerResult::Unknown(why) => (Decision::Undecided(why), None),
            };
            let (branch, before, after) = (branch.to_owned(), before.to_owned(), after.to_owned());
            ledger.pushes.push(Push {
                branch,
                before,
                after,
                decision,
            });
            started
        })
    }

    /// Number another run of what an earlier one was started for.
    pub(crate) fn again(&self, earlier: usize) -> Run {
        self.change(|ledger| {
            let Run { branch, commit, .. } = ledger.runs[earlier].clone();
            self.queue(ledger, &branch, &commit, "again")
        })
    }

    /// Note a report about a commit, once the run is there that it starts.
    pub(crate) fn report(&self, report: StatusEvent) {
        self.change(|ledger| ledger.reports.push(report));
    }

    /// A new run, the last of the ledger. `mark` tells its log from others of the branch.
    fn queue(&self, ledger: &mut Ledger, branch: &str, commit: &str, mark: &str) -> Run {
        let number = ledger.runs.len();
        let file = |end: &str| self.folder.join(format!("{number}-{branch}-{mark}.{end}"));
        let run = Run {
            number,
            system: self.system,
            branch: branch.to_owned(),
            commit: commit.to_owned(),
            log: file("log"),
            events: file("jsonl"),
            state: RunState::Queued,
            began: None,
            ended: None,
        };
        ledger.runs.push(run.clone());
        run
    }

    pub(crate) fn set(&self, run: usize, state: RunState) {
        self.change(|ledger| {
            let run = &mut ledger.runs[run];
            let now = SystemTime::now();
            match &state {
                RunState::Queued => {}
                RunState::Running(_) => {
                    run.began.get_or_insert(now);
                }
                RunState::Passed { .. } | RunState::Failed { .. } => run.ended = Some(now),
            }
            run.state = state;
        });
    }

    /// Gives what `change` gives.
    fn change<T>(&self, change: impl FnOnce(&mut Ledger) -> T) -> T {
        let mut given = None;
        self.ledger.send_modify(|ledger| {
            given = Some(change(ledger));
            // For people and for a later process: a full disk shows elsewhere, and nothing here
            // waits for it.
            json_file::save(&self.folder.join(FILE), ledger).ok();
        });
        given.expect("the ledger is changed before `send_modify` returns")
    }
}

/// What the trigger says of a push, before a run has a number.
#[derive(Debug)]
pub(crate) enum TriggerResult {
    Run,
    Ignore(String),
    Unknown(String),
}

impl Ledger {
    /// What the CI of another process has written in its folder.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        Ok(json_file::load(&folder.join(FILE))?.unwrap_or_default())
    }

    /// The push that brought `commit` to `branch`, if it was seen.
    pub(crate) fn push_of(&self, branch: &str, commit: &str) -> Option<&Push> {
        self.pushes
            .iter()
            .find(|push| push.branch == branch && push.after == commit)
    }

    /// The runs started for `commit`, on any branch.
    pub(crate) fn runs_of(&self, commit: &str) -> Vec<&Run> {
        self.runs.iter().filter(|run| run.commit == commit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pushes_and_runs_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let shared = SharedLedger::open(folder.path(), System::Github).unwrap();
        let run = shared
            .push("master", "a", "b", TriggerResult::Run)
            .expect("a run");
        assert!(
            shared
                .push(
                    "master",
                    "b",
                    "c",
                    TriggerResult::Ignore("only digests".to_owned())
                )
                .is_none()
        );
        shared.set(
            run.number,
            RunState::Failed {
                cause: "broken".to_owned(),
            },
        );

        let ledger = shared.now();
        assert_eq!(
            ledger.push_of("master", "b").unwrap().decision,
            Decision::Started(0)
        );
        assert!(ledger.push_of("production", "b").is_none());
        assert!(ledger.runs_of("c").is_empty());
        assert_eq!(
            ledger.runs_of("b")[0].state,
            RunState::Failed {
                cause: "broken".to_owned()
            }
        );
        shared.push("master", "c", "d", TriggerResult::Run);
        let again = SharedLedger::open(folder.path(), System::Gitlab).unwrap().now();
        assert_eq!((again.pushes.len(), again.runs.len()), (3, 2));
        assert_eq!(again.runs[0].system, System::Github);
        assert!(matches!(&again.runs[1].state, RunState::Failed { cause } if cause.contains("process")));
        let written = std::fs::read_to_string(folder.path().join("ledger.json")).unwrap();
        assert!(written.contains("only digests"), "{written}");
    }
}
