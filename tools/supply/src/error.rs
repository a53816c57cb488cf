//! What callers tell apart; everything else is an `anyhow::Error` with its context.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// One thing that this machine lacks, and how to get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is missing and why it is needed.
    pub what: String,
    /// The next command.
    pub cure: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.cure)
    }
}

/// A failure a caller reacts to. Found with `error.downcast_ref::<SupplyError>()`.
#[derive(Debug, thiserror::Error)]
pub enum SupplyError {
    /// The machine lacks something; every fault is listed.
    #[error("this machine lacks {} thing(s):\n{}", .0.len(), list(.0))]
    Missing(Vec<Fault>),
    /// No registry answers and building was forbidden.
    #[error("no registry serves {image}: {cause}; `--supply build` builds it here")]
    NotPulled {
        /// The upstream name.
        image: String,
        /// What the engine said.
        cause: String,
    },
    /// A command ended with a failure.
    #[error("`{command}` failed ({status}); log: {}\n{tail}", log.display())]
    Command {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// Where all of its output is.
        log: PathBuf,
        /// The last lines of that log.
        tail: String,
    },
    /// A command ran past its deadline and was ended.
    #[error("`{command}` took longer than {} s and was ended; log: {}\n{tail}", deadline.as_secs(), log.display())]
    Deadline {
        /// The command line.
        command: String,
        /// What it was given.
        deadline: Duration,
        /// Where all of its output is.
        log: PathBuf,
        /// The last lines of that log.
        tail: String,
    },
    /// Docker is not what runs containers here.
    #[error("Docker is not used: {why}")]
    NoDocker {
        /// What it lacks.
        why: String,
    },
    /// [`crate::cancel`] was called.
    #[error("cancelled")]
    Cancelled,
    /// Another run holds the cache.
    #[error("another run uses the cache {} (process {holder}); wait for it or end it", cache.display())]
    Locked {
        /// The cache folder.
        cache: PathBuf,
        /// Its process id, as far as it is known.
        holder: String,
    },
    /// The disk is too full to begin.
    #[error("{} has {free_mb} MB free but {need_mb} MB are needed for {purpose}; free some, as by `cargo xtask supply prune`, or set GITOPS_LOOP_CACHE", cache.display())]
    Disk {
        /// The cache folder.
        cache: PathBuf,
        /// Free now.
        free_mb: u64,
        /// Needed.
        need_mb: u64,
        /// For what.
        purpose: String,
    },
}

/// So many lines of a command's output tell why it failed: what comes before is of its progress.
const TELLING: usize = 3;

impl SupplyError {
    /// The same in one line, without where to read more.
    pub(crate) fn in_short(&self) -> String {
        match self {
            Self::Command {
                command,
                status,
                tail,
                ..
            } => {
                let said: Vec<_> = tail
                    .lines()
                    .map(str::trim)
                    .filter(|line| !line.is_empty())
                    .collect();
                let last = &said[said.len().saturating_sub(TELLING)..];
                let why = if last.is_empty() {
                    status.clone()
                } else {
                    last.join("; ")
                };
                format!("`{command}` failed: {why}")
            }
            Self::Deadline {
                command, deadline, ..
            } => format!("`{command}` took longer than {} s", deadline.as_secs()),
            other => other.to_string(),
        }
    }
}

fn list(faults: &[Fault]) -> String {
    faults
        .iter()
        .map(|fault| format!("  {fault}"))
        .collect::<Vec<_>>()
        .join("\n")
}
