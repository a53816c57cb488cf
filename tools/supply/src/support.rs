//! Reads `support.toml`: until when upstream, and EKS for Kubernetes, mend what is pinned.

use std::fmt;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use time::format_description::well_known::Iso8601;
use time::{Date, Duration, OffsetDateTime};

const FILE: &str = include_str!("../support.toml");

/// How long before an end it is due: time enough for one release with another version.
const NOTICE: Duration = Duration::weeks(4);

/// The table.
#[derive(Debug, Deserialize)]
pub struct Support {
    #[serde(rename = "part")]
    parts: Vec<Supported>,
}

/// One part.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Supported {
    name: String,
    /// Table and key in `versions.toml`.
    pin: String,
    /// The version without its last number.
    line: String,
    #[serde(default, deserialize_with = "day")]
    upstream: Option<Date>,
    #[serde(default, deserialize_with = "day")]
    eks: Option<Date>,
    /// Until when it is mended, where no day is published.
    policy: Option<String>,
    /// Why it stays after its end.
    kept: Option<String>,
    next: String,
    source: String,
}

/// Whose support it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Upstream,
    Eks,
}

/// The end of the support of one part by one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    part: String,
    pin: String,
    line: String,
    by: By,
    day: Date,
    next: String,
    source: String,
}

impl Support {
    /// The table this build of the crate carries.
    pub fn load() -> Result<Self> {
        toml::from_str(FILE).context("read tools/supply/support.toml")
    }

    /// The ends that are less than four weeks away on that day, or have passed.
    pub fn due(&self, today: Date) -> Vec<End> {
        let mut ends = self.ends();
        ends.retain(|end| end.day - NOTICE <= today);
        ends
    }

    /// The end that comes first.
    pub fn first(&self) -> Option<End> {
        self.ends().into_iter().next()
    }

    /// Every end that is not passed on purpose, by its day.
    fn ends(&self) -> Vec<End> {
        let watched = self.parts.iter().filter(|part| part.kept.is_none());
        let mut ends: Vec<End> = watched.flat_map(Supported::ends).collect();
        ends.sort_by_key(|end| end.day);
        ends
    }

    /// Parts whose end has no day yet, with what is known of it.
    pub fn undated(&self) -> impl Iterator<Item = String> {
        self.parts.iter().filter_map(|part| {
            let policy = part.policy.as_deref()?;
            Some(format!("{} {}: {policy}", part.name, part.line))
        })
    }

    /// Parts that stay after their end, with the reason.
    pub fn kept(&self) -> impl Iterator<Item = String> {
        self.parts.iter().filter_map(|part| {
            let reason = part.kept.as_deref()?;
            Some(format!("{} {}: {reason}", part.name, part.line))
        })
    }
}

impl Supported {
    fn ends(&self) -> Vec<End> {
        let end = |by, day: Option<Date>| {
            day.map(|day| End {
                part: self.name.clone(),
                pin: self.pin.clone(),
                line: self.line.clone(),
                by,
                day,
                next: self.next.clone(),
                source: self.source.clone(),
            })
        };
        [end(By::Upstream, self.upstream), end(By::Eks, self.eks)]
            .into_iter()
            .flatten()
            .collect()
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            part,
            pin,
            line,
            by,
            day,
            next,
            source,
        } = self;
        let supported = match by {
            By::Upstream => "is mended upstream",
            By::Eks => "is in EKS's standard support",
        };
        write!(
            f,
            "{part} {line} {supported} until {day}: in tools/supply/versions.toml, move {pin} to {next} ({source})"
        )
    }
}

/// The day that the clock of this machine has, in UTC.
pub fn today() -> Date {
    OffsetDateTime::from(SystemTime::now()).date()
}

