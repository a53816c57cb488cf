//! Carries a run out: a clean checkout of the pushed commit, the variables a hosted build would have, the buildspec.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::build::{self, Built};
use super::buildspec::Buildspec;
use super::records::{Records, Run, RunState};
use super::session::Session;
use crate::git::Git;

/// The buildspec, inside the repository.
const BUILDSPEC: &str = "buildspec.yaml";

/// A hosted build has a timeout too; a cold build on two cores stays well below this.
const LIMIT: Duration = Duration::from_mins(25);

/// What every run shares.
#[derive(Clone, Debug)]
pub(crate) struct Runner {
    /// Kept between runs of the e2e: the checkout, and what the compiler made.
    pub(crate) cache: PathBuf,
    /// Where this run of the e2e keeps the scripts it ran.
    pub(crate) scripts: PathBuf,
    /// Where to fetch from, as this machine sees it.
    pub(crate) remote: String,
    pub(crate) token: String,
    /// Registry, forge, container engine: as a hosted project would have them configured.
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) records: Records,
}

impl Runner {
    /// Carry out one run; how it went is written to the records.
    pub(crate) async fn carry_out(&self, run: &Run) {
        let start = Instant::now();
        let state = match tokio::time::timeout(LIMIT, self.build(run)).await {
            Ok(Ok(Built {
                failure: None,
                exported,
            })) => RunState::Passed {
                seconds: start.elapsed().as_secs_f64(),
                exported,
            },
            Ok(Ok(Built {
                failure: Some(cause), ..
            })) => RunState::Failed { cause },
            Ok(Err(error)) => RunState::Failed {
                cause: format!("{error:#}"),
            },
            Err(_) => RunState::Failed {
                cause: format!("not done within {} s", LIMIT.as_secs()),
            },
        };
        self.records.set(run.number, state);
    }

    async fn build(&self, run: &Run) -> Result<Built> {
        self.records
            .set(run.number, RunState::Running("checkout".to_owned()));
        let checkout = self.cache.join("checkout");
        self.check_out(&checkout, &run.commit)
            .await
            .context("check the pushed commit out")?;
        let spec = Buildspec::read(&checkout.join(BUILDSPEC))?;
        let variables = spec.variables(&self.variables_of(run, &checkout))?;
        let scripts = self.scripts.join(run.number.to_string());
        let mut session = Session::open(spec.env.shell, &checkout, &variables, &run.log, &scripts)?;
        let doing = |command: &str| {
            let first = command.lines().next().unwrap_or_default();
            self.records.set(run.number, RunState::Running(first.to_owned()));
        };
        build::execute(&spec, &mut session, doing).await
    }

    /// The same content as a fresh clone, in a folder that stays: files that did not change keep their times, and only by
    /// those does cargo know that it need not compile them again.
    async fn check_out(&self, folder: &Path, commit: &str) -> Result<()> {
        std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        let git = Git::at(folder).with_token(&self.token);
        if !folder.join(".git").exists() {
            git.run(&["init", "--quiet"]).await?;
        }
        // What a killed git left behind: only one run at a time works here.
        let _ = std::fs::remove_file(folder.join(".git/index.lock"));
        let _ = git.run(&["remote", "remove", "origin"]).await;
        git.run(&["remote", "add", "origin", &self.remote]).await?;
        git.run(&["fetch", "--quiet", "--prune", "origin"]).await?;
        git.run(&["checkout", "--quiet", "--force", "--detach", commit])
            .await?;
        git.run(&["clean", "--quiet", "-ffdx"]).await?;
        let left = git.run(&["status", "--porcelain", "--ignored"]).await?;
        ensure!(left.is_empty(), "the checkout is not clean: {left}");
        Ok(())
    }

    fn variables_of(&self, run: &Run, checkout: &Path) -> BTreeMap<String, String> {
        let mut variables = self.variables.clone();
        let target = self.cache.join("target").display().to_string();
        for (name, value) in [
            ("RELEASE_BRANCH", run.branch.clone()),
            ("CARGO_TARGET_DIR", target),
            ("CODEBUILD_CI", "true".to_owned()),
            ("CODEBUILD_BUILD_NUMBER", run.number.to_string()),
            ("CODEBUILD_RESOLVED_SOURCE_VERSION", run.commit.clone()),
            ("CODEBUILD_SRC_DIR", checkout.display().to_string()),
            ("CODEBUILD_WEBHOOK_HEAD_REF", format!("refs/heads/{}", run.branch)),
            // A hosted build has no developer's identity or settings.
            ("GIT_CONFIG_GLOBAL", "/dev/null".to_owned()),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
        ] {
            variables.insert(name.to_owned(), value);
        }
        variables
    }
}
