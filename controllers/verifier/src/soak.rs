//! Whether a release stayed healthy for long enough: decided from one sight after the other, and
//! from nothing else.

mod checks;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

pub use self::checks::{CheckRun, Checks};

/// Checks that may fail one after the other: of a release that has passed one, and of one whose way
/// through the network may still be laid.
const FAILED_CHECKS: u32 = 3;
const FIRST_CHECKS: u32 = 30;
/// What was not looked at for so long was not seen to be healthy.
const UNSEEN: Duration = Duration::from_secs(30);

/// What was seen of an app at one moment.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The commit that Argo CD has compared the cluster with.
    pub revision: String,
    /// What is being judged: what has another identity is looked at from the start.
    pub identity: String,
    /// How often containers of each pod have ended.
    pub ends: BTreeMap<String, u32>,
    /// How it looks.
    pub sight: Sight,
    /// What its own checks have found.
    pub checks: Checks,
}

/// What is said of a commit that could not be applied begins so.
pub(crate) const SYNC_FAILED: &str = "the sync failed: ";

/// How an app looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// As Git says, and well; in words.
    Healthy(String),
    /// Not there yet, or not at rest.
    Unsettled(String),
    /// It came up and does not do what it should.
    CheckFailed(String),
    /// Argo CD has given it up.
    Degraded(String),
    /// The commit could not be applied; what runs is of another one.
    SyncFailed(String),
}

/// What is to be reported of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// It is being looked at.
    Pending(String),
    /// It stayed healthy for long enough.
    Success(String),
    /// It did not.
    Failure(String),
}

/// What is known of the release that is there.
#[derive(Debug, Default)]
pub struct Soak {
    identity: String,
    /// When it was last looked at.
    looked: Option<Instant>,
    /// Since when it was healthy without a break.
    since: Option<Instant>,
    /// Runs of checks that had begun by then: they may have seen what was there before.
    old_runs: BTreeSet<String>,
    /// How often containers had ended when it was first seen healthy.
    ends: Option<BTreeMap<String, u32>>,
    /// Checks that failed one after the other.
    failed_checks: u32,
    /// The last word, which stays as long as the release does.
    verdict: Option<Word>,
}

impl Soak {
    /// Takes over what was found out before this process began.
    pub fn known(&mut self, identity: &str, verdict: Word) {
        *self = Self {
            identity: identity.to_owned(),
            verdict: Some(verdict),
            ..Self::default()
        };
    }

    /// Begins the time anew: the app was not there.
    pub fn interrupt(&mut self) {
        self.since = None;
    }

    /// Whether the release with this identity has been seen before.
    pub fn knows(&self, identity: &str) -> bool {
        self.identity == identity
    }

    /// What is to be reported of the commit that was seen.
    pub fn step(&mut self, now: Instant, soak: Duration, seen: &Seen) -> Word {
        if let Sight::SyncFailed(why) = &seen.sight {
            return Word::Failure(why.clone());
        }
        if !self.knows(&seen.identity) {
            *self = Self {
                identity: seen.identity.clone(),
                ..Self::default()
            };
        }
        let unseen = self.looked.replace(now);
        if unseen.is_some_and(|last| now.saturating_duration_since(last) > UNSEEN) {
            self.interrupt();
        }
        if self.verdict.is_none() {
            self.verdict = self.judged(now, soak, seen);
        }
        match (&self.verdict, &seen.sight) {
            // Of another commit with the same release: only while it is well.
            (
                Some(Word::Success(_)) | None,
                Sight::Unsettled(why) | Sight::CheckFailed(why) | Sight::Degraded(why),
            ) => Word::Pending(why.clone()),
            (Some(verdict), _) => verdict.clone(),
            (None, _) => {
                let also = if seen.checks.is_empty() {
                    ""
                } else {
                    " and to pass its checks"
                };
                Word::Pending(format!("has to stay healthy for {} s{also}", soak.as_secs()))
            }
        }
    }

    fn judged(&mut self, now: Instant, soak: Duration, seen: &Seen) -> Option<Word> {
        if let Some(pod) = self.ended(&seen.ends) {
            return Some(Word::Failure(format!("a container of {pod} ended")));
        }
        match &seen.sight {
            Sight::Degraded(why) => Some(Word::Failure(why.clone())),
            Sight::CheckFailed(why) => {
                self.since = None;
                self.failed_checks += 1;
                let has_passed = self.ends.is_some();
                let patience = if has_passed { FAILED_CHECKS } else { FIRST_CHECKS };
                (self.failed_checks >= patience).then(|| Word::Failure(why.clone()))
            }
            Sight::Healthy(words) => {
                self.failed_checks = 0;
                self.ends.get_or_insert_with(|| seen.ends.clone());
                if self.since.is_none() {
                    self.old_runs = seen.checks.runs();
                }
                let since = *self.since.get_or_insert(now);
                if let Some(run) = seen.checks.failed(&self.old_runs) {
                    return Some(Word::Failure(format!("check {run} failed")));
                }
                let is_long_enough = now.saturating_duration_since(since) >= soak;
                let is_enough = is_long_enough && seen.checks.all_passed(&self.old_runs);
                is_enough.then(|| Word::Success(format!("{words} for {} s", soak.as_secs())))
            }
            Sight::Unsettled(_) | Sight::SyncFailed(_) => {
                self.since = None;
                None
            }
        }
    }

    /// A pod of which a container has ended since the release was first healthy. A pod that came
    /// later had not ended before.
    fn ended(&self, ends: &BTreeMap<String, u32>) -> Option<String> {
        let before = self.ends.as_ref()?;
        let more = |(pod, count): &(&String, &u32)| **count > before.get(*pod).copied().unwrap_or_default();
        ends.iter().find(more).map(|(pod, _)| pod.clone())
    }
}

#[cfg(test)]
mod tests;
