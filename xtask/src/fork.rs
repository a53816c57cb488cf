//! `cargo xtask fork`: changes in `infra/` what ties it to one account, one region and one repository.
//!
//! Kubernetes and AWS read plain files, so these facts are repeated in many of them. They are replaced as text, which leaves
//! comments and order as they are. `infra/local` is left out: the end-to-end run has a forge and an account of its own.

mod facts;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use xshell::Shell;

use self::facts::Facts;
use crate::flags;

pub(crate) use self::facts::{account, region, repository};

const INFRA: &str = "infra";
const LOCAL: &str = "infra/local";
const POLICY: &str = "infra/admission/policy.yaml";

impl flags::Fork {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let root = sh.current_dir();
        let old = Facts::read(sh)?;
        let new = Facts {
            account: self.account.unwrap_or_else(|| old.account.clone()),
            region: self.region.unwrap_or_else(|| old.region.clone()),
            repository: self.repository.unwrap_or_else(|| old.repository.clone()),
        };
        for path in rewrite(&root, &old, &new)? {
            println!("changed {}", path.display());
        }
        println!("account     {}", new.account);
        println!("region      {}", new.region);
        println!("repository  {}", new.repository);
        println!("registry    {}", new.registry());
        if new.on_github().is_none() {
            println!("{POLICY} still trusts a workflow on GitHub: name your key or issuer there");
        }
        println!("docs/FORK.md says what else a fork needs");
        Ok(())
    }
}

/// Puts `new` in the place of `old`; the files that differ by that, from the root of the repository.
fn rewrite(root: &Path, old: &Facts, new: &Facts) -> Result<Vec<PathBuf>> {
    let mut changed = Vec::new();
    for path in files(root, Path::new(INFRA))? {
        let full = root.join(&path);
        let text = fs::read_to_string(&full).with_context(|| format!("read {}", path.display()))?;
        let mut edited = replaced(&text, old, new);
        if old.repository != new.repository {
            edited = trusting(&edited, new);
        }
        if edited != text {
            fs::write(&full, edited).with_context(|| format!("write {}", path.display()))?;
            changed.push(path);
        }
    }
    Ok(changed)
}

/// Every file below `folder`, but for [`LOCAL`], by path from `root`.
fn files(root: &Path, folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(root.join(folder)).with_context(|| format!("list {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("list {}", folder.display()))?;
        let path = folder.join(entry.file_name());
        if !entry.path().is_dir() {
            found.push(path);
        } else if path != Path::new(LOCAL) {
            found.extend(files(root, &path)?);
        }
    }
    found.sort();
    Ok(found)
}

/// `text` with each fact in the place of the old one, where that is a word of its own: the account's digits are also part of
/// digests.
fn replaced(text: &str, old: &Facts, new: &Facts) -> String {
    let pairs = [
        (&old.repository, &new.repository),
        (&old.account, &new.account),
        (&old.region, &new.region),
    ];
    let mut result = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let found = pairs.iter().find_map(|(old, new)| {
            let after = rest.strip_prefix(old.as_str())?;
            let alone = ![before, after.chars().next()]
                .iter()
                .flatten()
                .any(|c: &char| c.is_ascii_alphanumeric());
            alone.then_some((old, new, after))
        });
        if let Some((old, new, after)) = found {
            result.push_str(new);
            before = old.chars().last();
            rest = after;
        } else {
            result.push(next);
            before = Some(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    result
}

/// `text` with the rights and signatures of this repository's own CI, in place of any other repository's.
fn trusting(text: &str, new: &Facts) -> String {
    let line = |line: &str| {
        let (content, end) = line
            .strip_suffix('\n')
            .map_or((line, ""), |content| (content, "\n"));
        let content = if content.starts_with("GitHubRepository = ") {
            format!("GitHubRepository = \"{}\"", new.on_github().unwrap_or_default())
        } else if content.starts_with("GitLabProject = ") {
            let (_, project) = new.on_gitlab().unwrap_or_default();
            format!("GitLabProject = \"{project}\"")
        } else if let (true, Some((host, _))) = (content.starts_with("GitLabHost = "), new.on_gitlab()) {
            // The project of this name on another host may be a stranger's.
            format!("GitLabHost = \"{host}\"")
        } else if let (Some((key, identity)), Some(name)) = (
            content.split_once("subject: https://github.com/"),
            new.on_github(),
        ) && let Some((_, workflow)) = identity.split_once("/.github/")
        {
            format!("{key}subject: https://github.com/{name}/.github/{workflow}")
        } else {
            content.to_owned()
        };
        content + end
    };
    text.split_inclusive('\n').map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(account: &str, region: &str, repository: &str) -> Facts {
        Facts {
            account: account.to_owned(),
            region: region.to_owned(),
            repository: repository.to_owned(),
        }
    }

    fn old() -> Facts {
        facts("000000000000", "eu-central-1", "https://github.com/a/b.git")
    }

    #[test]
    fn facts_are_replaced_where_they_are_words_of_their_own() {
        // The new address has the old region in it, and keeps it.
        let new = facts("123456789012", "eu-west-3", "https://git.eu-central-1.x/c.git");
        let text = "000000000000.dkr.ecr.eu-central-1.x sha256:0000000000000 eu-central-1a https://github.com/a/b.git\n";
        assert_eq!(
            replaced(text, &old(), &new),
            "123456789012.dkr.ecr.eu-west-3.x sha256:0000000000000 eu-central-1a https://git.eu-central-1.x/c.git\n"
        );
        assert_eq!(replaced(text, &old(), &old()), text);
    }

    #[test]
    fn only_the_forge_of_the_repository_is_trusted() {
        let text = |[github, host, gitlab, subject]: [&str; 4]| {
            format!(
                "GitHubRepository = \"{github}\"\nGitLabHost = \"{host}\"\nGitLabProject = \"{gitlab}\"\n\
                 subject: https://github.com/{subject}/.github/x\nend"
            )
        };
        let former = text(["a/b", "gitlab.com", "a/b", "a/b"]);
        for (repository, expected) in [
            ("https://github.com/c/d.git", ["c/d", "gitlab.com", "", "c/d"]),
            ("https://gitlab.com/c/d/e.git", ["", "gitlab.com", "c/d/e", "a/b"]),
            (
                "https://gitlab.a.example/c/d",
                ["", "gitlab.a.example", "c/d", "a/b"],
            ),
        ] {
            assert_eq!(trusting(&former, &facts("", "", repository)), text(expected));
        }
    }
}
