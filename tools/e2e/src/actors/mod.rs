//! Those who act in the scenarios. A person among them does only what a person can: look at a page,
//! post a form, review and merge; loads and probes are clients that do it all the while.

mod administrator;
mod busy_load; // wing: addons
mod operator;
mod pace;
mod page;
mod probe;
mod read_load;
mod receiver; // wing: addons
mod registry;
mod reviewer;
mod sampler;
mod visitor;
mod write_load;

pub(crate) use administrator::Records; // wing: addons
pub(crate) use administrator::{Administrator, Item};
pub(crate) use busy_load::BusyLoad; // wing: addons
pub(crate) use operator::Operator;
pub(crate) use pace::Pace; // wing: addons
pub(crate) use probe::probe;
pub(crate) use read_load::ReadLoad;
pub(crate) use read_load::Tally; // wing: addons
pub(crate) use receiver::Receiver; // wing: addons
pub(crate) use registry::Registry;
pub(crate) use reviewer::{Release, Reviewer, is_bump, merge_on_forge, pins, propose_on_forge};
pub(crate) use sampler::{Rollout, sample_until_only};
pub(crate) use visitor::Visitor;
pub(crate) use write_load::WriteLoad;
