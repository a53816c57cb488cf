//! Carries a run out: a clean checkout of the pushed commit, the settings a hosted project would
//! have, the CI file.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use pipelines::{Cause, Outcome, Place, Project, Push};

use super::kept::{self, Pushed};
use super::ledger::{Run, RunState, SharedLedger};

/// A hosted build has a timeout too; a cold build on two cores stays well below this.
const LIMIT: Duration = Duration::from_mins(25);

/// What every run shares.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    /// Kept between runs of the e2e: the checkout, and what the compiler made.
    pub(crate) cache: PathBuf,
    /// Where this run of the e2e keeps the files that it gives to the runners.
    pub(crate) scratch: PathBuf,
    /// Where to fetch from, as this machine sees it.
    pub(crate) remote: String,
    pub(crate) token: String,
    /// Registry, forge, container engine: as a hosted project would have them configured.
    pub(crate) project: Project,
    /// Whose CI file is carried out, and by what.
    pub(crate) system: pipelines::Runner,
    pub(crate) shared: SharedLedger,
}

impl Agent {
    /// Carry out one run; how it went is written to the ledger.
    pub(crate) async fn carry_out(&self, run: &Run) {
        let start = Instant::now();
        let state = match tokio::time::timeout(LIMIT, self.build(run)).await {
            Ok(Ok(Outcome {
                failure: None,
                exported,
                ..
            })) => RunState::Passed {
                seconds: start.elapsed().as_secs_f64(),
                exported,
            },
            Ok(Ok(Outcome {
                failure: Some(cause), ..
            })) => RunState::Failed { cause },
            Ok(Err(error)) => RunState::Failed {
                cause: format!("{error:#}"),
            },
            Err(_) => RunState::Failed {
                cause: format!("not done within {} s", LIMIT.as_secs()),
            },
        };
        self.shared.set(run.number, state);
    }

    async fn build(&self, run: &Run) -> Result<Outcome> {
        self.shared
            .set(run.number, RunState::Running("checkout".to_owned()));
        let checkout = self.cache.join("checkout");
        let pushed = Pushed {
            remote: &self.remote,
            token: &self.token,
            branch: &run.branch,
            commit: &run.commit,
        };
        kept::check_out(&checkout, pushed)
            .await
            .context("check the pushed commit out")?;
        let push = Push {
            checkout: &checkout,
            branch: &run.branch,
            commit: &run.commit,
            number: run.number,
        };
        let place = Place {
            log: &run.log,
            scratch: &self.scratch.join(run.number.to_string()),
        };
        let doing = |what: &str| {
            self.shared.set(run.number, RunState::Running(what.to_owned()));
        };
        let given = pipelines::Run {
            project: &self.project(run),
            push,
            place,
        };
        self.system.run(Cause::Push, &given, doing).await
    }

    /// Settings as configured, on a machine that keeps what it compiled and that no developer has
    /// set up.
    fn project(&self, run: &Run) -> Project {
        let mut project = self.project.clone();
        let target = self.cache.join("target").display().to_string();
        for (name, value) in [
            ("CARGO_TARGET_DIR", target),
            ("RELEASE_EVENTS", run.events.display().to_string()),
            ("GIT_CONFIG_GLOBAL", "/dev/null".to_owned()),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
        ] {
            project.machine.insert(name.to_owned(), value);
        }
        project
    }
}
