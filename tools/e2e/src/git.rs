//! Git for the developers, runners and readers of a run: closed as `gitkit` closes it, with a
//! deadline. Below it, what a run has in Git: checkouts, the forge, and changes of manifests.

pub(crate) mod checkout;
pub(crate) mod forge;
pub(crate) mod kustomization_edits;
pub(crate) mod layout;
pub(crate) mod repositories;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
pub(crate) use gitkit::short;
use tokio::process::Command;

/// No call to git here takes longer, unless something hangs.
const LIMIT: Duration = Duration::from_mins(1);

const AUTHOR: [(&str, &str); 4] = [
    ("GIT_AUTHOR_NAME", "A developer"),
    ("GIT_AUTHOR_EMAIL", "developer@example.com"),
    ("GIT_COMMITTER_NAME", "A developer"),
    ("GIT_COMMITTER_EMAIL", "developer@example.com"),
];

/// Git in one folder.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    folder: PathBuf,
    /// Settings for this process only; the token travels here and not in an argument others could
    /// read.
    config: Vec<(&'static str, String)>,
}

impl Git {
    pub(crate) fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            // The forge is on this machine, whatever proxy the environment names for others.
            config: vec![("http.proxy", String::new())],
        }
    }

    /// The same, allowed to talk to the forge.
    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.config
            .push(("http.extraHeader", format!("Authorization: token {token}")));
        self
    }

    /// The same in another folder.
    pub(crate) fn elsewhere(&self, folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            config: self.config.clone(),
        }
    }

    /// Where it runs.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn command(&self, args: &[&str]) -> Command {
        let settings = self.config.iter();
        let git = settings.fold(gitkit::Git::at(&self.folder), |git, (key, value)| {
            git.setting(*key, value)
        });
        Command::from(git.args(args).into_command())
    }

    /// Run git and keep its output, whatever it is, in `file`.
    pub(crate) async fn keep(&self, args: &[&str], file: &Path) -> Result<()> {
        let kept = File::create(file).with_context(|| format!("create {}", file.display()))?;
        let status = self
            .command(args)
            .stdin(Stdio::null())
            .stdout(kept)
            .kill_on_drop(true)
            .status();
        let status = tokio::time::timeout(LIMIT, status)
            .await
            .with_context(|| {
                format!(
                    "git {}: still running after {} s",
                    args.join(" "),
                    LIMIT.as_secs()
                )
            })?
            .context("start git")?;
        ensure!(
            status.success(),
            "git {} (in {}): {status}",
            args.join(" "),
            self.folder.display()
        );
        Ok(())
    }

    /// Run git and give its output, trimmed at the end.
    pub(crate) async fn run(&self, args: &[&str]) -> Result<String> {
        self.run_dated(args, None).await
    }

    /// The same, with the date that commits and authors get.
    pub(crate) async fn run_dated(&self, args: &[&str], date: Option<&str>) -> Result<String> {
        let named = || format!("git {} (in {})", args.join(" "), self.folder.display());
        let mut command = self.command(args);
        command.envs(AUTHOR).stdin(Stdio::null()).kill_on_drop(true);
        if let Some(date) = date {
            command
                .env("GIT_AUTHOR_DATE", date)
                .env("GIT_COMMITTER_DATE", date);
        }
        let output = tokio::time::timeout(LIMIT, command.output())
            .await
            .with_context(|| format!("{}: still running after {} s", named(), LIMIT.as_secs()))?
            .with_context(|| format!("{}: cannot be started", named()))?;
        if !output.status.success() {
            bail!("{}: {}", named(), String::from_utf8_lossy(&output.stderr).trim());
        }
        let text = String::from_utf8(output.stdout)
            .with_context(|| format!("{}: the output is not text", named()))?;
        Ok(text.trim_end().to_owned())
    }
}
