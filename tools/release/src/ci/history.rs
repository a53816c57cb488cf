//! What an environment was released to. The comment behind a digest says it, but tools that write
//! YAML anew lose comments; the history of the overlays does not. So the comment is believed where
//! the history has it, and found again there where it is lost.

mod named;
mod state;

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::ci::git::Git;
use crate::ci::git::history::Change;
use crate::ci::pins;
use crate::environment::{Environment, apps};
use overlay::Pin;

use self::state::{Has, has_nothing, mark};
pub(crate) use self::state::{State, distinct, last_ones};

/// How it is known which release wrote a pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MarkSource {
    /// The comment behind the digest says it, and the history has it so.
    Written,
    /// The comment is lost; the newest release of this digest in the history says it.
    Found,
    /// No release ever wrote these overlays.
    Nothing,
    /// Releases did, but none with this digest: somebody wrote it by hand.
    Not,
}

/// The release that one commit of the overlays' repository is.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Release {
    /// That commit.
    at: String,
    /// What it pins, in the order of the apps; none where it is no release of the app.
    pins: Vec<Option<Pin>>,
    /// Whether it left an app without an image, in the same order.
    without: Vec<bool>,
    /// Whether the overlay of an app begins with it, in the same order: a release changes an
    /// overlay and makes none, so no release of this history wrote that.
    begins: Vec<bool>,
}

/// All that an environment was released to.
pub(crate) struct ReleaseHistory {
    /// What it is pinned to now, with the marks that are known, in the order of the apps.
    pub(crate) now: Vec<(Pin, MarkSource)>,
    releases: Vec<Release>,
}

impl ReleaseHistory {
    /// As `base`, a commit of the overlays' repository, and its history have it.
    pub(crate) fn of(git: &Git<'_>, environment: Environment, base: &str) -> Result<Self> {
        let pins = apps().iter().map(|app| pins::pinned(git, base, app, environment));
        let pins = pins.collect::<Result<Vec<_>>>()?;
        let releases = releases(git, environment, base)?;
        Ok(Self {
            now: now(git, pins, &releases)?,
            releases,
        })
    }

    /// What it is pinned to now, if that is one release.
    pub(crate) fn state(&self, git: &Git<'_>) -> Option<State> {
        let overlays = self.now.iter().map(|(pin, known)| match known {
            MarkSource::Written | MarkSource::Found => Has::Pin(pin),
            MarkSource::Nothing if pin.is_of_no_image() => Has::Nothing,
            MarkSource::Nothing | MarkSource::Not => Has::Other,
        });
        state::state(git, overlays)
    }

    /// The releases that it has had, newest first; one that came back stands there twice.
    pub(crate) fn states(&self, git: &Git<'_>) -> Vec<State> {
        self.releases
            .iter()
            .filter_map(|release| release.state(git))
            .collect()
    }

    /// The same, each with the commit of the overlays that it is.
    pub(crate) fn made(&self, git: &Git<'_>) -> Vec<(String, State)> {
        let made = self.releases.iter();
        made.filter_map(|release| Some((release.at.clone(), release.state(git)?)))
            .collect()
    }

    /// Why it is not one release, and what to do.
    pub(crate) fn unclear(&self, git: &Git<'_>, environment: Environment) -> String {
        let way_out = format!(
            "name the right one by `cargo xtask rollback {environment} --to COMMIT`, or push a change ({})",
            last_ones(&self.states(git))
        );
        let pinned = || apps().iter().zip(&self.now);
        if pinned().all(|(_, (_, known))| *known == MarkSource::Nothing) {
            return format!(
                "the overlays of {environment} name no commit: nothing was released to {environment} yet; do that first"
            );
        }
        for (app, (pin, known)) in pinned() {
            if *known == MarkSource::Not {
                return format!(
                    "{environment} is pinned to an image of {} that no release wrote ({}), so it is not known what it has; {way_out}",
                    app.name(),
                    pin.digest
                );
            }
        }
        let named = pinned()
            .map(|(app, (pin, _))| format!("{}: {}", app.name(), pin.commit.as_deref().unwrap_or("none")));
        format!(
            "the overlays of {environment} are of different releases ({}); {way_out}",
            named.collect::<Vec<_>>().join(", ")
        )
    }
}

impl Release {
    fn state(&self, git: &Git<'_>) -> Option<State> {
        let overlays = self.pins.iter().zip(&self.without);
        let overlays = overlays.map(|(pin, without)| match pin {
            _ if *without => Has::Nothing,
            Some(pin) => Has::Pin(pin),
            None => Has::Other,
        });
        state::state(git, overlays)
    }
}

/// Names the released commit at the end of a proposal's message.
pub(crate) const SOURCE: &str = "Source: ";
/// Names the commit that a rollback takes back, there.
pub(crate) const WITHDRAWN: &str = "Withdrawn: ";

/// The releases in the history of `base`, each before those that it followed.
fn releases(git: &Git<'_>, environment: Environment, base: &str) -> Result<Vec<Release>> {
    let known = git.once(&format!("releases of {environment} {base}"), || {
        let paths: Vec<_> = apps().iter().map(|app| app.overlay(environment)).collect();
        let changes = git.changes(base, &paths)?;
        let releases: Vec<_> = changes.iter().filter_map(release).collect();
        serde_json::to_string(&releases).context("keep the releases")
    })?;
    serde_json::from_str(&known).context("read the releases")
}

