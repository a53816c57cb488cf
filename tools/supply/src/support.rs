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
    /// When that is to be looked at again.
    #[serde(default, deserialize_with = "day")]
    again: Option<Date>,
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
    /// Nobody's, as far as it is known: a person looks again.
    Unknown,
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

    /// The end that comes first, of those whose day is known.
    pub fn first(&self) -> Option<End> {
        self.ends().into_iter().find(|end| end.by != By::Unknown)
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
        let ends = [
            end(By::Upstream, self.upstream),
            end(By::Eks, self.eks),
            end(By::Unknown, self.again),
        ];
        ends.into_iter().flatten().collect()
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
        let raise = format!("in tools/supply/versions.toml, move {pin} to {next}");
        let supported = match by {
            By::Upstream => "is mended upstream until",
            By::Eks => "is in EKS's standard support until",
            By::Unknown => {
                return write!(
                    f,
                    "{part} {line} has no published end and is to be looked at again by {day}: read {source}; {raise}, \
                     or give `again` in tools/supply/support.toml a later day"
                );
            }
        };
        write!(f, "{part} {line} {supported} {day}: {raise} ({source})")
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
mod tests;
