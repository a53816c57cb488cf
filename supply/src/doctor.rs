//! Says everything this machine lacks at once, and installs what Debian has.

use std::fmt;

/// One thing that is missing, and how to get it.
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
