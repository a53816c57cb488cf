//! Runs the repository's own CI files on this machine, each as its hosted system would run it for a
//! push, or for another [`Cause`].
//!
//! | system | file | run by |
//! |---|---|---|
//! | CodeBuild | `buildspec.yaml` | an interpreter in this crate |
//! | GitHub | in `.github/workflows`, one for each cause | act, in host mode |
//! | GitLab | `.gitlab-ci.yml` | gitlab-ci-local, with its shell executor |
//!
//! What is deliberately absent: anything about forges, registries and the verbs. Those are the
//! files' own business.

mod codebuild;
mod github;
mod gitlab;
mod machine;

pub use machine::settings_of_this_process;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use supply::{GitLabRunner, Session};

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

/// What starts a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause<'a> {
    /// The [`Push`] itself.
    Push,
    /// A new tag at its commit.
    Tag(&'a str),
    /// A commit status of this name on its commit. GitLab hears of none: whoever sets one asks its
    /// API for the pipeline of the branch.
    Status(&'a str),
    // wing: previews
    /// A pull request whose head is its commit.
    PullRequest(PullRequest<'a>),
    // end of wing
    /// A person who wants the image of the controller of this name, from its branch.
    Controller(&'a str),
}

/// The commit that a run is for, on the branch that it was pushed to.
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
/// The pull request that a run is for, on GitLab called a merge request.
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
    /// Whether what a merge of it would be is checked out, and not its head.
    pub merged: bool,
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

/// What each run is given, whatever its cause.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// As configured on the hosted system.
    pub project: &'a Project,
    /// What it works on.
    pub push: Push<'a>,
    /// Where it writes.
    pub place: Place<'a>,
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
    /// The file that it runs for a push, inside the repository.
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

    /// Gets what the system needs to be run on this machine.
    pub fn supply(session: Session<'_>, system: System) -> Result<Self> {
        Ok(match system {
            System::Codebuild => Self::CodeBuild,
            System::Github => Self::GitHub(supply::act(session)?),
            System::Gitlab => Self::GitLab {
                runner: supply::gitlab_runner(session)?,
                isolated: false,
            },
        })
    }

    /// Runs what the checkout has for the cause; `doing` hears what is going on. Dropping the
    /// future ends all that was started. An error means that the run could not be carried out; a
    /// run that failed is an [`Outcome`].
    pub async fn run(&self, cause: Cause<'_>, run: &Run<'_>, doing: impl Fn(&str)) -> Result<Outcome> {
        match self {
            Self::CodeBuild => codebuild::run(cause, run, doing).await,
            Self::GitHub(act) => github::run(act, cause, run, doing).await,
            Self::GitLab { runner, isolated } => gitlab::run((runner, *isolated), cause, run, doing).await,
        }
    }
}

/// The root of the checkout this was built in.
#[cfg(test)]
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
