//! What has to be done, from what is there: the whole policy, without a cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A pull request that has the label, as its Application has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Preview {
    pub(super) number: u64,
    /// The head of the pull request.
    pub(super) commit: String,
    pub(super) age: Duration,
    pub(super) state: State,
}

/// How far the Application is with that commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing was begun for it.
    New,
    /// A sync for an earlier commit is still running.
    Overtaken,
    Busy(String),
    Failed(String),
    Live,
}

/// All that there is of previews.
#[derive(Debug)]
pub(super) struct There {
    pub(super) previews: Vec<Preview>,
    /// Whether each is already being deleted.
    pub(super) namespaces: BTreeMap<u64, bool>,
    pub(super) tables: BTreeSet<u64>,
}

#[derive(Debug)]
pub(super) struct Limits {
    pub(super) most: usize,
    pub(super) oldest: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// Its table first, then its namespace: where there is the one, the other is whole.
    Make(u64, String),
    /// Before it comes again what walls the namespace in: a namespace may be there without.
    Sync(u64, String),
    /// Ends the sync that runs.
    EndSync(u64),
    /// Takes the label away, so that the Application goes.
    Unlabel(u64),
    DeleteNamespace(u64),
    DeleteTable(u64),
}

/// What the pull request is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// It is made, for this reason not ready.
    Pending(String),
    Failed(String),
    /// Ready, wherever its address is.
    Live,
}

/// What to do, and what to tell of which commit of which pull request.
pub(super) fn decide(there: &There, limits: &Limits) -> (Vec<Action>, Vec<(u64, String, News)>) {
    let (mut actions, mut news) = (Vec::new(), Vec::new());
    let mut previews: Vec<_> = there.previews.iter().collect();
    // Those that are there keep their place.
    previews.sort_by_key(|preview| (std::cmp::Reverse(preview.age), preview.number));
    let (young, old): (Vec<_>, Vec<_>) = previews
        .into_iter()
        .partition(|preview| preview.age < limits.oldest);
    for preview in old {
        actions.push(Action::Unlabel(preview.number));
        let words = format!(
            "taken away after {}; label it again for another",
            in_words(limits.oldest)
        );
        news.push((preview.number, preview.commit.clone(), News::Failed(words)));
    }
    let split = young.len().min(limits.most);
    let (wanted, waiting) = young.split_at(split);
    let full = News::Pending(format!(
        "waits until there are fewer than {} previews",
        limits.most
    ));
    for preview in waiting {
        news.push((preview.number, preview.commit.clone(), full.clone()));
    }
    // What is still being deleted takes its place until it is gone.
    let mut room = limits.most.saturating_sub(there.namespaces.len());
    for preview in wanted {
        let (mut action, mut said) = step(preview, there);
        if matches!(action, Some(Action::Make(..))) && !there.namespaces.contains_key(&preview.number) {
            if let Some(less) = room.checked_sub(1) {
                room = less;
            } else {
                (action, said) = (None, full.clone());
            }
        }
        actions.extend(action);
        news.push((preview.number, preview.commit.clone(), said));
    }
    let wanted: BTreeSet<_> = wanted.iter().map(|preview| preview.number).collect();
    let gone = |number: &&u64| !wanted.contains(number);
    for (number, is_ending) in there.namespaces.iter().filter(|(number, _)| gone(number)) {
        if !is_ending {
            actions.push(Action::DeleteNamespace(*number));
        }
    }
    // A server that is ending still writes to its table.
    let unused = |number: &&u64| !there.namespaces.contains_key(number);
    let tables = there.tables.iter().filter(gone).filter(unused);
    actions.extend(tables.map(|number| Action::DeleteTable(*number)));
    (actions, news)
}

/// In whole hours, unless it is less than one.
fn in_words(age: Duration) -> String {
    match age.as_secs() {
        seconds if seconds < 3600 => format!("{seconds} s"),
        seconds => format!("{} h", seconds / 3600),
    }
}

/// The next step of one that shall be there.
fn step(preview: &Preview, there: &There) -> (Option<Action>, News) {
    let number = preview.number;
    let pending = |words: &str| News::Pending(words.to_owned());
    match there.namespaces.get(&number) {
        Some(true) => return (None, pending("what was there before is still being deleted")),
        Some(false) if there.tables.contains(&number) => {}
        _ => {
            return (
                Some(Action::Make(number, preview.commit.clone())),
                pending("its table and its namespace are made"),
            );
        }
    }
    match &preview.state {
        State::New => (
            Some(Action::Sync(number, preview.commit.clone())),
            pending("it is deployed"),
        ),
        State::Overtaken => (Some(Action::EndSync(number)), pending("it is deployed")),
        State::Busy(words) => (None, pending(words)),
        State::Failed(words) => (None, News::Failed(words.clone())),
        State::Live => (None, News::Live),
    }
}

#[cfg(test)]
mod tests;
