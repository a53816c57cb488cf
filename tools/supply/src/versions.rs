//! Reads `versions.toml`, the only place that names a version of an outside part, and what programs
//! say of their own.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};

const FILE: &str = include_str!("../versions.toml");

/// Table → key → value, as in the file.
#[derive(Debug, Clone)]
pub struct Versions(BTreeMap<String, BTreeMap<String, String>>);

impl Versions {
    /// The versions this build of the crate carries.
    pub fn load() -> Result<Self> {
        Self::parse(FILE)
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        toml::from_str(text)
            .map(Self)
            .context("read tools/supply/versions.toml")
    }

    /// One value, for example `get("forge", "gitea")`.
    pub fn get(&self, table: &str, key: &str) -> Result<&str> {
        self.0
            .get(table)
            .and_then(|values| values.get(key))
            .map(String::as_str)
            .with_context(|| format!("tools/supply/versions.toml has no `{key}` in [{table}]"))
    }

    /// One table as text, for a content key: the same values give the same text whatever their
    /// order in the file.
    pub(crate) fn canonical(&self, table: &str) -> String {
        let values = self.0.get(table).into_iter().flatten();
        values
            .map(|(key, value)| format!("{table}.{key}={value}"))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// The first word that looks like a version: `go version go1.26.8 linux/amd64` has 1.26.8.
pub(crate) fn version_in(text: &str) -> Option<Vec<u64>> {
    text.split_whitespace()
        .map(|word| word.trim_start_matches(|c: char| !c.is_ascii_digit()))
        .find(|word| word.contains('.'))
        .map(numbers)
}

/// The numbers of a version, which compare as versions do.
pub(crate) fn numbers(version: &str) -> Vec<u64> {
    version
        .split(|c: char| !c.is_ascii_digit())
        .map_while(|part| part.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nodes_have_the_versions_of_the_host() {
        let versions = Versions::load().unwrap();
        assert_eq!(
            versions.get("node", "kubernetes").unwrap(),
            versions.get("tools", "kubectl").unwrap()
        );
        assert_eq!(
            versions.get("node", "kind").unwrap(),
            versions.get("tools", "kind").unwrap()
        );
    }

    #[test]
    fn what_hosted_ci_and_aws_have_is_what_is_pinned() {
        let versions = Versions::load().unwrap();
        for (table, key, file, before) in [
            (
                "hosted",
                "cosign",
                ".github/workflows/deliver.yaml",
                "cosign-release: ",
            ),
            (
                "hosted",
                "codebuild",
                "infra/aws/build.yaml",
                "Default: aws/codebuild/",
            ),
            // wing: addons
            (
                "load-balancer",
                "chart",
                "docs/ADDONS.md",
                "eks-charts --version ",
            ),
            // end of wing
        ] {
            // A fork may have deleted it.
            let Ok(text) = std::fs::read_to_string(crate::recipes::root().join(file)) else {
                continue;
            };
            let pinned = versions.get(table, key).unwrap();
            let pinned = pinned.rsplit('/').next().unwrap();
            let repeated: Vec<_> = text.split(before).skip(1).collect();
            assert!(!repeated.is_empty(), "{file} has no `{before}`");
            for rest in repeated {
                let found = rest.split_whitespace().next().unwrap_or_default();
                assert_eq!(found, pinned, "{file} has another {table}.{key}");
            }
        }
    }

    #[test]
    fn a_missing_key_is_named() {
        let error = Versions::parse("[a]\nb = '1'")
            .unwrap()
            .get("a", "c")
            .unwrap_err()
            .to_string();
        assert_eq!(error, "tools/supply/versions.toml has no `c` in [a]");
    }

    #[test]
    fn order_does_not_matter() {
        let one = Versions::parse("[a]\nb = '1'\nc = '2'").unwrap();
        let two = Versions::parse("[a]\nc = '2'\nb = '1'").unwrap();
        assert_eq!(one.canonical("a"), two.canonical("a"));
    }

    #[test]
    fn a_version_is_found_and_compared_by_its_numbers() {
        assert_eq!(
            version_in("go version go1.26.8 linux/amd64"),
            Some(vec![1, 26, 8])
        );
        assert_eq!(version_in("Python 3.11.7"), Some(vec![3, 11, 7]));
        assert_eq!(version_in("no such thing"), None);
        assert!(numbers("1.26.10") > numbers("1.26.3") && numbers("1.9") < numbers("1.26.3"));
    }
}
