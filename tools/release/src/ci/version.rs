//! Versions as the tags of Git and of images have them: `v1.2.3`, and `v1.2.3-rc.1` before it.

use std::fmt;

use anyhow::{Context as _, Result};

/// One version; the later one of two is the greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) semver::Version);

impl Version {
    /// The version that `tag` is. No build metadata: a tag of an image has no `+`.
    pub(crate) fn of_tag(tag: &str) -> Result<Self> {
        let version = tag.strip_prefix('v').and_then(|rest| rest.parse().ok());
        let version = version.filter(|version: &semver::Version| version.build.is_empty());
        version
            .map(Self)
            .with_context(|| format!("{tag} is not a version: expected v1.2.3 or v1.2.3-rc.1"))
    }
}

/// As its tag.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn versions_are_told_from_other_tags() {
        for version in ["v0.1.0", "v1.22.333", "v1.2.3-rc.1", "v1.2.3-a-b"] {
            assert_eq!(Version::of_tag(version).unwrap().to_string(), version);
        }
        for other in [
            "1.2.3",
            "v1.2",
            "v1.2.3.4",
            "v1.02.3",
            "v1.2.x",
            "v1.2.3-",
            "v1.2.3+4",
            "v1.2.3-01",
            "vnext",
            "",
        ] {
            assert!(Version::of_tag(other).is_err(), "{other}");
        }
    }
}
