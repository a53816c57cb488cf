//! Runs the repository's own CI files on this machine, each as its hosted system would run it for a
//! push.
//!
//! | system | file | run by |
//! |---|---|---|
//! | CodeBuild | `buildspec.yaml` | an interpreter in this crate |
//! | GitHub | `.github/workflows/deliver.yaml` | act, in host mode |
//! | GitLab | `.gitlab-ci.yml` | gitlab-ci-local, with its shell executor |
//!
//! What is deliberately absent: anything about forges, registries and the verbs. Those are the
//! files' own business.

mod codebuild;
pub mod github;
pub mod gitlab;
mod machine;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use supply::cache::Cache;
use supply::{GitLabRunner, Progress};

/// A hosted CI system.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum System {
    /// AWS `CodeBuild`, by an interpreter of its buildspec
    #[default]
    Codebuild,
    /// GitHub Actions, by act
    Github,
    /// GitLab CI, by gitlab-ci-local
    Gitlab,
}

/// A system with what runs its file here.
#[derive(Debug, Clone)]
pub enum Runner {
    /// Nothing from outside is needed.
    CodeBuild,
    /// The path of act.
    GitHub(PathBuf),
    /// gitlab-ci-local, and whether each job gets a copy of the checkout of its own, as on GitLab.
    /// Without, jobs share what they compiled, and also what they forgot to hand on.
    GitLab {
        /// Script and Node.
        runner: GitLabRunner,
        /// A copy of the checkout for each job.
        isolated: bool,
    },
}

/// What the owner of a project has configured on the hosted system.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// Variables that everybody may read.
    pub settings: BTreeMap<String, String>,
    /// Variables that are masked. Values are not shown in this crate's errors.
    pub secrets: BTreeMap<String, String>,
    /// What the runner's machine has in its environment on top of this process's.
    pub machine: BTreeMap<String, String>,
}

/// The push that a run is for.
#[derive(Debug, Clone, Copy)]
pub struct Push<'a> {
    /// A clean checkout of the commit with the branch checked out; `origin` is the forge.
    pub checkout: &'a Path,
    /// Without `refs/heads/`.
    pub branch: &'a str,
    /// The branch's new commit.
    pub commit: &'a str,
    /// Numbers the run.
    pub number: usize,
}

// wing: previews
/// The pull request that a run is for, on GitLab called a merge request; its head is the commit of
/// the [`Push`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PullRequest<'a> {
    /// Owner and name of where it goes, as `owner/name`.
    pub repository: &'a str,
    /// The same of where it comes from: another one if it is a fork's.
    pub from: &'a str,
    /// What people have marked it with.
    pub labels: &'a [&'a str],
    /// Its number in the repository.
    pub number: usize,
    /// The commit where its branch parts from the one that it goes to.
    pub base: &'a str,
}
// end of wing

/// Where a run writes.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// All that the jobs print.
    pub log: &'a Path,
    /// Settings and scripts of the run; kept, for people to look at.
    pub scratch: &'a Path,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The first thing that went wrong; nothing if the run passed.
    pub failure: Option<String>,
    /// What a build of CodeBuild hands on.
    pub exported: BTreeMap<String, String>,
    /// The jobs that passed (on CodeBuild: the phases), in order. A runner may skip a job in
    /// silence: look here.
    pub ran: Vec<String>,
}

impl System {
    /// Its file, inside the repository.
    pub fn file(self) -> &'static str {
        match self {
            Self::Codebuild => codebuild::FILE,
            Self::Github => github::FILE,
            Self::Gitlab => gitlab::FILE,
        }
    }
}

impl Runner {
    /// Whose file it runs.
    pub fn system(&self) -> System {
        match self {
            Self::CodeBuild => System::Codebuild,
            Self::GitHub(_) => System::Github,
            Self::GitLab { .. } => System::Gitlab,
        }
    }

    /// Gets what the system needs to be run on this machine; without `install`, what is not there
    /// is an error.
    pub fn supply(
        system: System,
        cache: &Cache,
        install: bool,
        progress: &dyn Progress,
        logs: &Path,
    ) -> Result<Self> {
        Ok(match system {
            System::Codebuild => Self::CodeBuild,
            System::Github => Self::GitHub(supply::act(cache, install, progress, logs)?),
            System::Gitlab => Self::GitLab {
                runner: supply::gitlab_runner(cache, install, progress, logs)?,
                isolated: false,
            },
        })
    }

    /// Runs the file of the checkout; `doing` hears what is going on. Dropping the future ends all
    /// that was started. An error means that the run could not be carried out; a run that failed is
    /// an [`Outcome`].
    pub async fn run(
        &self,
        project: &Project,
        push: &Push<'_>,
        place: &Place<'_>,
        doing: impl Fn(&str),
    ) -> Result<Outcome> {
        match self {
            Self::CodeBuild => codebuild::run(project, push, place, doing).await,
            Self::GitHub(act) => github::run(act, project, push, place, doing).await,
            Self::GitLab { runner, isolated } => {
                let cause = gitlab::Cause::Push;
                gitlab::run((runner, *isolated), cause, project, push, place, doing).await
            }
        }
    }
}

/// The root of the checkout this was built in.
#[cfg(test)]
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