fn day<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Date::parse(&text, &Iso8601::DATE)
        .map(Some)
        .map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::versions::Versions;

    /// Rows of another version than is pinned, whose days say nothing.
    fn outdated(support: &Support, versions: &Versions) -> Vec<String> {
        let differs = |part: &Supported| {
            let (table, key) = part.pin.split_once('.').unwrap();
            let pinned = versions.get(table, key).unwrap();
            let rest = pinned.trim_start_matches('v').strip_prefix(part.line.as_str());
            let fits = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
            (!fits).then(|| format!("{} is listed as {}, pinned as {pinned}", part.name, part.line))
        };
        support.parts.iter().filter_map(differs).collect()
    }

    fn date(text: &str) -> Date {
        Date::parse(text, &Iso8601::DATE).unwrap()
    }

    fn table(more: &str) -> Support {
        let text = format!(
            "[[part]]\nname = 'Kubernetes'\npin = 'node.kubernetes'\nline = '1.34'\nnext = '1.36'\nsource = 'https://kubernetes.io'\n{more}"
        );
        toml::from_str(&text).unwrap()
    }

    fn due(more: &str, today: &str) -> Vec<String> {
        let due = table(more).due(date(today));
        due.iter().map(ToString::to_string).collect()
    }

    #[test]
    #[ignore = "some day turns it red: `cargo xtask check --dated`"]
    fn everything_that_is_pinned_is_supported_for_four_weeks_at_least() {
        let due = Support::load().unwrap().due(today());
        let lines: Vec<_> = due.iter().map(ToString::to_string).collect();
        assert!(
            lines.is_empty(),
            "raise the version in tools/supply/versions.toml and the row in tools/supply/support.toml:\n{}",
            lines.join("\n")
        );
    }

    #[test]
    fn an_end_is_due_four_weeks_before_its_day() {
        let both = "upstream = '2026-10-27'\neks = '2026-12-02'";
        for (today, count) in [
            ("2025-11-28", 0),
            ("2026-09-28", 0),
            ("2026-09-29", 1),
            ("2026-10-27", 1),
            ("2026-11-03", 1),
            ("2026-11-04", 2),
            ("2030-01-01", 2),
        ] {
            assert_eq!(due(both, today).len(), count, "{today}");
        }
    }

    #[test]
    fn what_is_due_names_the_part_the_day_and_what_to_move_to() {
        let said = due("eks = '2026-12-02'", "2026-11-28");
        assert_eq!(
            said,
            [
                "Kubernetes 1.34 is in EKS's standard support until 2026-12-02: in tools/supply/versions.toml, move node.kubernetes to 1.36 (https://kubernetes.io)"
            ]
        );
    }

    #[test]
    fn what_stays_on_purpose_is_told_and_not_due() {
        let table = table("upstream = '2026-10-27'\nkept = 'a reason'");
        assert_eq!(table.due(date("2027-01-01")), []);
        assert_eq!(table.kept().collect::<Vec<_>>(), ["Kubernetes 1.34: a reason"]);
    }

    #[test]
    fn every_row_is_of_the_version_that_is_pinned() {
        let faults = outdated(&Support::load().unwrap(), &Versions::load().unwrap());
        assert!(faults.is_empty(), "{}", faults.join("\n"));
        for (pinned, fits) in [
            ("v1.34.4", true),
            ("v1.34", true),
            ("v1.340.1", false),
            ("v1.36.4", false),
        ] {
            let versions = Versions::parse(&format!("[node]\nkubernetes = '{pinned}'")).unwrap();
            assert_eq!(outdated(&table(""), &versions).is_empty(), fits, "{pinned}");
        }
    }

    #[test]
    fn every_row_says_until_when_and_has_a_source() {
        for part in Support::load().unwrap().parts {
            let days = part.upstream.is_some() || part.eks.is_some();
            assert!(days != part.policy.is_some(), "{}: a day or a policy", part.name);
            assert!(part.source.starts_with("https://"), "{}", part.name);
        }
    }

    #[test]
    fn a_day_that_is_none_is_refused() {
        for text in ["2026-02-30", "soon", "2026-13-01", ""] {
            let row = format!(
                "[[part]]\nname = 'a'\npin = 'a.b'\nline = '1'\nnext = '2'\nsource = ''\nupstream = '{text}'"
            );
            assert!(toml::from_str::<Support>(&row).is_err(), "{text}");
        }
    }
}
