//! What time it is at the server. A visitor's own clock may be wrong by days, and is never asked.

use leptos::prelude::window;

/// The server's clock: what it showed once, and how long ago that was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Clock {
    shown: i64,
    at: f64,
}

impl Clock {
    /// It showed `shown`, in milliseconds since 1970, when the page was `at` milliseconds old.
    pub(crate) fn new(shown: i64, at: f64) -> Self {
        Self { shown, at }
    }

    /// What it shows when the page is `age` milliseconds old.
    pub(crate) fn now(self, age: f64) -> i64 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole milliseconds, far below the limit"
        )]
        let since = (age - self.at) as i64;
        self.shown + since
    }
}

/// For how many milliseconds the page has been open. Nobody can set this clock; while the machine
/// sleeps it may stand still.
pub(crate) fn age() -> f64 {
    window()
        .performance()
        .map_or(0.0, |performance| performance.now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_from_what_the_server_said_last() {
        let clock = Clock::new(1_000_000, 500.0);
        assert_eq!(clock.now(500.0), 1_000_000);
        assert_eq!(clock.now(3_600_500.9), 4_600_000);
        assert_eq!(Clock::new(9_000_000, 3_600_500.0).now(3_600_501.0), 9_000_001);
    }
}
