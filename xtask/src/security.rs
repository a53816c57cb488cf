//! `cargo xtask security`: keeps the table of docs/SECURITY.md equal to the list of claims, and the list to the tests.

mod claims;

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail, ensure};
use xshell::Shell;

use crate::flags;

pub use claims::CLAIMS;

/// One rule, and what would fail if it were broken.
#[derive(Debug)]
pub struct Claim {
    /// Where it belongs on the page.
    pub part: Part,
    /// In a few words.
    pub rule: &'static str,
    /// Why.
    pub reason: &'static str,
    /// Name of the function that checks it.
    pub check: &'static str,
    /// File with that function, from the root of the repository.
    pub file: &'static str,
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What runs in a cluster.
    Pods,
    /// Who talks to whom in a cluster.
    Network,
    /// What a cluster is sent.
    Manifests,
    /// What must not be in Git.
    Secrets,
    /// The CI systems.
    Ci,
    /// The account.
    Aws,
    /// What a visitor meets.
    Http,
}

impl Part {
    fn title(self) -> &'static str {
        match self {
            Self::Pods => "pods",
            Self::Network => "network",
            Self::Manifests => "manifests",
            Self::Secrets => "secrets",
            Self::Ci => "CI",
            Self::Aws => "AWS",
            Self::Http => "HTTP",
        }
    }
}

const PAGE: &str = "docs/SECURITY.md";
const BEGIN: &str = "<!-- From here on: cargo xtask security -->\n";
const END: &str = "<!-- To here -->\n";

impl flags::Security {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        if self.check {
            return check(sh);
        }
        tests_exist(sh)?;
        let page = sh.read_file(PAGE).with_context(|| format!("read {PAGE}"))?;
        sh.write_file(PAGE, with_table(&page)?)
            .with_context(|| format!("write {PAGE}"))
    }
}

/// An error unless the page is what the list says, and each check of the list is in its file.
pub(crate) fn check(sh: &Shell) -> Result<()> {
    tests_exist(sh)?;
    let page = sh.read_file(PAGE).with_context(|| format!("read {PAGE}"))?;
    ensure!(
        page == with_table(&page)?,
        "the table of {PAGE} is not what the list says; run: cargo xtask security"
    );
    Ok(())
}

fn tests_exist(sh: &Shell) -> Result<()> {
    for claim in CLAIMS {
        let text = sh
            .read_file(claim.file)
            .with_context(|| format!("read {}", claim.file))?;
        ensure!(
            text.contains(&format!("fn {}(", claim.check)),
            "`{}` is claimed, but {} has no {}",
            claim.rule,
            claim.file,
            claim.check
        );
    }
    Ok(())
}

fn with_table(page: &str) -> Result<String> {
    let (Some((before, _)), Some((_, after))) = (page.split_once(BEGIN), page.split_once(END)) else {
        bail!("{PAGE} has no place for the table: it stands between `{BEGIN}` and `{END}`")
    };
    let mut table = "| | rule | because | check | where |\n|---|---|---|---|---|\n".to_owned();
    for claim in CLAIMS {
        let Claim {
            rule, reason, check, ..
        } = claim;
        let (part, file) = (claim.part.title(), claim.file);
        writeln!(
            table,
            "| {part} | {rule} | {reason} | `{check}` | [{file}](../{file}) |"
        )
        .context("write a row")?;
    }
    Ok(format!("{before}{BEGIN}{table}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env;

    #[test]
    fn the_page_is_what_the_list_says() {
        check(&env::shell().unwrap()).unwrap();
    }

    #[test]
    fn a_row_that_was_changed_by_hand_is_noticed() {
        let page = env::shell().unwrap().read_file(PAGE).unwrap();
        let changed = page.replacen("| `not_root` |", "| `is_root` |", 1);
        assert_ne!(changed, page);
        assert_eq!(with_table(&changed).unwrap(), page);
        assert!(with_table("no place").is_err());
    }
}
