//! How releases have gone, from the history of the overlays alone: what each environment has and
//! since when, and the four figures by which DORA compares deliveries. A release that was taken
//! back counts as one that failed.

mod page;

use std::fmt;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde::Serialize;

use crate::ci::git::{Git, short};
use crate::ci::history::{ReleaseHistory, State};
use crate::environment::Environment;

pub(crate) use self::page::html;

/// Releases are counted over so many days.
const DAYS: u64 = 30;
const DAY: u64 = 24 * 60 * 60;

/// Of one environment. Times are in seconds, points in time since 1970.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Figures {
    pub(crate) environment: String,
    /// The commit that it was released; none before the first release, or where it is not known.
    pub(crate) commit: Option<String>,
    pub(crate) since: Option<u64>,
    /// Releases of the last thirty days, ways back not counted.
    pub(crate) releases: usize,
    /// Those of them that were taken back.
    pub(crate) taken_back: usize,
    /// From the commit to its release, in the middle.
    pub(crate) lead_time: Option<u64>,
    /// From a release that was taken back until it was, in the middle.
    pub(crate) time_to_restore: Option<u64>,
    /// What of the environment before could go on to this one, or what that waits for.
    pub(crate) next: Vec<String>,
    /// Whether it waits.
    pub(crate) waits: bool,
}

/// One release, or a way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) at: u64,
    pub(crate) commit: String,
    pub(crate) committed: Option<u64>,
    pub(crate) withdrawn: Option<String>,
}

impl Event {
    /// What the commit `made` of the overlays was, which the main line got at `arrived`.
    fn of(git: &Git<'_>, made: &str, state: State, arrived: Option<&u64>) -> Result<Self> {
        let committed = git.commit_named(&state.commit);
        let committed = committed.map(|commit| git.seconds(&commit)).transpose()?;
        let own = git.seconds(made)?;
        // One that a merge wrote says when that was; that of a proposal is as old as its source.
        let arrived = arrived.filter(|_| Some(own) == committed);
        Ok(Self {
            at: arrived.copied().unwrap_or(own),
            commit: state.commit,
            committed,
            withdrawn: state.withdrawn,
        })
    }
}

impl Figures {
    pub(crate) fn of(git: &Git<'_>, environment: Environment, base: &str, now: u64) -> Result<Self> {
        let releases = ReleaseHistory::of(git, environment, base)?;
        let now_has = releases.state(git);
        let made = releases.made(git);
        let arrivals = git.arrivals(base, &made.iter().map(|(made, _)| made.as_str()).collect())?;
        let events = made.into_iter().rev();
        let events = events.map(|(made, state)| Event::of(git, &made, state, arrivals.get(&made)));
        let events = events.collect::<Result<Vec<_>>>()?;
        let commit = now_has.map(|state| state.commit);
        Ok(Self::from(environment.name(), commit, &events, now))
    }

    /// Of what has happened, the earliest first.
    pub(crate) fn from(environment: &str, commit: Option<String>, events: &[Event], now: u64) -> Self {
        let is_recent = |event: &Event| event.at.saturating_add(DAYS * DAY) >= now;
        let first = |event: &Event| events.iter().position(|one| one.commit == event.commit);
        // From a way back one may also go on again, short of what was taken back.
        let is_way_back = |at: usize| {
            let is_earlier = |before: usize| first(&events[at]) < first(&events[before]);
            events[at].withdrawn.is_some() && at.checked_sub(1).is_some_and(is_earlier)
        };
        let (mut releases, mut taken_back) = (0, 0);
        let (mut lead, mut restore) = (Vec::new(), Vec::new());
        for (at, event) in events.iter().enumerate().filter(|(_, event)| is_recent(event)) {
            if is_way_back(at) {
                // What was taken back is what the environment had.
                let bad = &events[at - 1];
                taken_back += usize::from(is_recent(bad));
                restore.push(event.at.saturating_sub(bad.at));
            } else {
                releases += 1;
                lead.extend(
                    event
                        .committed
                        .map(|committed| event.at.saturating_sub(committed)),
                );
            }
        }
        let had = commit.as_ref();
        let since = events.iter().rfind(|event| Some(&event.commit) == had);
        Self {
            environment: environment.to_owned(),
            since: since.map(|event| event.at),
            commit,
            releases,
            taken_back,
            lead_time: middle(lead),
            time_to_restore: middle(restore),
            next: Vec::new(),
            waits: false,
        }
    }
}

