//! `cargo xtask fork`: changes in `infra/` what ties it to one account, one region and one repository.
//!
//! Kubernetes and AWS read plain files, so these facts are repeated in many of them. They are replaced as text, which leaves
//! comments and order as they are. `infra/local` is left out: the end-to-end run has a forge and an account of its own.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use xshell::Shell;

use crate::flags;

const INFRA: &str = "infra";
const LOCAL: &str = "infra/local";
const PARAMETERS: &str = "infra/aws/parameters.toml";
const REPOSITORY: &str = "infra/apps/base/repository.yaml";
const POLICY: &str = "infra/admission/policy.yaml";

/// What a fork has differently.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Facts {
    /// Twelve digits.
    account: String,
    /// As `eu-central-1`.
    region: String,
    /// Where Argo CD reads: `https://host/path`, with `.git` where the forge wants it.
    repository: String,
}

impl flags::Fork {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let root = sh.current_dir();
        let old = Facts::read(&root)?;
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

impl Facts {
    /// As they stand in `infra/`.
    fn read(root: &Path) -> Result<Self> {
        let read = |name: &str| fs::read_to_string(root.join(name)).with_context(|| format!("read {name}"));
        let parameters: toml::Table =
            toml::from_str(&read(PARAMETERS)?).with_context(|| format!("read {PARAMETERS}"))?;
        let parameter = |name: &str| {
            let value = parameters.get(name).and_then(toml::Value::as_str);
            value
                .map(str::to_owned)
                .with_context(|| format!("{PARAMETERS} has no `{name}`"))
        };
        let text = read(REPOSITORY)?;
        let url = text.lines().find_map(|line| line.trim().strip_prefix("url: "));
        Ok(Self {
            account: parameter("account")?,
            region: parameter("region")?,
            repository: url
                .with_context(|| format!("{REPOSITORY} has no `url`"))?
                .to_owned(),
        })
    }

    /// `IMAGE_REGISTRY` of docs/CI.md.
    fn registry(&self) -> String {
        format!(
            "{}.dkr.ecr.{}.amazonaws.com/gitops-loop",
            self.account, self.region
        )
    }

    fn on_github(&self) -> Option<&str> {
        self.on(|host| host == "github.com")
    }

    fn on_gitlab(&self) -> Option<&str> {
        self.on(|host| host.starts_with("gitlab."))
    }

    /// `owner/name` of the repository, if its forge is the one that is asked for.
    fn on(&self, forge: impl Fn(&str) -> bool) -> Option<&str> {
        let (host, path) = self.repository.strip_prefix("https://")?.split_once('/')?;
        forge(host).then(|| path.strip_suffix(".git").unwrap_or(path))
    }
}

/// For the command line: the number of an account.
pub(crate) fn account(text: &str) -> Result<String> {
    ensure!(
        text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()),
        "an account has twelve digits"
    );
    Ok(text.to_owned())
}

/// For the command line: the name of a region.
pub(crate) fn region(text: &str) -> Result<String> {
    let parts: Vec<_> = text.split('-').collect();
    let [area, .., number] = parts[..] else {
        bail!("a region is named as `eu-central-1`")
    };
    let named = parts.len() > 2 && area.len() > 1 && number.parse::<u8>().is_ok();
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    ensure!(named && plain, "a region is named as `eu-central-1`");
    Ok(text.to_owned())
}

/// For the command line: the address of a repository.
pub(crate) fn repository(text: &str) -> Result<String> {
    let path = text
        .strip_prefix("https://")
        .and_then(|rest| rest.split_once('/'));
    ensure!(
        path.is_some_and(|(host, path)| !host.is_empty() && !path.is_empty()),
        "the address of a repository is `https://host/path`, as `https://github.com/you/board.git`"
    );
    ensure!(
        !text.contains(|c: char| c.is_whitespace() || "\"'@#".contains(c)),
        "an address with credentials or quotes has no place in Git"
    );
    Ok(text.to_owned())
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
            format!("GitLabProject = \"{}\"", new.on_gitlab().unwrap_or_default())
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
        let text = "GitHubRepository = \"a/b\"\nGitLabProject = \"a/b\"\nsubject: https://github.com/a/b/.github/x\nend";
        assert_eq!(
            trusting(text, &facts("", "", "https://github.com/c/d.git")),
            "GitHubRepository = \"c/d\"\nGitLabProject = \"\"\nsubject: https://github.com/c/d/.github/x\nend"
        );
        assert_eq!(
            trusting(text, &facts("", "", "https://gitlab.com/c/d/e.git")),
            "GitHubRepository = \"\"\nGitLabProject = \"c/d/e\"\nsubject: https://github.com/a/b/.github/x\nend"
        );
    }

    #[test]
    fn what_is_no_fact_is_refused() {
        assert!(
            account("123456789012").is_ok() && account("1234").is_err() && account("12345678901x").is_err()
        );
        assert!(region("eu-central-1").is_ok() && region("us-gov-west-1").is_ok());
        for wrong in ["eu", "eu-1", "Frankfurt", "eu-central-", "EU-central-1"] {
            assert!(region(wrong).is_err(), "{wrong}");
        }
        assert!(repository("https://github.com/you/board.git").is_ok());
        for wrong in [
            "you/board",
            "git@github.com:you/board",
            "https://github.com",
            "https://me:key@host/board",
        ] {
            assert!(repository(wrong).is_err(), "{wrong}");
        }
    }
}
