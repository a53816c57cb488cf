//! Which skips a CI accepts. A person reads why something was left out; of a CI only the colour is
//! seen.

use anyhow::{Context as _, Result};
use serde::Deserialize;
use taskkit::checkout;

const LIST: &str = include_str!("../skips.toml");
/// Where a reader finds it.
const FILE: &str = "xtask/skips.toml";

/// The skips that may be.
#[derive(Debug)]
pub(crate) struct Skips {
    in_ci: bool,
    listed: Vec<Skip>,
}

#[derive(Debug, Deserialize)]
struct List {
    skip: Vec<Skip>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Skip {
    what: String,
    reason: String,
    /// For the reader of the list; an entry without it is refused.
    #[serde(rename = "because")]
    _because: String,
}

impl Skips {
    /// The list, and whether it counts.
    pub(crate) fn load() -> Result<Self> {
        Self::read(LIST, checkout::in_ci())
    }

    fn read(list: &str, in_ci: bool) -> Result<Self> {
        let List { skip } = toml::from_str(list).with_context(|| format!("understand {FILE}"))?;
        Ok(Self { in_ci, listed: skip })
    }

    /// Why a skip is a failure here; none if it may be.
    pub(crate) fn fault(&self, what: &str, reason: &str) -> Option<String> {
        let listed = |skip: &Skip| what.contains(&skip.what) && reason.contains(&skip.reason);
        (self.in_ci && !self.listed.iter().any(listed)).then(|| {
            format!(
                "skipped in CI: {reason}; bring about what it needs, or list it in {FILE} with the reason"
            )
        })
    }
}

#[cfg(test)]
impl Skips {
    /// With one entry, as a CI reads it.
    pub(crate) fn of_ci(what: &str, reason: &str) -> Self {
        let entry = format!("[[skip]]\nwhat = {what:?}\nreason = {reason:?}\nbecause = \"a test\"\n");
        Self::read(&entry, true).expect("an entry")
    }

    /// As a person's machine has it.
    pub(crate) fn of_a_person() -> Self {
        Self::read(LIST, false).expect("the list")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_ci_only_what_is_listed_may_be_skipped() {
        let ci = Skips::of_ci("browser", "no chromium");
        assert_eq!(ci.fault("browser: the page", "no chromium here"), None);
        for (what, reason) in [
            ("browser: the page", "pip is not on PATH"),
            ("backend", "no chromium here"),
            ("backend: contract", "find the container engine: Socket not found"),
        ] {
            let fault = ci.fault(what, reason).unwrap();
            assert!(fault.contains(reason) && fault.contains(FILE), "{fault}");
        }
    }

    #[test]
    fn a_person_may_skip_and_the_list_can_be_read() {
        assert_eq!(Skips::of_a_person().fault("browser", "anything"), None);
        assert!(Skips::read("[[skip]]\nwhat = \"a\"\nreason = \"b\"\n", true).is_err());
    }
}
