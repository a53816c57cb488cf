//! Ctrl-C and a polite kill: the first lets a run clean up after itself, the second ends it at
//! once.

use std::{
    process::exit,
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::{Context, Result};
use taskkit::lines;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// What a shell reports for a process ended by Ctrl-C.
pub(crate) const EXIT_CODE: u8 = 130;

static ASKED: AtomicBool = AtomicBool::new(false);

/// Was the run asked to end?
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}

/// Tells when the run is asked to end.
#[derive(Clone)]
pub(crate) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Begins to listen. To be called once, inside the runtime.
    pub(crate) fn listen() -> Result<Self> {
        let mut ctrl_c = signal(SignalKind::interrupt()).context("listen for Ctrl-C")?;
        let mut kill = signal(SignalKind::terminate()).context("listen for a request to end")?;
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = ctrl_c.recv() => {}
                    _ = kill.recv() => {}
                }
                if ASKED.swap(true, Ordering::SeqCst) {
                    lines::to_stderr("ended at once; `cargo xtask e2e down` removes what is left");
                    exit(EXIT_CODE.into());
                }
                // Tools of the supply run on a thread of their own and look at this.
                supply::cancel();
                let _ = sender.send(true);
            }
        });
        Ok(Self(receiver))
    }

    /// Gives the outcome of `body`, or drops it when the run is asked to end.
    pub(crate) async fn bound<T>(&self, body: impl Future<Output = Result<T>>) -> Result<T> {
        let mut receiver = self.0.clone();
        tokio::select! {
            biased;
            _ = receiver.wait_for(|asked| *asked) => anyhow::bail!("interrupted"),
            outcome = body => outcome,
        }
    }
}
