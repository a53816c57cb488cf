//! How many requests were counted, and how many of them have failed, by what a Prometheus server
//! would read.

use anyhow::{Result, ensure};

/// What the pods have counted since they started.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Requests {
    all: f64,
    failed: f64,
}

impl Requests {
    /// Adds what one pod shows: of the histogram `metric`, the counts by the status in `label`.
    pub(super) fn add(&mut self, page: &str, metric: &str, label: &str) {
        let name = format!("{metric}_count{{");
        for line in page.lines().filter_map(|line| line.strip_prefix(&name)) {
            let Some((labels, rest)) = line.rsplit_once('}') else {
                continue;
            };
            let count = rest.split_whitespace().next();
            let count: f64 = count.and_then(|count| count.parse().ok()).unwrap_or_default();
            self.all += count;
            let status = labels.split(&format!("{label}=\"")).nth(1);
            if status.is_some_and(|status| status.starts_with('5')) {
                self.failed += count;
            }
        }
    }

    /// The same, if there were any: else nothing is known yet.
    pub(super) fn counted(self) -> Result<Self> {
        ensure!(self.all > 0.0, "no request was counted: is it the right metric?");
        Ok(self)
    }

    /// What is said of them, if no larger share than `most` has failed.
    pub(super) fn judged(&self, most: f64) -> Result<String> {
        let Self { all, failed } = self;
        let said = format!("{failed} of {all} requests have failed");
        ensure!(failed / all <= most, "{said}, more than {most} of them");
        Ok(said)
    }
}
