//! Previews that are gone: what their pull requests were told before would stay there, with an
//! address that is dead.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::REPORT;
use crate::forge::Forge;
use crate::soak::Word;

/// A forge that takes nothing for so long is left alone.
const LONGEST: Duration = Duration::from_hours(1);
const GONE: &str = "gone, because the pull request is closed or has lost its label";

/// By the numbers of their pull requests.
#[derive(Default)]
pub(super) struct Leaving(BTreeMap<u64, One>);

struct One {
    commit: String,
    since: Instant,
    is_told: bool,
}

impl Leaving {
    pub(super) fn add(&mut self, number: u64, commit: &str) {
        self.0.entry(number).or_insert_with(|| One {
            commit: commit.to_owned(),
            since: Instant::now(),
            is_told: false,
        });
    }

    pub(super) fn has(&self, number: u64) -> bool {
        self.0.contains_key(&number)
    }

    /// Leaves those that are back, and those that were told and of which nothing is left.
    pub(super) fn forget(&mut self, open: &BTreeSet<u64>, namespaces: &BTreeMap<u64, bool>) {
        self.0.retain(|number, one| {
            let is_over = one.is_told && !namespaces.contains_key(number);
            !open.contains(number) && !is_over && one.since.elapsed() < LONGEST
        });
    }

    /// Those that are to be told now: as long as a namespace is not being deleted, it may answer.
    pub(super) fn due(&self, namespaces: &BTreeMap<u64, bool>) -> Vec<(u64, String)> {
        let due = self
            .0
            .iter()
            .filter(|(number, one)| !one.is_told && namespaces.get(number) != Some(&false));
        due.map(|(number, one)| (*number, one.commit.clone())).collect()
    }

    pub(super) fn told(&mut self, number: u64) {
        if let Some(one) = self.0.get_mut(&number) {
            one.is_told = true;
        }
    }
}

/// Tells it, if the pull request was told something else.
pub(super) fn tell(forge: &dyn Forge, commit: &str) -> Result<()> {
    match after(forge.told(REPORT, commit)?) {
        Some(word) => forge.tell(REPORT, commit, &word),
        None => Ok(()),
    }
}

/// What comes after what was told last. One that was ready stays a success, and one that was not
/// becomes a failure: taking the label away must not pass for a preview. Why there was none may
/// stay.
fn after(told: Option<Word>) -> Option<Word> {
    match told? {
        Word::Success(said) if said == GONE => None,
        Word::Success(_) => Some(Word::Success(GONE.to_owned())),
        Word::Pending(_) => Some(Word::Failure(GONE.to_owned())),
        Word::Failure(_) => None,
    }
}

#[cfg(test)]
mod tests;
