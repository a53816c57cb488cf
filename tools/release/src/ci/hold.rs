//! Times in which nothing goes to an environment: `infra/holds.toml`, as it is on the branch that
//! holds the overlays. A file that is not there holds nothing.

use std::fmt;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use serde::Deserialize;

use crate::ci::git::Git;
use crate::environment::{Environment, environments};

/// Beside the overlays, so that whoever may release may hold.
pub(crate) const FILE: &str = "infra/holds.toml";

/// Nothing goes to the environment until then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hold {
    until: Timestamp,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    holds: Vec<WrittenHold>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenHold {
    environment: String,
    until: toml::value::Datetime,
    reason: String,
}

/// What holds `environment` at `now`, as `base` has it: of several the one that ends last.
pub(crate) fn of(
    git: &Git<'_>,
    environment: Environment,
    base: &str,
    now: Timestamp,
) -> Result<Option<Hold>> {
    let text = git.file_if_any(base, FILE)?;
    let holds =
        read(&text).with_context(|| format!("{FILE} of {base}; mend it there and run the verb again"))?;
    let ours = holds
        .into_iter()
        .filter(|(of, hold)| of == environment.name() && hold.until > now);
    Ok(ours.map(|(_, hold)| hold).max_by_key(|hold| hold.until))
}

fn read(text: &str) -> Result<Vec<(String, Hold)>> {
    let written: Written = toml::from_str(text)?;
    let hold = |one: WrittenHold| {
        let WrittenHold {
            environment,
            until,
            reason,
        } = one;
        let known = || environments().iter().any(|known| known.name() == environment);
        ensure!(known(), "there is no environment `{environment}`");
        ensure!(
            !reason.trim().is_empty(),
            "a hold of {environment} needs a reason"
        );
        ensure!(
            until.date.is_some() && until.offset.is_some(),
            "`until` of a hold of {environment}: write a time with its zone, as 2026-12-27T06:00:00Z"
        );
        // What is too late to be a time is for ever.
        let until = until.to_string().parse().unwrap_or(Timestamp::MAX);
        Ok((environment, Hold { until, reason }))
    };
    written.holds.into_iter().map(hold).collect()
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "until {}: {}", self.until, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_names_an_environment_a_time_and_a_reason() {
        let hold = |environment: &str, until: &str, reason: &str| {
            let text = format!(
                "[[holds]]\nenvironment = \"{environment}\"\nuntil = {until}\nreason = \"{reason}\"\n"
            );
            read(&text).map_err(|error| format!("{error:#}"))
        };
        let (of, one) = hold("production", "2026-12-27T08:00:00+02:00", "Holidays")
            .unwrap()
            .remove(0);
        assert_eq!(
            (of.as_str(), one.to_string().as_str()),
            ("production", "until 2026-12-27T06:00:00Z: Holidays")
        );
        let ever = hold("production", "9999-12-31T23:59:59-12:00", "Retired").unwrap();
        assert_eq!(ever[0].1.until, Timestamp::MAX);
        for (environment, until, reason, fault) in [
            (
                "prod",
                "2026-12-27T06:00:00Z",
                "Holidays",
                "no environment `prod`",
            ),
            ("production", "2026-12-27T06:00:00", "Holidays", "with its zone"),
            ("production", "2026-12-27", "Holidays", "with its zone"),
            ("production", "06:00:00", "Holidays", "with its zone"),
            ("production", "\"2026-12-27T06:00:00Z\"", "Holidays", "datetime"),
            ("production", "2026-12-27T06:00:00Z", " ", "needs a reason"),
        ] {
            let said = hold(environment, until, reason).unwrap_err();
            assert!(said.contains(fault), "{said}");
        }
        assert!(read("[[freeze]]\n").is_err());
    }
}
