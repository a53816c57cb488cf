//! `template.toml`: the version of the template that a copy is from, and where newer ones are. It
//! is a file of the template like any other, so an update that is merged brings its own version
//! along.

use anyhow::{Context as _, Result};
use semver::Version;
use serde::Deserialize;

/// Its name, at the top of the repository.
pub(crate) const FILE: &str = "template.toml";
const VERSION: &str = "version = ";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: String,
    address: String,
}

/// What the file says.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) version: Version,
    pub(super) address: String,
}

impl Record {
    pub(super) fn of_text(text: &str) -> Result<Self> {
        let Written { version, address } = toml::from_str(text).with_context(|| format!("read {FILE}"))?;
        let version = Version::parse(&version)
            .with_context(|| format!("{FILE} has the version `{version}`; write it as 1.2.0"))?;
        Ok(Self { version, address })
    }
}

/// `text` with another version.
pub(super) fn with_version(text: &str, version: &Version) -> String {
    let line = |line: &str| {
        if line.starts_with(VERSION) {
            format!("{VERSION}\"{version}\"\n")
        } else {
            line.to_owned()
        }
    };
    text.split_inclusive('\n').map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_and_replaced() {
        let text = "# A version.\nversion = \"1.2.0\"\naddress = \"https://a.example/b\"\n";
        let version = Version::new(1, 10, 0);
        let record = Record::of_text(&with_version(text, &version)).unwrap();
        assert_eq!(record.version, version);
        assert!(record.version > Record::of_text(text).unwrap().version);
        let error = Record::of_text(&text.replace("1.2.0", "new")).unwrap_err();
        assert!(error.to_string().contains("write it as 1.2.0"), "{error}");
    }
}
