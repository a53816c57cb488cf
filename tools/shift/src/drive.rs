//! A whole shift: step by step, and back by itself when something is wrong.

mod look;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::balancer::{Balancer, Count, Counts, Pace};
use crate::claim::Held;
use crate::clock;
use crate::fault::Fault;
use crate::guard::{Guard, Limits, Verdict};
use crate::steps::Steps;
use crate::weights::Weights;

pub(crate) use look::{rehearse, status};

/// Between two looks at whether it was asked to stop.
const ALERT: Duration = Duration::from_millis(100);
/// Between two attempts to go back.
const AGAIN: Duration = Duration::from_secs(1);

/// Whether a target takes traffic.
pub(crate) type Ready = Box<dyn Fn(&str) -> Result<(), Fault>>;

/// What is to be done.
pub(crate) struct Order {
    pub(crate) to: String,
    pub(crate) steps: Steps,
    pub(crate) limits: Limits,
    pub(crate) pace: Pace,
    /// Who does it, for the others.
    pub(crate) by: String,
    /// By what its app says itself.
    pub(crate) ready: Ready,
    /// Where each step is told.
    pub(crate) tell: fn(&str),
    /// Set by Ctrl-C.
    pub(crate) stop: Arc<AtomicBool>,
}

/// Moves the traffic to a target. Whatever goes wrong, the traffic is where it was before the error
/// is told, or the error says that it is not.
pub(crate) fn shift(balancer: &mut dyn Balancer, order: &Order) -> Result<()> {
    let now = balancer.weights()?;
    expect(&now, &order.to)?;
    let (held, set) = Held::ask(balancer, &order.to, &now, &order.by)?;
    let mut run = Run {
        set,
        held,
        began: Instant::now(),
        balancer,
        order,
    };
    let done = run.all_steps();
    let Err(fault) = done else {
        // It ends by itself, and the traffic is where it was wanted: that is no error.
        if let Err(error) = run.held.end(run.balancer) {
            run.say(&format!("its claim stays for a while: {error}"));
        }
        return Ok(());
    };
    Err(run.back(fault))
}

/// The share of a target, which has to be one of the balancer's.
fn expect(weights: &Weights, target: &str) -> Result<u32, Fault> {
    weights.of(target).ok_or_else(|| Fault::NoSuchTarget {
        name: target.to_owned(),
        targets: weights.to_string(),
    })
}

struct Run<'r> {
    balancer: &'r mut dyn Balancer,
    order: &'r Order,
    held: Held,
    /// What was set last.
    set: Weights,
    began: Instant,
}

