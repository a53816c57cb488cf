//! What is measured besides HTTP.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use serverkit::metrics::{Durations, Metrics, durations};

use crate::decide::{Action, Decision};

/// What passes have done. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Passes {
    durations: Durations<Outcome>,
    changes: Family<Change, Counter>,
    clusters: Family<State, Gauge>,
    given_up: Gauge,
    leads: Gauge,
    /// Without labels: a family can be empty, and a time that is not known is not shown.
    seen: Family<NoLabels, Gauge<f64, AtomicU64>>,
}

type NoLabels = [(&'static str, &'static str); 0];

/// How a pass ended.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// What was done.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Change {
    action: &'static str,
}

/// How a cluster stands.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct State {
    state: &'static str,
}

impl Passes {
    /// Shown among `metrics`.
    pub(crate) fn shown_in(metrics: &Metrics) -> Self {
        let passes = Self {
            durations: durations(),
            changes: Family::default(),
            clusters: Family::default(),
            given_up: Gauge::default(),
            leads: Gauge::default(),
            seen: Family::default(),
        };
        metrics.register_durations("clusterset_pass_duration", "Time of one pass", &passes.durations);
        metrics.register(
            "clusterset_changes",
            "What was changed in the hub",
            passes.changes.clone(),
        );
        metrics.register(
            "clusterset_clusters",
            "Clusters by how they stand",
            passes.clusters.clone(),
        );
        metrics.register(
            "clusterset_given_up",
            "Applications whose sync was repeated as often as it may be",
            passes.given_up.clone(),
        );
        metrics.register(
            "clusterset_leader",
            "1 in the replica that is at work",
            passes.leads.clone(),
        );
        metrics.register(
            "clusterset_complete_observation_timestamp_seconds",
            "When all clusters were last seen",
            passes.seen.clone(),
        );
        passes
    }

    /// Whether this replica is at work. One that is not sees nothing, and does not go on telling
    /// what it has seen last: that may be mended since.
    pub(crate) fn leading(&self, leads: bool) {
        self.leads.set(i64::from(leads));
        if !leads {
            self.clusters.clear();
            self.given_up.set(0);
            self.seen.clear();
        }
    }

    /// A pass ended after so many seconds.
    pub(crate) fn ended(&self, well: bool, seconds: f64) {
        let outcome = if well { "done" } else { "failed" };
        self.durations
            .get_or_create(&Outcome { outcome })
            .observe(seconds);
    }

    /// All clusters were seen now.
    pub(crate) fn saw_all(&self) {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        self.seen.get_or_create(&[]).set(now.as_secs_f64());
    }

    /// How the clusters stand.
    pub(crate) fn decided(&self, decision: &Decision, registered: usize) {
        let states = [
            ("registered", registered),
            ("kept", decision.kept.len()),
            ("refused", decision.refused.len()),
        ];
        for (state, count) in states {
            let gauge = self.clusters.get_or_create_owned(&State { state });
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// So many syncs are not repeated any more.
    pub(crate) fn gave_up(&self, count: usize) {
        self.given_up.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Something was done.
    pub(crate) fn did(&self, action: &'static str) {
        self.changes.get_or_create(&Change { action }).inc();
    }
}

impl Action {
    /// What it is called in metrics and logs.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Apply { .. } => "apply",
            Self::Remove { .. } => "remove",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_that_loses_the_lease_tells_nothing_of_the_clusters_any_more() {
        let passes = Passes::shown_in(&Metrics::default());
        let told = || {
            let clusters = passes.clusters.get(&State { state: "registered" });
            let clusters = clusters.map(|gauge| gauge.get());
            (clusters, passes.given_up.get(), passes.seen.get(&[]).is_some())
        };
        passes.leading(true);
        passes.saw_all();
        passes.decided(&Decision::default(), 2);
        passes.gave_up(1);
        assert_eq!(told(), (Some(2), 1, true));
        passes.leading(false);
        assert_eq!(told(), (None, 0, false));
    }
}
