//! The facts that a fork has of its own: read from `infra/`, and checked where the command line gives them.

use anyhow::{Context as _, Result, bail, ensure};
use xshell::Shell;

use crate::aws::parameters::Settings;

const REPOSITORY: &str = "infra/apps/base/repository.yaml";

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
    pub(super) fn read(sh: &Shell) -> Result<Self> {
        let Settings { account, region, .. } = Settings::read(sh)?;
        let text = sh
            .read_file(REPOSITORY)
            .with_context(|| format!("read {REPOSITORY}"))?;
        let url = text.lines().find_map(|line| line.trim().strip_prefix("url: "));
        let repository = url.with_context(|| format!("{REPOSITORY} has no `url`"))?;
        Ok(Self {
            account,
            region,
            repository: repository.to_owned(),
        })
    }

    /// `IMAGE_REGISTRY` of docs/CI.md.
    pub(super) fn registry(&self) -> String {
        format!(
            "{}.dkr.ecr.{}.amazonaws.com/gitops-loop",
            self.account, self.region
        )
    }

    /// `owner/name`, if the repository is on GitHub.
    pub(super) fn on_github(&self) -> Option<&str> {
        let (host, name) = self.host_and_name()?;
        (host == "github.com").then_some(name)
    }

    /// Host and `group/project`, if the repository is on a GitLab.
    pub(super) fn on_gitlab(&self) -> Option<(&str, &str)> {
        self.host_and_name()
            .filter(|(host, _)| host.starts_with("gitlab."))
    }

    fn host_and_name(&self) -> Option<(&str, &str)> {
        let (host, path) = self.repository.strip_prefix("https://")?.split_once('/')?;
        Some((host, path.strip_suffix(".git").unwrap_or(path)))
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
            "https://me:key@host/board",
        ] {
            assert!(repository(wrong).is_err(), "{wrong}");
        }
    }
}
