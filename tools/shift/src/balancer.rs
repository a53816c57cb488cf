//! What a balancer can be asked and told. All that has to outlive this program is kept there: the
//! weights, and who moves them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::claim::Claim;
use crate::fault::Fault;
use crate::weights::Weights;

/// A balancer between clusters.
pub(crate) trait Balancer {
    /// The weights that it has.
    fn weights(&mut self) -> Result<Weights, Fault>;
    /// Gives it these.
    fn set(&mut self, weights: &Weights) -> Result<(), Fault>;
    /// An error if nobody would answer what is sent to this target.
    fn expect_somebody(&mut self, target: &str) -> Result<(), Fault>;
    /// What it has counted, for each target.
    fn counts(&mut self) -> Result<Counts, Fault>;
    /// Who moves its weights, or was about to.
    fn claims(&mut self) -> Result<Vec<Claim>, Fault>;
    /// Keeps a claim, in place of an earlier one of the same id.
    fn put(&mut self, claim: &Claim) -> Result<(), Fault>;
    /// Forgets a claim; nothing if it is not there.
    fn remove(&mut self, id: &str) -> Result<(), Fault>;
    /// How quickly it counts and keeps.
    fn pace(&self) -> Pace;
}

/// What was counted until a time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    /// Until when, since 1970; later requests may be missing.
    pub(crate) until: Duration,
    pub(crate) of: BTreeMap<String, Count>,
}

/// What one target was sent and has made of it, since some time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Requests that were sent to it.
    pub(crate) sent: u64,
    /// Those that have ended, well or badly.
    pub(crate) ended: u64,
    /// Those of them that ended badly: an answer of its own fault, or none.
    pub(crate) failed: u64,
}

/// What suits a kind of balancer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Between two looks at it.
    pub(crate) poll: Duration,
    /// How long each step is held.
    pub(crate) hold: Duration,
    /// After which a request counts as not answered.
    pub(crate) patience: Duration,
    /// How long a step may wait for enough requests.
    pub(crate) wait: Duration,
    /// How long it may be out of reach before the guard counts as blind, and how long going back is
    /// tried.
    pub(crate) blind: Duration,
    pub(crate) back: Duration,
    /// How long a claim holds that nobody renews.
    pub(crate) lease: Duration,
}
