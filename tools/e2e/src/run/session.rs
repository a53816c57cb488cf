//! What a command knows from its first line on.

use std::{
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context, Result};
use supply::{cache::Cache, engine::Engine};

use crate::{
    cli::options::Options,
    run::{
        progress::Progress,
        run_dir::RunDir,
        saved_state::{State, state_file},
    },
};

/// What is known from the first line on, and what was found since then: enough to clean up at any
/// moment.
pub(crate) struct Session {
    pub(crate) run: RunDir,
    pub(crate) cache: Cache,
    pub(crate) progress: Progress,
    pub(crate) options: Options,
    /// Whether a person is to look at what is brought up.
    pub(crate) readers: bool,
    pub(crate) engine: OnceLock<Engine>,
    /// Something was started that has to be removed.
    pub(crate) touched: AtomicBool,
    /// State and logs were saved.
    saved: AtomicBool,
    kubectl: OnceLock<PathBuf>,
}

impl Session {
    pub(crate) fn new(run: RunDir, cache: Cache, progress: Progress, options: Options) -> Self {
        Self {
            run,
            cache,
            progress,
            options,
            readers: false,
            engine: OnceLock::new(),
            touched: AtomicBool::new(false),
            saved: AtomicBool::new(false),
            kubectl: OnceLock::new(),
        }
    }

    /// The same, for a person who looks at what it brings up.
    pub(crate) fn with_readers(self, readers: bool) -> Self {
        Self { readers, ..self }
    }

    /// Probes the engine, unless that was done: that of what an earlier run has left, if one has.
    pub(crate) fn find_engine(&self) -> Result<()> {
        if self.engine.get().is_some() {
            return Ok(());
        }
        let (cache, logs) = (&self.cache, self.run.logs());
        let engine = match State::engine(cache) {
            None => Engine::probe(cache, &logs).context("find a container engine that works"),
            Some(kind) => Engine::of(kind, cache, &logs).with_context(|| {
                format!(
                    "ask {kind:?}, which has what an earlier run left; have it work again, or remove {} if nothing of that is there any more",
                    state_file(cache).display()
                )
            }),
        }?;
        // Only this function sets it.
        let _ = self.engine.set(engine);
        Ok(())
    }

    /// From now on there are state and logs of this command.
    pub(crate) fn has_saved(&self) {
        self.saved.store(true, Ordering::SeqCst);
    }

    /// Where state and logs are, if this command has saved any: others there are of an earlier one.
    pub(crate) fn diagnostics(&self) -> Option<PathBuf> {
        let saved = self.saved.load(Ordering::SeqCst);
        saved.then(|| self.run.diagnostics())
    }

    /// From now on the supplied one.
    pub(crate) fn use_kubectl(&self, kubectl: PathBuf) {
        // Supplied once.
        let _ = self.kubectl.set(kubectl);
    }

    /// The supplied one, or the machine's own.
    pub(crate) fn kubectl(&self) -> PathBuf {
        self.kubectl
            .get()
            .cloned()
            .unwrap_or_else(|| PathBuf::from("kubectl"))
    }
}
