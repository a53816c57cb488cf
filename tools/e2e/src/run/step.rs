//! One step of a run: its name, and the time it may take.

use std::time::Duration;

/// One line of the progress and of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    /// Stable; keys of timings and reports.
    pub(crate) id: &'static str,
    /// What a reader sees.
    pub(crate) title: &'static str,
    /// When this much time has passed, the step has failed.
    pub(crate) budget: Duration,
}

impl Step {
    pub(crate) const fn new(id: &'static str, title: &'static str, seconds: u64) -> Self {
        Self {
            id,
            title,
            budget: Duration::from_secs(seconds),
        }
    }
}
