//! One run of `cargo xtask dev`: starts the application, then rebuilds and restarts parts of it as
//! files change.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result};
use child_process::Watched;
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::build::Builder;
use crate::change::Part;
use crate::console::{show, show_address};
use crate::programs::{self, Programs};
use crate::stack::{Options, Stack};
use crate::watch::Changes;

/// How often it is looked whether a server has ended by itself.
const LOOK: Duration = Duration::from_secs(1);

/// What `cargo xtask dev` hands on.
#[derive(Debug, Parser)]
pub struct Settings {
    /// Port of the page.
    #[arg(long)]
    port: u16,
    /// Messages on the board at the start.
    #[arg(long)]
    messages: usize,
    /// The task runner's binary, which compiles.
    #[arg(long)]
    xtask: PathBuf,
}

/// Runs the application until a person ends it.
pub async fn run(settings: Settings) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut changes = Changes::watch(&programs::root())?;
    let mut session = tokio::select! {
        session = Session::start(settings) => session?,
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
    };
    tokio::select! {
        never = session.follow(&mut changes) => never?,
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    show("dev", "stopping");
    session.stack.stop().await
}

struct Session {
    stack: Stack,
    programs: Programs,
    running: Binaries,
    builder: Builder,
}

/// When the binaries that run were made.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Binaries {
    backend: SystemTime,
    frontend: SystemTime,
}

impl Binaries {
    fn of(programs: &Programs) -> Result<Self> {
        Ok(Self {
            backend: made(&programs.backend)?,
            frontend: made(&programs.frontend)?,
        })
    }
}

fn made(path: &Path) -> Result<SystemTime> {
    fs::metadata(path)
        .and_then(|meta| meta.modified())
        .with_context(|| format!("look at {}", path.display()))
}

impl Session {
    async fn start(settings: Settings) -> Result<Self> {
        let programs = Programs::of_dev_build()?;
        let running = Binaries::of(&programs)?;
        // The messages to begin with would fill the screen with log lines.
        let up = Arc::new(AtomicBool::new(false));
        let shown = up.clone();
        let mut options = Options::new(programs.clone());
        options.port = Some(settings.port);
        options.messages = settings.messages;
        options.lines = Arc::new(move |program, line| {
            if shown.load(Ordering::Relaxed) {
                show(program, line);
            }
        });
        let stack = Stack::start(options).await?;
        up.store(true, Ordering::Relaxed);
        show(
            "dev",
            "saved files are compiled, and the servers started again; Ctrl-C ends all",
        );
        show_address(&stack.page_url());
        Ok(Self {
            stack,
            programs,
            running,
            builder: Builder {
                xtask: settings.xtask,
                group: Watched::new()?,
            },
        })
    }

    /// Compiles what changes and starts what was compiled, for ever.
    async fn follow(&mut self, changes: &mut Changes) -> Result<()> {
        loop {
            tokio::select! {
                parts = changes.next() => self.take_over(&parts).await?,
                () = tokio::time::sleep(LOOK) => for name in self.stack.forget_ended() {
                    show("dev", &format!("the {name} ended by itself; the next change starts it again"));
                },
            }
        }
    }

    async fn take_over(&mut self, parts: &BTreeSet<Part>) -> Result<()> {
        let names: Vec<_> = parts.iter().map(|part| part.name()).collect();
        show("dev", &format!("changed: {}", names.join(", ")));
        let begun = Instant::now();
        if !self.builder.build(parts).await? {
            show("dev", "that did not compile; what ran before still runs");
            return Ok(());
        }
        match self.restart().await {
            Ok(()) => show(
                "dev",
                &format!(
                    "up to date after {:.1} s: {}",
                    begun.elapsed().as_secs_f32(),
                    self.stack.page_url()
                ),
            ),
            Err(error) => show("dev", &format!("{error:#}")),
        }
        Ok(())
    }

    /// Starts the servers whose binary is another one, and those that do not run.
    async fn restart(&mut self) -> Result<()> {
        let now = Binaries::of(&self.programs)?;
        let before = std::mem::replace(&mut self.running, now);
        if now.backend != before.backend || self.stack.backend_id().is_none() {
            self.stack.stop_backend().await?;
            self.stack.migrate().await?;
            self.stack.start_backend().await?;
        }
        if now.frontend != before.frontend || self.stack.frontend_id().is_none() {
            self.stack.stop_frontend().await?;
            self.stack.start_frontend().await?;
        }
        Ok(())
    }
}
