//! Why Git did not do what was asked: its own words, and what to do about it.

use std::io;

use thiserror::Error;

/// A command of Git that failed.
#[derive(Debug, Error)]
pub enum Error {
    /// There is no such program, or it may not be started.
    #[error("Git cannot be started ({0}); install it, or say where it is by PATH")]
    NotStarted(io::Error),
    /// It ended with an error.
    #[error("`git {command}` failed: {said}{advice}", advice = advice(said))]
    Failed {
        /// Its arguments.
        command: String,
        /// What it printed to stderr, on one line.
        said: String,
    },
    /// It printed something that is no text.
    #[error("`git {0}` printed something that is not UTF-8")]
    NotText(String),
    /// The place where a checkout is read cannot be made.
    #[error("cannot make a folder for Git ({0}); is there space in the folder for temporary files (TMPDIR)?")]
    NoFolder(io::Error),
}

/// What follows from the words of Git where they do not say it themselves.
fn advice(said: &str) -> &'static str {
    if said.contains("not a git repository") {
        "; start this in a clone of the repository, since the files alone are not enough (from CodePipeline: choose the full \
         clone, CODEBUILD_CLONE_REF, as the source's output)"
    } else if said.contains("dubious ownership") {
        "; or give the folder to the user who runs this"
    } else if said.contains("unknown option") || said.contains("unknown switch") {
        "; this needs Git 2.33 or newer"
    } else {
        ""
    }
}

/// Words of Git on one line, as errors are printed.
pub(crate) fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("; ")
}
