//! The stand-in for the hosted CI: a push on the forge starts a run of the repository's own CI
//! file, as the hosted system would.
//!
//! ```text
//! forge --webhook--> listener --> trigger (does this push concern us?)
//!       --> agent (clean checkout) --> the crate `pipelines`
//! ```

mod agent;
mod events;
mod kept;
mod ledger;
mod listener;
mod noted;
mod project;
mod trigger;
mod verified;
pub(crate) mod waits;
mod watcher;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use pipelines::Project;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use agent::Agent;
pub(crate) use events::Event;
use ledger::SharedLedger;
pub(crate) use ledger::{Decision, Ledger, Push, Run, RunState};
use listener::Heard;
pub(crate) use listener::listens;
pub(crate) use project::{generator, project, release_verb};
use watcher::Watcher;

use crate::run::StepHandle;

/// What the CI is set up with, as a project of a hosted CI would be.
pub(crate) struct Settings {
    /// Address of this machine on which containers reach it.
    pub(crate) listen_on: String,
    /// The key of the forge's signature.
    pub(crate) secret: String,
    /// The repository, as this machine reaches it, and the token to read it with.
    pub(crate) remote: String,
    pub(crate) token: String,
    /// Kept between runs of the e2e.
    pub(crate) cache: PathBuf,
    /// Logs and ledger of this run of the e2e.
    pub(crate) folder: PathBuf,
    /// What the owner of the project has configured.
    pub(crate) project: Project,
    /// Whose CI file is carried out, and by what.
    pub(crate) system: pipelines::Runner,
}

/// The running CI. Dropping it ends the run that is going on.
pub(crate) struct Ci {
    shared: SharedLedger,
    hook: String,
    secret: String,
    starts: UnboundedSender<Run>,
    _tasks: JoinSet<()>,
}

impl Ci {
    /// Start to listen; [`Ci::hook`] has still to be registered on the forge.
    pub(crate) async fn start(settings: Settings) -> Result<Self> {
        let Settings {
            listen_on,
            secret,
            remote,
            token,
            cache,
            folder,
            project,
            system,
        } = settings;
        std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        let shared = SharedLedger::open(&folder, system.system())?;
        let (sender, mut events) = unbounded_channel();
        let (starts, mut started) = unbounded_channel::<Run>();
        let (address, listener) = listener::listen(&listen_on, &secret, sender).await?;
        let mirror = folder.join("mirror.git");
        let watcher = Watcher::new(&mirror, &remote, &token, shared.clone()).await?;
        let agent = Agent {
            cache,
            scratch: folder.join("runs"),
            remote,
            token,
            project,
            system,
            shared: shared.clone(),
        };

        let mut tasks = JoinSet::new();
        let (queue, verifications) = (starts.clone(), shared.clone());
        tasks.spawn(listener);
        tasks.spawn(async move {
            while let Some(heard) = events.recv().await {
                let run = match heard {
                    Heard::Push(push) => watcher.decide(&push).await,
                    Heard::Status(status) => verified::decide(&verifications, status),
                };
                if let Some(run) = run {
                    // The receiver lives as long as this task's siblings.
                    let _ = queue.send(run);
                }
            }
        });
        // One after the other: they share the checkout and the compiler's folder.
        tasks.spawn(async move {
            while let Some(run) = started.recv().await {
                agent.carry_out(&run).await;
            }
        });
        Ok(Self {
            shared,
            hook: format!("http://{address}{}", listener::PATH),
            secret,
            starts,
            _tasks: tasks,
        })
    }

    /// Where the forge's webhook of pushes goes.
    pub(crate) fn hook(&self) -> &str {
        &self.hook
    }

    /// The key of the signature that it asks for there.
    pub(crate) fn webhook_secret(&self) -> &str {
        &self.secret
    }

    /// Everything seen and done so far.
    pub(crate) fn ledger(&self) -> Ledger {
        self.shared.now()
    }

    /// The push that brought `commit` to `branch`, once the trigger has looked at it.
    pub(crate) async fn saw(&self, step: &StepHandle, branch: &str, commit: &str) -> Result<Push> {
        waits::saw(step, &|| Ok(self.ledger()), branch, commit).await
    }

    /// The run of a push, once it has passed. A push that started none and a run that failed are
    /// errors at once.
    pub(crate) async fn passed(
        &self,
        step: &StepHandle,
        branch: &str,
        commit: &str,
        within: Duration,
    ) -> Result<Run> {
        waits::passed(step, &|| Ok(self.ledger()), branch, commit, within).await
    }

    /// Carry out once more what an earlier run did, as the button of a hosted system does, and wait
    /// until it has passed.
    pub(crate) async fn again(&self, step: &StepHandle, earlier: &Run, within: Duration) -> Result<Run> {
        let run = self.shared.again(earlier.number);
        let number = run.number;
        self.starts.send(run).context("the CI has ended")?;
        waits::ended(step, &|| Ok(self.ledger()), number, within).await
    }
}
