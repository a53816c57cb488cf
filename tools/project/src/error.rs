//! Why `project.toml` cannot be used, and what to do.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::FILE;

/// Each names the file, the key, and the next step.
#[derive(Debug, Error)]
pub enum ProjectError {
    /// It is not there, or not for us.
    #[error("read {}; run this in a checkout of the repository, which has the file at its top", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no TOML, or has other keys or values than there are.
    #[error("{FILE}: {0}")]
    Syntax(toml::de::Error),
    /// A value cannot be.
    #[error("{FILE}: {key} = \"{value}\": {why}")]
    Value {
        /// Where it stands, as `apps[1].name`.
        key: String,
        /// What stands there.
        value: String,
        /// What is wrong and what to do.
        why: String,
    },
    /// A list is empty.
    #[error(
        "{FILE}: environments is empty; add `[[environments]]` with `name` and `branch`: the first one is what CI builds for"
    )]
    NoEnvironment,
    /// Somebody named an app that is not listed.
    #[error("there is no app `{name}` in {FILE}; it has {known}")]
    UnknownApp {
        /// What was named.
        name: String,
        /// What could be.
        known: String,
    },
    /// Somebody named an environment that is not listed.
    #[error("there is no environment `{name}` in {FILE}; it has {known}")]
    UnknownEnvironment {
        /// What was named.
        name: String,
        /// What could be.
        known: String,
    },
}
