//! Tells from time to time how far a walk over items is.

use std::time::{Duration, Instant};

use super::{Counts, Migration};

const INTERVAL: Duration = Duration::from_secs(5);

/// The log lines of one walk.
pub(super) struct Progress<'a> {
    migration: &'a Migration,
    /// What earlier runs had done.
    earlier: Counts,
    /// Items in the table, where that is known.
    whole: Option<u64>,
    started: Instant,
    told: Instant,
}

impl<'a> Progress<'a> {
    pub(super) fn new(migration: &'a Migration, earlier: Counts, whole: Option<u64>) -> Self {
        let now = Instant::now();
        Self {
            migration,
            earlier,
            whole,
            started: now,
            told: now,
        }
    }

    /// Writes a line if the last one is a while ago.
    pub(super) fn tell(&mut self, counts: Counts) {
        if self.told.elapsed() < INTERVAL {
            return;
        }
        self.told = Instant::now();
        let rate = rate(counts.seen - self.earlier.seen, self.started.elapsed());
        tracing::info!(
            version = self.migration.version,
            name = self.migration.name,
            seen = counts.seen,
            changed = counts.changed,
            items_per_second = rate,
            about = self.whole,
            seconds_left = self
                .whole
                .and_then(|whole| seconds_left(whole, counts.seen, rate)),
            "migrating"
        );
    }
}

/// Items per second, rounded down.
pub(super) fn rate(items: u64, elapsed: Duration) -> u64 {
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    items.saturating_mul(1000) / millis
}

/// `None` where the estimate is plainly too low, or nothing moves.
fn seconds_left(whole: u64, seen: u64, rate: u64) -> Option<u64> {
    whole.checked_sub(seen)?.checked_div(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_only_where_it_is_known() {
        assert_eq!(rate(500, Duration::from_millis(250)), 2000);
        assert_eq!(seconds_left(10_000, 4000, 2000), Some(3));
        assert_eq!(seconds_left(10_000, 4000, 0), None);
        assert_eq!(seconds_left(10_000, 10_001, 2000), None);
    }
}
