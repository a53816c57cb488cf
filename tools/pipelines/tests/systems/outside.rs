//! What these tests take from the supply.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use pipelines::{Runner, System};
use supply::cache::Cache;
use supply::{Linters, Missing, Session};

use crate::root;

/// Tests run at once, and each would get what is not there yet.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

struct Silent;

impl supply::Progress for Silent {
    fn doing(&self, _: &str) {}
}

/// Gets something.
fn got<T>(get: impl FnOnce(Session<'_>) -> Result<T>) -> T {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let session = Session {
        cache: &Cache::locate().expect("find the cache"),
        missing: Missing::Install,
        progress: &Silent,
        logs: &root().join("target/supply/logs"),
    };
    get(session).expect("the supply has it or makes it")
}

/// What runs a system's file.
pub(crate) fn runner(system: System) -> Runner {
    match got(|session| Runner::supply(session, system)) {
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
    got(supply::linters)
}

/// The folder of AWS's command line: the program in its `bin`, which wants the folder as
/// `PYTHONPATH`.
pub(crate) fn aws_program() -> PathBuf {
    got(supply::cloud)
}
