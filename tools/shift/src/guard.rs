//! Decides from counts whether a target does well. It knows no balancer and no clock.
//!
//! To go back, little evidence is enough: a cumulative sum of log likelihoods, in which three
//! failures in quick succession suffice, however small the share of the traffic is. To go on, a
//! step needs its time, a minimum of requests, and answers up to its end: no data is not good.

use std::collections::VecDeque;
use std::time::Duration;

use crate::balancer::Count;

/// What is asked of a target at each step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) hold: Duration,
    /// Requests that a step needs to be judged as good.
    pub(crate) requests: u64,
    /// The largest share of failures that may be, between 0 and 1.
    pub(crate) most_bad: f64,
    /// After which a request counts as not answered.
    pub(crate) patience: Duration,
    /// A target that has answered nothing for as long is not good, whatever it did before.
    pub(crate) quiet: Duration,
}

/// What the counts say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not enough is known to go on.
    Wait,
    Good,
    Bad,
    /// The counts fell: the balancer was restarted, and says nothing of what was before.
    Fell,
}

/// What [`Limits::quiet`] usually is. Where counters are read, or counted, by the minute, each
/// minute has a new one.
pub(crate) const QUIET: Duration = Duration::from_mins(1);

/// A sum as large as this is no chance: with one failure in two hundred it comes once in tens of
/// thousands of requests.
const ENOUGH: f64 = 5.5;

/// Looks at one target during one step.
#[derive(Debug)]
pub(crate) struct Guard {
    limits: Limits,
    begun: Duration,
    first: Count,
    last: Count,
    /// When it was last seen that something had ended.
    answered: Duration,
    /// What had been sent at earlier looks, as far as it may matter still.
    sent: VecDeque<(Duration, u64)>,
    /// The most requests that had waited too long at once.
    late: u64,
    sum: f64,
}

impl Guard {
    /// Begins at a time, with what was counted until then.
    pub(crate) fn new(limits: Limits, begun: Duration, first: Count) -> Self {
        Self {
            limits,
            begun,
            first,
            last: first,
            answered: begun,
            sent: VecDeque::from([(begun, first.sent)]),
            late: 0,
            sum: 0.0,
        }
    }

    /// Takes in what was counted until a time.
    pub(crate) fn see(&mut self, until: Duration, count: Count) -> Verdict {
        let last = self.last;
        if count.sent < last.sent || count.ended < last.ended || count.failed < last.failed {
            return Verdict::Fell;
        }
        if count.ended > last.ended {
            self.answered = until;
        }
        self.last = count;
        self.sent.push_back((until, count.sent));
        let late = self.late.max(self.waiting_too_long(until));
        let bad = (count.failed - last.failed) + (late - self.late);
        let good = (count.ended - last.ended).saturating_sub(count.failed - last.failed);
        self.late = late;
        self.add(good, bad);
        if self.sum >= ENOUGH {
            Verdict::Bad
        } else if until >= self.begun + self.limits.hold && self.is_good() && !self.is_silent(until) {
            Verdict::Good
        } else {
            Verdict::Wait
        }
    }

    /// Requests that were seen during this step: those that ended, and those that were late.
    pub(crate) fn requests(&self) -> u64 {
        self.last.ended - self.first.ended + self.late
    }

    pub(crate) fn failed(&self) -> u64 {
        self.last.failed - self.first.failed
    }

    pub(crate) fn late(&self) -> u64 {
        self.late
    }

    /// What was sent a while ago and has not ended by now. Needs no clock for a request, because
    /// whatever has ended since counts as one of those.
    fn waiting_too_long(&mut self, now: Duration) -> u64 {
        let Some(limit) = now.checked_sub(self.limits.patience) else {
            return 0;
        };
        while self.sent.get(1).is_some_and(|(at, _)| *at <= limit) {
            self.sent.pop_front();
        }
        match self.sent.front() {
            Some((at, sent)) if *at <= limit => {
                (sent - self.first.sent).saturating_sub(self.last.ended - self.first.ended)
            }
            _ => 0,
        }
    }

    fn add(&mut self, good: u64, bad: u64) {
        // A target that is good fails a fifth of what may be, one that is bad twice as often as may
        // be.
        let (if_good, if_bad) = (self.limits.most_bad / 5.0, (self.limits.most_bad * 2.0).min(0.99));
        let up = (if_bad / if_good).ln();
        let down = ((1.0 - if_good) / (1.0 - if_bad)).ln();
        self.sum = (self.sum + float(bad) * up - float(good) * down).max(0.0);
    }

    fn is_silent(&self, until: Duration) -> bool {
        until.saturating_sub(self.answered) >= self.limits.quiet
    }

    /// Whether what was counted is enough and good, however long ago it was.
    pub(crate) fn is_good(&self) -> bool {
        let requests = self.requests();
        let bad = float(self.failed() + self.late);
        requests >= self.limits.requests && bad <= float(requests) * self.limits.most_bad
    }
}

/// Counts of one step are far below where this would round.
#[expect(clippy::cast_precision_loss, reason = "a count of requests is far below 2^52")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
pub(crate) mod tests;
