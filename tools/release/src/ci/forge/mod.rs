//! Proposals as a forge keeps them: listed, opened, closed. One file for each kind of forge.

mod answer;
pub(crate) mod codecommit;
pub(crate) mod github_api;
pub(crate) mod gitlab;
pub(crate) mod status;

use anyhow::Result;
use thiserror::Error;
use ureq::Agent;
use xshell::Shell;

use crate::ci::git::remote::Remote;
use crate::ci::http::Failure;
use crate::ci::settings;

pub(crate) use self::status::{State, Status};

/// A proposal that is neither merged nor closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Open {
    /// What this forge calls it: a number, or the branch itself.
    pub(crate) id: String,
    pub(crate) branch: String,
    /// What a person finds it by: its address where the forge gives one, otherwise its name.
    pub(crate) reference: String,
}

/// What a proposal says to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) branch: String,
    /// The branch it is to be merged into.
    pub(crate) base: String,
    pub(crate) title: String,
    pub(crate) text: String,
}

/// What the release verbs ask of a forge.
pub(crate) trait Forge {
    /// The open proposals that CI makes, so from the repository itself into the branch that holds
    /// the overlays, whose branch begins with `prefix`.
    fn open_proposals(&self, prefix: &str) -> Result<Vec<Open>>;
    /// What to tell Git's server with the push of the branch.
    fn push_options(&self, _proposal: &Proposal) -> Vec<String> {
        Vec::new()
    }
    /// Opens a proposal for a branch that is there.
    fn open(&self, proposal: &Proposal) -> Result<(), Error>;
    fn close(&self, proposal: &Open, reason: &str) -> Result<()>;
    /// The newest status of each context that a commit has; `None` where the settings do not say
    /// how to read them.
    fn statuses(&self, commit: &str) -> Result<Option<Vec<Status>>>;
}

/// Why a forge did not do what was asked, and what to do about it.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// Another run of the same commit was faster: look again.
    #[error("there is a proposal for this branch already")]
    Exists,
    #[error("{0}: the forge refuses ({1}): check {2} and what it may do, and run the verb again")]
    Credentials(String, String, &'static str),
    #[error("{0}: the forge limits how often it is asked; run the verb again {1}")]
    Limited(String, String),
    #[error(
        "{0}: the forge has no such repository, or hides it from FORGE_TOKEN; check FORGE_API, FORGE_REPO and FORGE_TOKEN: {1}"
    )]
    Missing(String, String),
    #[error(
        "{0}: the forge shows a certificate that is not trusted: add its authority to the system's, or name a file with it by \
         SSL_CERT_FILE (docs/CI.md, \"A certificate authority of your own\"): {1}"
    )]
    Certificate(String, String),
    #[error("{0}: the forge cannot be reached; run the verb again when it answers: {1}")]
    Unreachable(String, String),
    #[error("{0}: the forge answers {1}")]
    Unexpected(String, String),
}

impl Error {
    /// Of what kept an answer from coming.
    fn of(what: String, error: &ureq::Error) -> Self {
        match Failure::of(error) {
            Failure::Certificate(why) => Self::Certificate(what, why),
            Failure::Unreachable(why) => Self::Unreachable(what, why),
            Failure::Unexpected(why) => Self::Unexpected(what, why),
        }
    }

    /// Of a list that has more pages than are read.
    fn endless(of: &str, url: &str) -> Self {
        let why = "with more pages than are read; push a commit to the branch that holds the overlays, and run the verb again";
        Self::Unexpected(format!("read the {of} at {url}"), why.to_owned())
    }
}

/// The forge that the settings name.
pub(crate) fn of<'a>(
    settings: &'a settings::Forge,
    sh: &'a Shell,
    agent: &'a Agent,
    infra: &'a dyn Remote,
) -> Box<dyn Forge + 'a> {
    match settings {
        settings::Forge::GitHubApi(settings) => Box::new(github_api::Client { agent, settings }),
        settings::Forge::GitLab(api) => Box::new(gitlab::GitLab {
            remote: infra,
            agent,
            api: api.as_ref(),
        }),
        settings::Forge::CodeCommit { repository, reporter } => Box::new(codecommit::CodeCommit {
            sh,
            repository,
            reporter: reporter.as_deref(),
        }),
    }
}
