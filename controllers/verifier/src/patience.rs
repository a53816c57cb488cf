//! How long a forge is left alone that gave no good answer: one that limits how often it is asked
//! must not be asked each second.

use std::time::{Duration, Instant};

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);

#[derive(Debug, Default)]
pub(crate) struct Patience {
    until: Option<Instant>,
    wait: Duration,
}

impl Patience {
    pub(crate) fn waits(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// Waits twice as long after each request that failed.
    pub(crate) fn after(&mut self, now: Instant, has_worked: bool) {
        if has_worked {
            *self = Self::default();
            return;
        }
        self.wait = (self.wait * 2).clamp(SHORTEST, LONGEST);
        self.until = Some(now + self.wait);
    }
}
