//! The facts that a fork has of its own: read from `infra/`, and checked where the command line
//! gives them.

use anyhow::{Context as _, Result, bail, ensure};
use project::Project;
use serde_json::Value;

use super::REPOSITORY;
use super::files::Texts;
use taskkit::aws::partition::{self, PARAMETERS, Partition, Place};

/// What a fork has differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    /// Twelve digits.
    pub(super) account: String,
    /// As `eu-central-1`.
    pub(super) region: String,
    /// Where Argo CD reads: `https://host/path`, with `.git` where the forge wants it.
    pub(super) repository: String,
}

impl Facts {
    /// As they stand in `infra/`.
    pub(super) fn of(texts: &Texts) -> Result<Self> {
        let Place { account, region } = Place::of_text(texts.text(PARAMETERS)?)?;
        let text = texts.text(REPOSITORY)?;
        let read: Value = serde_saphyr::from_str(text).with_context(|| format!("read {REPOSITORY}"))?;
        let url = read["data"]["url"].as_str().map(str::trim);
        let repository = url.with_context(|| format!("{REPOSITORY} has no `data.url`"))?;
        ensure!(
            [&*account, &*region, repository]
                .iter()
                .all(|fact| !fact.is_empty()),
            "{PARAMETERS} or {REPOSITORY} has an empty fact, which cannot be found in the other files; fill it in"
        );
        Ok(Self {
            account,
            region,
            repository: repository.to_owned(),
        })
    }

    pub(super) fn partition(&self) -> &'static Partition {
        partition::of_region(&self.region)
    }

    /// `IMAGE_REGISTRY` of docs/CI.md.
    fn registry(&self, project: &Project) -> String {
        partition::registry_of(&self.account, &self.region, project.name())
    }

    /// `owner/name`, if the repository is on GitHub.
    pub(super) fn on_github(&self) -> Option<&str> {
        let (host, name) = self.host_and_name()?;
        host.eq_ignore_ascii_case("github.com").then_some(name)
    }

    /// Host and `group/project`, if the repository is on a GitLab.
    pub(super) fn on_gitlab(&self) -> Option<(&str, &str)> {
        self.host_and_name()
            .filter(|(host, _)| host.starts_with("gitlab."))
    }

    /// Without `.git`, which the forges take or leave.
    pub(super) fn host_and_name(&self) -> Option<(&str, &str)> {
        let (host, path) = self.repository.strip_prefix("https://")?.split_once('/')?;
        Some((host, path.strip_suffix(".git").unwrap_or(path)))
    }

    pub(super) fn print(&self, project: &Project) {
        println!("account     {}", self.account);
        println!("region      {}", self.region);
        println!("partition   {}", self.partition().name);
        println!("repository  {}", self.repository);
        println!("registry    {}", self.registry(project));
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
        path.is_some_and(|(host, path)| !host.is_empty() && !path.is_empty() && !path.ends_with('/')),
        "the address of a repository is `https://host/path`, as `https://github.com/you/board.git`"
    );
    ensure!(
        !text.contains(|c: char| c.is_whitespace() || c.is_control() || "\"'@#\\".contains(c)),
        "an address with credentials or quotes has no place in Git"
    );
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "https://github.com/you/board/",
            "https://me:key@host/board",
        ] {
            assert!(repository(wrong).is_err(), "{wrong}");
        }
    }
}
