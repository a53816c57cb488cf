//! Clusters that a hub manages: they join and leave by a tag, nothing is lost by a mistake, and the
//! hub itself can be replaced.

pub(crate) mod back;
pub(crate) mod bad;
mod balancer;
pub(crate) mod hub_lost;
pub(crate) mod hub_restarted;
pub(crate) mod hub_swapped;
pub(crate) mod joins;
mod kept;
pub(crate) mod label_lost;
pub(crate) mod leader_stopped;
pub(crate) mod leaves;
pub(crate) mod left;
pub(crate) mod list_fails;
pub(crate) mod login;
mod pair;
mod released;
pub(crate) mod replaced;
pub(crate) mod rights;
