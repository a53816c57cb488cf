//! What was measured of a number of apps under some settings, and what follows from that.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::usage::Readings;
use crate::bench::spread::Spread;

/// A number of apps, on so many clusters, under settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) clusters: u32,
    pub(crate) apps: u32,
    pub(crate) settings: String,
    /// Seconds until all were Synced and Healthy.
    pub(crate) synced: Option<f64>,
    /// Seconds from each merge until the one app was changed.
    pub(crate) one: Vec<f64>,
    /// The same until all apps were.
    pub(crate) all: Vec<f64>,
    /// Looks at the repository on the forge, while nothing changed.
    pub(crate) asked_a_minute: Option<f64>,
    /// By what people call it.
    pub(crate) parts: BTreeMap<String, Cost>,
    /// What did not hold, in words.
    pub(crate) broke: Vec<String>,
}

/// What one part of the first cluster used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// Working set while nothing changed, in MiB.
    pub(crate) memory: f64,
    /// CPU seconds until all were Synced and Healthy.
    pub(crate) making: f64,
    /// Hundredths of a core while nothing changed.
    pub(crate) idle: f64,
}

/// What a row is asked to reach.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Goal {
    pub(crate) found: f64,
    pub(crate) at_most: f64,
}

impl Row {
    /// The same number of apps on as many clusters.
    pub(crate) fn is_beside(&self, other: &Self) -> bool {
        (self.clusters, self.apps) == (other.clusters, other.apps)
    }

    pub(crate) fn one(&self) -> Option<Spread> {
        Spread::of(self.one.clone())
    }

    pub(crate) fn all(&self) -> Option<Spread> {
        Spread::of(self.all.clone())
    }

    /// Of the project: one app among a hundred is live ten seconds after its merge.
    pub(crate) fn goal(&self) -> Option<Goal> {
        let found = self.one().filter(|_| self.apps == 100)?.p50;
        Some(Goal { found, at_most: 10.0 })
    }
}

impl Goal {
    pub(crate) fn is_met(&self) -> bool {
        self.found <= self.at_most
    }
}

/// What the parts used, from three readings: before the apps were made, at the begin and at the end
/// of a time without changes.
pub(super) fn costs(before: &Readings, begin: &Readings, end: &Readings) -> BTreeMap<String, Cost> {
    let cost = |part: &&'static str| {
        let [before, begin, end] = [before.get(part)?, begin.get(part)?, end.get(part)?];
        let seconds = end.at.duration_since(begin.at).as_secs_f64();
        // A process that was started anew counts from nothing.
        let making = (begin.cpu_seconds - before.cpu_seconds).max(0.0);
        let idle = (end.cpu_seconds - begin.cpu_seconds).max(0.0) / seconds.max(1.0) * 100.0;
        #[allow(clippy::cast_precision_loss, reason = "a figure for people")]
        let memory = end.memory as f64 / f64::from(1 << 20);
        Some(((*part).to_owned(), Cost { memory, making, idle }))
    };
    end.keys().filter_map(cost).collect()
}

/// Rows of earlier runs, but for the numbers of apps that were measured now.
pub(super) fn merged(mut earlier: Vec<Row>, now: &[Row]) -> Vec<Row> {
    earlier.retain(|row| !now.iter().any(|new| new.is_beside(row)));
    earlier.extend_from_slice(now);
    // Stable: settings stay in the order in which they were measured.
    earlier.sort_by_key(|row| (row.clusters, row.apps));
    earlier
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::usage::Reading;
    use super::*;

    pub(crate) fn row(apps: u32, settings: &str, synced: f64) -> Row {
        let cost = Cost {
            memory: 200.0,
            making: 4.0,
            idle: 2.5,
        };
        Row {
            clusters: 1,
            apps,
            settings: settings.to_owned(),
            synced: Some(synced),
            one: vec![2.0, 3.0, 11.0],
            all: vec![5.0],
            asked_a_minute: Some(12.0),
            parts: BTreeMap::from([("controller".to_owned(), cost)]),
            broke: Vec::new(),
        }
    }

    #[test]
    fn costs_are_differences_over_the_time_between_the_readings() {
        let at = |time: &str, memory: u64, cpu_seconds: f64| {
            let at = time.parse().unwrap();
            Readings::from([(
                "etcd",
                Reading {
                    memory,
                    cpu_seconds,
                    at,
                },
            )])
        };
        let before = at("2026-11-29T16:00:00Z", 1 << 20, 10.0);
        let begin = at("2026-11-29T16:00:30Z", 2 << 20, 14.0);
        let end = at("2026-11-29T16:01:30Z", 3 << 20, 17.0);
        let etcd = costs(&before, &begin, &end)["etcd"];
        assert_eq!((etcd.memory, etcd.making, etcd.idle), (3.0, 4.0, 5.0));
        // Started anew in between: no figure below nothing.
        let etcd = costs(&end, &before, &before)["etcd"];
        assert_eq!((etcd.making, etcd.idle), (0.0, 0.0));
    }

    #[test]
    fn a_number_of_apps_that_is_measured_again_replaces_all_settings_of_it() {
        let earlier = vec![
            row(10, "ours", 1.0),
            row(10, "upstream's", 2.0),
            row(100, "ours", 3.0),
        ];
        let merged = merged(earlier, &[row(1000, "ours", 9.0), row(10, "ours", 4.0)]);
        let seen: Vec<_> = merged.iter().map(|row| (row.apps, row.synced)).collect();
        assert_eq!(seen, [(10, Some(4.0)), (100, Some(3.0)), (1000, Some(9.0))]);
    }

    #[test]
    fn the_goal_is_that_of_one_app_among_a_hundred() {
        assert_eq!(row(10, "ours", 1.0).goal(), None);
        let mut hundred = row(100, "ours", 1.0);
        assert!(hundred.goal().is_some_and(|goal| goal.is_met()));
        hundred.one = vec![10.1];
        assert!(hundred.goal().is_some_and(|goal| !goal.is_met()));
    }
}