/// What `change` released, if anything.
fn release(change: &Change) -> Option<Release> {
    let told = told(change);
    let pins = (0..apps().len()).map(|at| pin(change, at, told.as_ref()));
    let pins: Vec<_> = pins.collect();
    pins.iter().any(Option::is_some).then(|| Release {
        at: change.commit.clone(),
        without: (0..apps().len()).map(|at| has_nothing(change, at)).collect(),
        begins: (0..apps().len()).map(|at| begins(change, at)).collect(),
        pins,
    })
}

/// Whether an app had no overlay before.
fn begins(change: &Change, at: usize) -> bool {
    change.before.iter().all(|files| files[at].is_none())
}

/// What `change` released of one app. A mark that stood there before does not count: the digest
/// before it may be another by now.
fn pin(change: &Change, at: usize, told: Option<&Mark>) -> Option<Pin> {
    let pin = read(&change.after, at).filter(|pin| !pin.is_of_no_image())?;
    let Some(commit) = &pin.commit else {
        let (commit, withdrawn) = told?.clone();
        return Some(Pin {
            commit: Some(commit),
            withdrawn,
            ..pin
        });
    };
    let is_told = told.is_some_and(|(told, _)| told == commit);
    let stood = |files: &Vec<_>| read(files, at).is_some_and(|before| mark(&before) == mark(&pin));
    (is_told || !change.before.iter().any(stood)).then_some(pin)
}

/// A released commit, and the one that was taken back by it.
type Mark = (String, Option<String>);

/// What the message of `change` says that it releases, if it has brought another digest. So a mark
/// that was lost before the merge of a proposal is known.
fn told(change: &Change) -> Option<Mark> {
    let digests = |files| -> Vec<_> {
        let pins = (0..apps().len()).map(|at| read(files, at));
        pins.map(|pin| pin.map(|pin| pin.digest)).collect()
    };
    let after = digests(&change.after);
    let is_new = change.before.iter().all(|files| digests(files) != after);
    let commit = trailer(&change.message, SOURCE).filter(|_| is_new)?;
    Some((commit, trailer(&change.message, WITHDRAWN)))
}

/// What the lines of a message say that begin with `key`.
pub(crate) fn values<'m>(message: &'m str, key: &str) -> impl Iterator<Item = &'m str> {
    let lines = message
        .lines()
        .filter_map(move |line| line.trim().strip_prefix(key));
    lines.map(str::trim)
}

/// The commit in the line that begins with `key`; none where several differ.
fn trailer(message: &str, key: &str) -> Option<String> {
    let named: BTreeSet<_> = values(message, key)
        .filter(|name| overlay::is_commit(name))
        .collect();
    let mut named = named.into_iter();
    named.next().filter(|_| named.next().is_none()).map(str::to_owned)
}

fn read(files: &[Option<String>], at: usize) -> Option<Pin> {
    overlay::read(files[at].as_deref()?, apps()[at].name()).ok()
}

/// The marks of `pins`, as they stand there or as `history` has them.
fn now(git: &Git<'_>, pins: Vec<Pin>, history: &[Release]) -> Result<Vec<(Pin, MarkSource)>> {
    let is_written = |(at, pin): (usize, &Pin)| {
        let releases = history.iter().map(|release| release.pins[at].as_ref());
        pin.commit.is_some() && releases.into_iter().any(|known| known == Some(pin))
    };
    let written: Vec<_> = pins.iter().enumerate().map(is_written).collect();
    let of_all = |release: &&Release| {
        let mut apps = release.pins.iter().zip(&pins).zip(&written);
        release.state(git).is_some()
            && apps.all(|((known, pin), written)| pin.is_of_no_image() || fits(known.as_ref(), pin, *written))
    };
    let together = if written.iter().all(|written| *written) {
        None
    } else {
        newest(git, history.iter().filter(of_all).collect())?
    };
    let apps = pins.into_iter().zip(written).enumerate();
    apps.map(|(at, (pin, written))| {
        if written {
            return Ok((pin, MarkSource::Written));
        }
        let of_one = |release: &&Release| fits(release.pins[at].as_ref(), &pin, false);
        let found = match together {
            Some(release) if release.pins[at].is_some() => Some(release),
            _ => newest(git, history.iter().filter(of_one).collect())?,
        };
        Ok(match found.and_then(|release| release.pins[at].clone()) {
            Some(found) => (found, MarkSource::Found),
            None if history.is_empty() || pin.is_of_no_image() => (pin, MarkSource::Nothing),
            None => (pin.unmarked(), MarkSource::Not),
        })
    })
    .collect()
}

/// Whether the release `known` may have written `pin`.
fn fits(known: Option<&Pin>, pin: &Pin, written: bool) -> bool {
    known.is_some_and(|known| known.digest == pin.digest && (!written || known == pin))
}

/// The last of `releases`. Of several that lines of history had side by side, the one of the latest
/// commit.
fn newest<'r>(git: &Git<'_>, releases: Vec<&'r Release>) -> Result<Option<&'r Release>> {
    let commits = releases.iter().map(|release| release.at.as_str()).collect();
    let latest = git.latest_of(&commits)?;
    let last = |release: &Release| {
        let pin = release.pins.iter().flatten().next();
        pin.and_then(|pin| pin.withdrawn.clone().or(pin.commit.clone()))
    };
    let later = |one: &Release, other: &Release| match (last(one), last(other)) {
        (Some(one), Some(other)) => one != other && git.is_ancestor(&one, &other),
        _ => false,
    };
    let side_by_side = releases
        .into_iter()
        .filter(|release| latest.contains(&release.at));
    Ok(side_by_side.reduce(|one, other| if later(one, other) { other } else { one }))
}
