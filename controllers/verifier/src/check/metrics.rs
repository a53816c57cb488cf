//! How many requests were counted, and how many of them have failed, by what a Prometheus server
//! would read.

use anyhow::{Result, ensure};

/// What the pods have counted since they started.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Requests {
    all: f64,
    failed: f64,
    /// Whether any of them has the label of the status.
    has_status: bool,
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
            let status = value(labels, label);
            self.has_status |= status.is_some();
            if status.is_some_and(|status| status.starts_with('5')) {
                self.failed += count;
            }
        }
    }

    /// The same, if there were any, and with a status: else nothing is known yet.
    pub(super) fn counted(self, label: &str) -> Result<Self> {
        ensure!(self.all > 0.0, "no request was counted: is it the right metric?");
        ensure!(
            self.has_status,
            "no request was counted by a label {label}: is it the right label?"
        );
        Ok(self)
    }

    /// What is said of them, if no larger share than `most` has failed.
    pub(super) fn judged(&self, most: f64) -> Result<String> {
        let Self { all, failed, .. } = self;
        let said = format!("{failed} of {all} requests have failed");
        ensure!(failed / all <= most, "{said}, more than {most} of them");
        Ok(said)
    }
}

/// What begins with the value of a label, in a list as `one="1",two="2"`.
fn value<'l>(labels: &'l str, name: &str) -> Option<&'l str> {
    let named = format!("{name}=\"");
    let mut found = labels.match_indices(&named).map(|(at, _)| labels.split_at(at));
    let (_, value) = found.find(|(before, _)| {
        let before = before.trim_end();
        before.is_empty() || before.ends_with(',')
    })?;
    value.strip_prefix(&named)
}
