//! The measurements and their summary: the spread, and the comparison with the webhook.

use serde::Serialize;

use super::Notice;
use crate::bench::spread::Spread;

/// One release; all times in seconds since its merge was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Sample {
    /// When Argo CD began to sync and had done so, by its own clock, which counts whole seconds.
    pub(crate) sync: [f64; 2],
    /// When the container of the migration began and ended, by as coarse a clock.
    pub(crate) migration: [f64; 2],
    /// When the new version answered first.
    pub(crate) first: f64,
    /// When nothing but the new version answered any more.
    pub(crate) only: f64,
    /// Requests made meanwhile, and those of them that got no answer.
    pub(crate) asked: usize,
    pub(crate) failed: usize,
}

/// All samples, in the order they were taken.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<(Notice, Sample)>);

/// What is said of one way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) notice: Notice,
    pub(crate) releases: usize,
    /// From the merge until only the new version answered.
    pub(crate) only: Spread,
    /// Its p50 by that of the webhook in the same run.
    pub(crate) by_webhook: f64,
    /// From the merge until Argo CD began to sync.
    pub(crate) began: Spread,
    /// What all of it consists of.
    pub(crate) parts: Vec<Part>,
    pub(crate) asked: usize,
    pub(crate) failed: usize,
}

/// What a release spends its time on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Part {
    pub(crate) until: &'static str,
    /// Since the part before it, as a mean: clocks that count whole seconds say more by that than
    /// by a percentile.
    pub(crate) seconds: f64,
}

/// What a release by webhook should take.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Goal {
    pub(crate) what: &'static str,
    pub(crate) found: f64,
    pub(crate) at_most: f64,
}

impl Sample {
    /// When Argo CD began to sync. Argo CD 3.5.7 gave some syncs, 8 of 40, the time of their end as
    /// that of their beginning too; it was before the migration's at the latest.
    pub(crate) fn began(&self) -> f64 {
        self.sync[0].min(self.migration[0])
    }
}

impl Figures {
    pub(crate) fn add(&mut self, notice: Notice, sample: Sample) {
        self.0.push((notice, sample));
    }

    /// One row for each way that was measured.
    pub(crate) fn rows(&self) -> Vec<Row> {
        Notice::ALL
            .iter()
            .filter_map(|&notice| self.row(notice))
            .collect()
    }

    /// Those of the project.
    pub(crate) fn goals(&self) -> Vec<Goal> {
        let Some(Row { only, .. }) = self.row(Notice::Webhook) else {
            return Vec::new();
        };
        let goals = [
            ("p50 by webhook, s", Some(only.p50), 8.0),
            ("p95 by webhook, s", Some(only.p95), 14.0),
            ("p50 with the gate, by that without", self.gated(), 1.05), // wing: verifier
        ];
        let measured = goals
            .into_iter()
            .filter_map(|(what, found, at_most)| Some((what, found?, at_most)));
        measured
            .map(|(what, found, at_most)| Goal { what, found, at_most })
            .collect()
    }

    // wing: verifier
    fn gated(&self) -> Option<f64> {
        self.row(Notice::GatedWebhook).map(|row| row.by_webhook)
    }
    // end of wing

    pub(crate) fn samples(&self) -> &[(Notice, Sample)] {
        &self.0
    }

    fn row(&self, notice: Notice) -> Option<Row> {
        let of = |notice: Notice| {
            let of = self.0.iter().filter(move |(by, _)| *by == notice);
            of.map(|(_, sample)| *sample).collect::<Vec<_>>()
        };
        let only = |samples: &[Sample]| Spread::of(samples.iter().map(|sample| sample.only).collect());
        let samples = of(notice);
        let spread = only(&samples)?;
        Some(Row {
            notice,
            releases: samples.len(),
            only: spread,
            by_webhook: spread.p50 / only(&of(Notice::Webhook))?.p50,
            began: Spread::of(samples.iter().map(Sample::began).collect())?,
            parts: parts(&samples),
            asked: samples.iter().map(|sample| sample.asked).sum(),
            failed: samples.iter().map(|sample| sample.failed).sum(),
        })
    }
}

/// Seconds since the merge.
type Moment = fn(&Sample) -> f64;

/// Each with the moment at which it is over.
const PARTS: [(&str, Moment); 6] = [
    ("Argo CD began to sync", Sample::began),
    ("the migration's container began", |sample| sample.migration[0]),
    ("it had ended", |sample| sample.migration[1]),
    ("Argo CD had synced the rest", |sample| sample.sync[1]),
    ("the new version answered first", |sample| sample.first),
    ("only the new version answered", |sample| sample.only),
];

fn parts(samples: &[Sample]) -> Vec<Part> {
    let mut before = 0.0;
    let mut part = |(until, over): &(&'static str, Moment)| {
        #[expect(clippy::cast_precision_loss, reason = "a hundred releases at most")]
        let mean = samples.iter().map(over).sum::<f64>() / samples.len() as f64;
        let seconds = mean - before;
        before = mean;
        Part { until, seconds }
    };
    PARTS.iter().map(&mut part).collect()
}

impl Goal {
    pub(crate) fn is_met(&self) -> bool {
        self.found <= self.at_most
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn sample(only: f64) -> Sample {
        Sample {
            sync: [1.0, 4.0],
            migration: [2.0, 3.0],
            first: only,
            only,
            asked: 10,
            failed: 0,
        }
    }

    #[test]
    fn ways_are_compared_with_the_webhook_and_those_not_measured_are_left_out() {
        let mut figures = Figures::default();
        for only in [6.0, 9.0] {
            figures.add(Notice::Webhook, sample(only));
            figures.add(Notice::DefaultPolling, sample(only * 20.0));
        }
        let rows = figures.rows();
        let ways: Vec<Notice> = rows.iter().map(|row| row.notice).collect();
        assert_eq!(ways, [Notice::Webhook, Notice::DefaultPolling]);
        assert!((rows[1].by_webhook - 20.0).abs() < 1e-9);
        let met: Vec<bool> = figures.goals().iter().map(Goal::is_met).collect();
        assert_eq!(met, [true, true]);
        figures.add(Notice::Webhook, sample(14.1));
        let met: Vec<bool> = figures.goals().iter().map(Goal::is_met).collect();
        assert_eq!(met, [false, false]);
    }
}
