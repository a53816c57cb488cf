//! The people of the stories. Each does only what a person can: look at a page, post a form, review and merge.

mod administrator;
mod crowd;
mod operator;
mod pace;
mod page;
mod passer_by;
mod registry;
mod reviewer;
mod sampler;
mod visitor;
mod writers;

pub(crate) use administrator::{Administrator, Item};
pub(crate) use crowd::Crowd;
pub(crate) use operator::Operator;
pub(crate) use passer_by::walk_by;
pub(crate) use registry::Registry;
pub(crate) use reviewer::{Release, Reviewer, is_bump, merge_on_forge, overlay, pins};
pub(crate) use sampler::{Rollout, sample_until_only};
pub(crate) use visitor::Visitor;
pub(crate) use writers::Writers;
