//! Ctrl-C, a polite kill, and the end of the program that asked: each ends what was started,
//! children of children included. A second signal ends this program at once.

use std::io::{self, Read as _};
use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context as _, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::INTERRUPTED;

static ASKED: AtomicBool = AtomicBool::new(false);

/// Whether this program was asked to end.
pub(super) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}

/// Begins to listen, and with `to_stdin` also for the end of standard input.
pub(super) fn listen(to_stdin: bool) -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("listen for Ctrl-C")?;
    thread::spawn(move || {
        for _ in signals.forever() {
            if asked() {
                exit(INTERRUPTED.into());
            }
            ask();
        }
    });
    if to_stdin {
        thread::spawn(|| {
            // An error is an end as well.
            let _ = io::stdin().read_to_end(&mut Vec::new());
            ask();
        });
    }
    Ok(())
}

fn ask() {
    ASKED.store(true, Ordering::SeqCst);
    supply::cancel();
}
