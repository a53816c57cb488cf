//! What these tests take from the supply.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use pipelines::{Runner, System};
use supply::Linters;
use supply::cache::Cache;

use crate::root;

/// Tests run at once, and each would get what is not there yet.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

struct Silent;

impl supply::Progress for Silent {
    fn doing(&self, _: &str) {}
}

/// What runs a system's file.
pub(crate) fn runner(system: System) -> Runner {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let cache = Cache::locate().expect("find the cache");
    let logs = root().join("target/supply/logs");
    match Runner::supply(system, &cache, true, &Silent, &logs).expect("get the runner") {
        // As GitLab does it: a file that a job forgets to hand on is not there for the next.
        Runner::GitLab { runner, .. } => Runner::GitLab {
            runner,
            isolated: true,
        },
        runner => runner,
    }
}

/// What looks at files.
pub(crate) fn linters() -> Linters {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let cache = Cache::locate().expect("find the cache");
    supply::linters(&cache, true, &Silent, &root().join("target/supply/logs")).expect("get the linters")
}

/// The folder of AWS's command line: the program in its `bin`, which wants the folder as
/// `PYTHONPATH`.
pub(crate) fn aws_program() -> PathBuf {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let cache = Cache::locate().expect("find the cache");
    supply::cloud(&cache, true, &Silent, &root().join("target/supply/logs")).expect("get AWS's program")
}
