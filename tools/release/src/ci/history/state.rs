//! What several pins are together: one release, of all apps that there were by then.

use super::Change;
use crate::ci::git::{Git, short};
use crate::environment::apps;
use overlay::Pin;

/// A state of an environment's overlays that a release, or a rollback to one, has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) commit: String,
    pub(crate) withdrawn: Option<String>,
    /// In the order of the apps. One that the release has no image of has none: it was added since,
    /// or it was not released to the environment by then.
    pub(crate) digests: Vec<Option<String>>,
}

/// What an overlay has of an app.
#[derive(Debug, Clone, Copy)]
pub(super) enum Has<'p> {
    /// What a release wrote.
    Pin(&'p Pin),
    /// No image: there is no such file, or its digest is all zeros.
    Nothing,
    /// A pin of which no release is known, or another than this one.
    Other,
}

/// The one release that the overlays are of, if they are: that of a commit whose mark all apps have
/// but those of which it knew nothing.
pub(super) fn state<'p>(git: &Git<'_>, overlays: impl Iterator<Item = Has<'p>>) -> Option<State> {
    let overlays: Vec<_> = overlays.collect();
    let mut marked: Vec<&Pin> = Vec::new();
    for overlay in &overlays {
        if let Has::Pin(pin) = overlay
            && !marked.iter().any(|known| mark(known) == mark(pin))
        {
            marked.push(pin);
        }
    }
    marked
        .into_iter()
        .find_map(|release| of_one(git, release, &overlays))
}

/// The state if `release` is the one.
fn of_one(git: &Git<'_>, release: &Pin, overlays: &[Has<'_>]) -> Option<State> {
    let commit = release.commit.clone()?;
    let later = |at: usize| {
        let is_here = git.commit_named(&commit).is_some();
        is_here && git.has(&commit, &apps()[at]).is_ok_and(|has| !has)
    };
    let digest = |(at, overlay): (usize, &Has<'_>)| match overlay {
        Has::Pin(pin) if mark(pin) == mark(release) => Some(Some(pin.digest.clone())),
        Has::Nothing => Some(None),
        _ => later(at).then_some(None),
    };
    let digests = overlays.iter().enumerate().map(digest);
    Some(State {
        digests: digests.collect::<Option<_>>()?,
        withdrawn: release.withdrawn.clone(),
        commit,
    })
}

pub(super) fn mark(pin: &Pin) -> (Option<&String>, Option<&String>) {
    (pin.commit.as_ref(), pin.withdrawn.as_ref())
}

/// Whether the overlay of an app has no image after `change`.
pub(super) fn has_nothing(change: &Change, at: usize) -> bool {
    change.after[at].is_none() || super::read(&change.after, at).is_some_and(|pin| pin.is_of_no_image())
}

/// The commits that were released, each once, the newest first.
pub(crate) fn distinct(history: &[State]) -> Vec<&str> {
    let mut known: Vec<&str> = Vec::new();
    for state in history {
        if !known.contains(&state.commit.as_str()) {
            known.push(&state.commit);
        }
    }
    known
}

/// The last releases, for a person to choose from.
pub(crate) fn last_ones(history: &[State]) -> String {
    let known = distinct(history).into_iter().take(5).map(short);
    format!("the last ones were {}", known.collect::<Vec<_>>().join(", "))
}
