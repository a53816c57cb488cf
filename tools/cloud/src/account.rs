//! The account and region that the templates are for. Emulators are told to be it, so the tests
//! hold in a fork too.

use std::fs;

use anyhow::{Context as _, Result};

use crate::tools;

/// An account of AWS, and a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// As `eu-central-1`.
    pub region: String,
}

impl Account {
    /// The one that `infra/aws/parameters.toml` names; an error if it names none.
    pub fn read() -> Result<Self> {
        let path = tools::templates().join("parameters.toml");
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        Self::of(&text).with_context(|| format!("understand {}", path.display()))
    }

    fn of(text: &str) -> Result<Self> {
        let settings: toml::Table = text.parse().context("read TOML")?;
        let value = |name: &str| {
            let value = settings.get(name).and_then(toml::Value::as_str);
            value
                .map(str::to_owned)
                .with_context(|| format!("there is no `{name}`"))
        };
        Ok(Self {
            id: value("account")?,
            region: value("region")?,
        })
    }

    /// The name of a resource in it, as `arn:aws:ecr:eu-central-1:000000000000:repository/backend`.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_and_region_are_read() {
        let account = Account::of("# Some.\naccount = '1' # ours\nregion = \"r\"\r\n[shared]\n").unwrap();
        assert_eq!(account.arn("ecr", "repository/a"), "arn:aws:ecr:r:1:repository/a");
        Account::read().unwrap();
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = Account::of("account = \"1\"\n").unwrap_err().to_string();
        assert!(error.contains("`region`"), "{error}");
    }
}
