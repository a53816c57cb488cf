//! Where the files that are no pages can be read: at the forge.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Where the address stands: Argo CD has it from there.
const ADDRESS: &str = "infra/apps/base/repository.yaml";

/// The address of this repository.
#[derive(Debug)]
pub(crate) struct Repository {
    /// Without `.git`.
    address: String,
}

impl Repository {
    /// As `infra/` has it.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let text = fs::read_to_string(root.join(ADDRESS)).with_context(|| format!("read {ADDRESS}"))?;
        let mut lines = text.lines().map(str::trim);
        let address = lines.find_map(|line| line.strip_prefix("url: "));
        let address = address.with_context(|| format!("{ADDRESS} has no `url: `"))?;
        Ok(Self::at(address))
    }

    pub(crate) fn at(address: &str) -> Self {
        let address = address.trim_matches(['"', '\'', ' ']);
        Self {
            address: address.strip_suffix(".git").unwrap_or(address).to_owned(),
        }
    }

    /// Where a person reads it, if it is known how its forge names files.
    pub(crate) fn address(&self) -> Option<&str> {
        self.files().map(|_| self.address.as_str())
    }

    /// What stands between the address and the path of a file on the main branch.
    fn files(&self) -> Option<&'static str> {
        let host = self.address.strip_prefix("https://")?.split('/').next()?;
        match host {
            "github.com" => Some("blob/HEAD"),
            _ if host.starts_with("gitlab.") => Some("-/blob/HEAD"),
            _ => None,
        }
    }

    /// The address of a file or folder, if it is known how the forge names them.
    pub(crate) fn link(&self, path: &str) -> Option<String> {
        Some(format!("{}/{}/{path}", self.address, self.files()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_an_address_where_the_forge_is_known() {
        for (address, link) in [
            (
                "https://github.com/you/board.git",
                Some("https://github.com/you/board/blob/HEAD/a/b.rs"),
            ),
            (
                "'https://gitlab.example.com/a/b/board'",
                Some("https://gitlab.example.com/a/b/board/-/blob/HEAD/a/b.rs"),
            ),
            (
                "https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/board",
                None,
            ),
        ] {
            let link = link.map(str::to_owned);
            assert_eq!(Repository::at(address).link("a/b.rs"), link, "{address}");
        }
    }
}