impl Run<'_> {
    fn say(&self, what: &str) {
        let seconds = self.began.elapsed().as_secs_f64();
        (self.order.tell)(&format!("{seconds:6.1} s  {what}"));
    }

    fn all_steps(&mut self) -> Result<(), Fault> {
        let share = expect(&self.set, &self.order.to)?;
        let from = self.held.from().clone();
        self.say(&format!("it has {}", self.set));
        if from != self.set {
            self.say(&format!("goes on with a shift that began at {from}"));
            // Nobody has watched it since that one was killed.
            if share > 0 {
                self.step(share)?;
            }
        }
        for share in self.order.steps.after(share) {
            self.step(*share)?;
        }
        Ok(())
    }

    /// Gives the target a share, and watches until it is known to do well with it.
    fn step(&mut self, share: u32) -> Result<(), Fault> {
        let to = &self.order.to;
        self.expect_running()?;
        self.balancer.expect_somebody(to)?;
        (self.order.ready)(to)?;
        let before = self.counts()?;
        self.held.renew(self.balancer)?;
        self.expect_unchanged()?;
        self.set = self.set.with(to, share);
        self.balancer.set(&self.set)?;
        self.expect_unchanged()?;
        self.say(&self.set.to_string());
        let first = before.of.get(to).copied().unwrap_or_default();
        self.watch(clock::now(), first, share)
    }

    /// What was counted until a step begins. What passes is waited for, as during the step.
    fn counts(&mut self) -> Result<Counts, Fault> {
        let begun = Instant::now();
        loop {
            match self.balancer.counts() {
                Err(fault) if fault.passes() && begun.elapsed() < self.order.pace.blind => {}
                counts => return counts,
            }
            self.pause(self.order.pace.poll)?;
            self.held.keep(self.balancer)?;
        }
    }

    /// Of a step that has begun at a time, with what was counted until then.
    fn watch(&mut self, begun: Duration, first: Count, share: u32) -> Result<(), Fault> {
        let mut guard = Guard::new(self.order.limits, begun, first);
        let mut seen = Instant::now();
        loop {
            self.pause(self.order.pace.poll.min(self.order.pace.wait))?;
            let counts = match self.look() {
                Ok(counts) => counts,
                Err(fault) if fault.passes() && seen.elapsed() < self.order.pace.blind => continue,
                Err(fault) => return Err(fault),
            };
            seen = Instant::now();
            let count = counts.of.get(&self.order.to).copied().unwrap_or_default();
            // Later requests are not counted yet, and AWS counts them minutes later.
            let waited = counts.until.saturating_sub(begun);
            match guard.see(counts.until, count) {
                Verdict::Good => break,
                Verdict::Bad => return Err(self.bad(&guard)),
                Verdict::Fell => {
                    let set = self.set.to_string();
                    let found = "counted from nothing again".to_owned();
                    return Err(Fault::Forgotten { found, set });
                }
                Verdict::Wait if waited < self.order.pace.wait.max(self.order.limits.hold) => {}
                Verdict::Wait if guard.is_good() => {
                    return Err(Fault::Silent {
                        target: self.order.to.clone(),
                        requests: guard.requests(),
                        quiet: self.order.limits.quiet.as_secs(),
                    });
                }
                Verdict::Wait if guard.requests() >= self.order.limits.requests => {
                    return Err(self.bad(&guard));
                }
                Verdict::Wait => {
                    return Err(Fault::NoData {
                        target: self.order.to.clone(),
                        requests: guard.requests(),
                        needed: self.order.limits.requests,
                        waited: waited.as_secs(),
                        weight: share,
                    });
                }
            }
        }
        let (requests, failed) = (guard.requests(), guard.failed());
        let late = guard.late();
        self.say(&format!(
            "good: {requests} requests, {failed} failed, {late} late"
        ));
        Ok(())
    }

    fn bad(&self, guard: &Guard) -> Fault {
        Fault::Bad {
            target: self.order.to.clone(),
            requests: guard.requests(),
            failed: guard.failed(),
            late: guard.late(),
        }
    }

    fn look(&mut self) -> Result<Counts, Fault> {
        self.held.keep(self.balancer)?;
        self.expect_unchanged()?;
        self.balancer.counts()
    }

    fn expect_unchanged(&mut self) -> Result<(), Fault> {
        let found = self.balancer.weights()?;
        if found == self.set {
            return Ok(());
        }
        let (found, set) = (found.to_string(), self.set.to_string());
        Err(Fault::Forgotten { found, set })
    }

    fn expect_running(&self) -> Result<(), Fault> {
        if self.order.stop.load(Ordering::Relaxed) {
            Err(Fault::Stopped)
        } else {
            Ok(())
        }
    }

    fn pause(&self, time: Duration) -> Result<(), Fault> {
        let begun = Instant::now();
        while let Some(left) = time.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) {
            self.expect_running()?;
            thread::sleep(left.min(ALERT));
        }
        self.expect_running()
    }

    /// Takes the traffic back where it was, and says what was wrong and whether that worked.
    fn back(&mut self, fault: Fault) -> anyhow::Error {
        if matches!(fault, Fault::ClaimLost) {
            return fault.into();
        }
        let from = self.held.from().clone();
        let begun = Instant::now();
        loop {
            let refused = match self.set_back(&from) {
                Ok(()) => {
                    self.say(&from.to_string());
                    let ended = self.held.end(self.balancer).err();
                    let left = ended.map(|error| format!("; its claim stays for a while: {error}"));
                    let left = left.unwrap_or_default();
                    return anyhow!("{fault}; the traffic is where it was before: {from}{left}");
                }
                Err(lost @ Fault::ClaimLost) => return anyhow!("{fault}; {lost}"),
                Err(refused) => refused,
            };
            if refused.lasts() || begun.elapsed() >= self.order.pace.back {
                return anyhow!(
                    "{fault}; THE TRAFFIC IS NOT BACK: the balancer did not take {from} in {} s ({refused}); set that by hand",
                    begun.elapsed().as_secs()
                );
            }
            thread::sleep(AGAIN);
        }
    }

    fn set_back(&mut self, from: &Weights) -> Result<(), Fault> {
        self.held.renew(self.balancer)?;
        self.set = from.clone();
        // They are set even where they look as before: an earlier attempt may take effect later.
        match self.balancer.set(from) {
            Err(fault) if fault.passes() => Err(fault),
            // Who may not set weights has not moved any.
            set => self
                .expect_unchanged()
                .map_err(|found| set.err().unwrap_or(found)),
        }
    }
}

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;