fn middle(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commit = self.commit.as_deref().map_or("nothing that is known", short);
        writeln!(f, "{}", self.environment)?;
        write!(f, "  has       {commit}")?;
        if let Some(since) = self.since {
            write!(f, ", since {}", time(since))?;
        }
        writeln!(f, "\n  releases  {} in {DAYS} days", self.releases)?;
        let lead = self.lead_time.map_or("", |_| " from the commit, in the middle");
        writeln!(f, "  lead time {}{lead}", length(self.lead_time))?;
        writeln!(
            f,
            "  taken back {}; until then: {}",
            self.taken_back,
            length(self.time_to_restore)
        )?;
        let what = if self.waits { "waits" } else { "next" };
        self.next
            .iter()
            .try_for_each(|next| writeln!(f, "  {what:<9} {next}"))
    }
}

/// A point in time, as people and programs read it.
pub(crate) fn time(seconds: u64) -> String {
    let time = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map_or_else(|| seconds.to_string(), |time| time.to_string())
}

fn length(seconds: Option<u64>) -> String {
    seconds.map_or_else(|| "none yet".to_owned(), in_words)
}

/// In the largest unit that there are at least two of.
fn in_words(seconds: u64) -> String {
    let units = [(DAY, "d"), (60 * 60, "h"), (60, "min")];
    let fits = units.into_iter().find(|(unit, _)| seconds >= 2 * unit);
    fits.map_or_else(
        || format!("{seconds} s"),
        |(unit, name)| format!("{} {name}", seconds / unit),
    )
}

/// As JSON, for programs.
pub(crate) fn json(all: &[Figures]) -> Result<String> {
    serde_json::to_string_pretty(all).context("write the figures as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: u64, commit: &str, withdrawn: Option<&str>) -> Event {
        Event {
            at,
            commit: commit.to_owned(),
            committed: Some(at - 100),
            withdrawn: withdrawn.map(str::to_owned),
        }
    }

    /// Three releases, one of which was taken back.
    pub(super) fn staging() -> Figures {
        let now = 100 * DAY;
        let events = [
            event(now - 40 * DAY, "old", None),
            event(now - 3 * DAY, "good", None),
            event(now - 2 * DAY, "bad", None),
            event(now - 2 * DAY + 600, "good", Some("bad")),
            event(now - DAY, "fix", None),
        ];
        Figures::from("staging", Some("fix".to_owned()), &events, now)
    }

    #[test]
    fn what_was_taken_back_counts_as_failed_and_the_way_back_as_no_release() {
        let now = 100 * DAY;
        let figures = staging();
        let expected = Figures {
            environment: "staging".to_owned(),
            commit: Some("fix".to_owned()),
            since: Some(now - DAY),
            releases: 3,
            taken_back: 1,
            lead_time: Some(100),
            time_to_restore: Some(600),
            next: Vec::new(),
            waits: false,
        };
        assert_eq!(figures, expected);
        let text = figures.to_string();
        for part in [
            "fix, since 1970-04-10T00:00:00Z",
            "3 in 30 days",
            "1; until then: 10 min",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn each_way_back_counts_and_a_way_on_again_is_a_release() {
        let now = 100 * DAY;
        let events = [
            event(now - 31 * DAY, "one", None),
            event(now - 8 * DAY, "two", None),
            event(now - 7 * DAY, "bad", None),
            event(now - 6 * DAY, "two", Some("bad")),
            event(now - 4 * DAY, "one", Some("bad")),
            event(now - 3 * DAY, "two", Some("bad")),
        ];
        let figures = Figures::from("staging", Some("two".to_owned()), &events, now);
        assert_eq!((figures.releases, figures.taken_back), (3, 2));
        assert_eq!(figures.time_to_restore, Some(2 * DAY));
        // What is taken back late is none of the recent releases.
        let events = [
            event(now - 40 * DAY, "one", None),
            event(now - 31 * DAY, "bad", None),
            event(now - 29 * DAY, "one", Some("bad")),
        ];
        let figures = Figures::from("staging", Some("one".to_owned()), &events, now);
        assert_eq!((figures.releases, figures.taken_back), (0, 0));
        assert_eq!(figures.time_to_restore, Some(2 * DAY));
    }

    #[test]
    fn an_environment_without_a_release_has_no_figures() {
        let text = Figures::from("qa", None, &[], DAY).to_string();
        assert!(
            text.contains("nothing that is known\n") && text.contains("lead time none yet\n"),
            "{text}"
        );
    }
}
