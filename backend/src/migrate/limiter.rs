//! Slows a walk over items down to a rate, so that it leaves capacity to the code that serves.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// What a late walk may catch up on; more would be a burst.
const SLACK: Duration = Duration::from_millis(100);

/// Gives each item its turn.
pub(super) struct RateLimiter {
    interval: Duration,
    next: Instant,
}

impl RateLimiter {
    /// `None` lets everything through at once.
    pub(super) fn new(items_per_second: Option<NonZeroU32>) -> Self {
        Self {
            interval: items_per_second.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.get()),
            next: Instant::now(),
        }
    }

    /// Ends when one more item may be dealt with.
    pub(super) fn turn(&mut self) -> impl Future<Output = ()> + Send + use<> {
        let now = Instant::now();
        let turn = self.next.max(now.checked_sub(SLACK).unwrap_or(now));
        self.next = turn + self.interval;
        let limited = !self.interval.is_zero();
        async move {
            if limited {
                sleep_until(turn).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn items_pass_at_the_rate_and_not_in_bursts() {
        let mut limiter = RateLimiter::new(NonZeroU32::new(100));
        let started = Instant::now();
        for _ in 0..=100 {
            limiter.turn().await;
        }
        assert_eq!(started.elapsed().as_millis(), 1000);
        // After a pause of ten seconds only the slack is caught up on.
        tokio::time::sleep(Duration::from_secs(10)).await;
        let started = Instant::now();
        for _ in 0..=100 {
            limiter.turn().await;
        }
        assert_eq!(started.elapsed().as_millis(), 900);
    }
}
