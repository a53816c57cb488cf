//! What a run has to do with: Git, the remotes, the forge and the gate.

use crate::ci::forge::Forge;
use crate::ci::git::Git;
use crate::ci::git::remote::Remote;
use crate::environment::{Environment, project};

/// What a proposal is made in.
pub(crate) struct Place<'a, 'sh> {
    pub(crate) git: &'a Git<'sh>,
    /// The repository of the overlays and the proposals.
    pub(crate) infra: &'a dyn Remote,
    /// The repository of the application, where that is another one.
    pub(crate) source: Option<&'a dyn Remote>,
    pub(crate) forge: &'a dyn Forge,
    /// What has to be proven before anything is proposed, if anything has.
    pub(crate) gate: Option<Gate>,
}

/// Who has to prove what is proposed.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    pub(crate) before: Environment,
    /// Why a person does not wait for that.
    pub(crate) unverified: Option<String>,
}

impl Gate {
    /// The gate in front of `environment`, if the project has one there.
    pub(crate) fn before(environment: Environment, unverified: Option<String>) -> Option<Self> {
        let before = project().before(environment).filter(|before| before.verifies())?;
        Some(Self { before, unverified })
    }
}
