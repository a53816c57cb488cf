//! What others report about a commit, as forges call it: a commit status, which the newest one of
//! its context replaces.

use serde::Deserialize;

/// One report about a commit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Status {
    /// Who reports what, as in `verified/staging/backend`.
    pub(crate) context: String,
    pub(crate) state: State,
    /// One line for people; empty where there is none.
    #[serde(default)]
    pub(crate) description: String,
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Success,
    Failure,
    Pending,
    /// `error`, and what only some forges know, such as `warning`: no success.
    #[serde(other)]
    Other,
}
