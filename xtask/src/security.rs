//! `cargo xtask security`: keeps the tables of docs/SECURITY.md and docs/CHECKLIST.md equal to
//! their lists, and the lists to the tests.

mod checklist;
mod claims;
mod points;
mod sources;

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail, ensure};
use xshell::Shell;

use crate::flags;

pub use claims::CLAIMS;
use sources::Sources;

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
    /// What is released, and by whom.
    Images,
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
            Self::Images => "images",
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
        for (path, _, right) in pages(sh)? {
            sh.write_file(path, right)
                .with_context(|| format!("write {path}"))?;
        }
        Ok(())
    }
}

/// An error unless the pages are what the lists say, and each check of the lists is in its file.
pub(crate) fn check(sh: &Shell) -> Result<()> {
    for (path, is, right) in pages(sh)? {
        ensure!(
            is == right,
            "the table of {path} is not what the list says; run: cargo xtask security"
        );
    }
    Ok(())
}

/// Each page: where it is, what it is, and what it should be.
fn pages(sh: &Shell) -> Result<[(&'static str, String, String); 2]> {
    let sources = Sources::read(sh)?;
    for claim in CLAIMS {
        sources
            .is_run(claim.file, claim.check)
            .with_context(|| format!("`{}` is claimed", claim.rule))?;
    }
    let page = |path, table: &str| {
        let is = sh.read_file(path).with_context(|| format!("read {path}"))?;
        let right = with_table(path, &is, table)?;
        anyhow::Ok((path, is, right))
    };
    Ok([
        page(PAGE, &claims_table())?,
        page(checklist::PAGE, &checklist::table(&sources)?)?,
    ])
}

fn claims_table() -> String {
    let mut table = "| | rule | reason | test | file |\n|---|---|---|---|---|\n".to_owned();
    for claim in CLAIMS {
        let Claim {
            rule, reason, check, ..
        } = claim;
        let (part, file) = (claim.part.title(), claim.file);
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "| {part} | {rule} | {reason} | `{check}` | [{file}](../{file}) |"
        );
    }
    table
}

fn with_table(path: &str, page: &str, table: &str) -> Result<String> {
    let (Some((before, _)), Some((_, after))) = (page.split_once(BEGIN), page.split_once(END)) else {
        bail!("{path} has no place for the table: it stands between `{BEGIN}` and `{END}`")
    };
    Ok(format!("{before}{BEGIN}{table}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use taskkit::checkout;

    #[test]
    fn the_pages_are_what_the_lists_say() {
        check(&checkout::shell().unwrap()).unwrap();
    }

    #[test]
    fn a_row_that_was_changed_by_hand_is_noticed() {
        let [(path, page, right), _] = pages(&checkout::shell().unwrap()).unwrap();
        let changed = page.replacen("| `not_root` |", "| `is_root` |", 1);
        assert_ne!(changed, page);
        assert_eq!(with_table(path, &changed, &claims_table()).unwrap(), right);
        assert!(with_table(path, "no place", "").is_err());
    }
}
