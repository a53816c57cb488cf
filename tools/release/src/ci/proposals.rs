//! What a run proposes with: Git, the remotes, the forge and the gate.

use crate::ci::forge::Forge;
use crate::ci::gate::Gate;
use crate::ci::git::Git;
use crate::ci::git::remote::Remote;

/// What the proposals of a run are made, found and closed with.
pub(crate) struct Proposals<'a, 'sh> {
    pub(crate) git: &'a Git<'sh>,
    /// The repository of the overlays and the proposals.
    pub(crate) infra: &'a dyn Remote,
    /// The repository of the application, where that is another one.
    pub(crate) source: Option<&'a dyn Remote>,
    pub(crate) forge: &'a dyn Forge,
    /// What has to be proven before anything is proposed, if anything has.
    pub(crate) gate: Option<Gate>,
}
