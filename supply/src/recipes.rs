//! The list of all parts; each file below holds the recipe of one.

pub mod node;

use crate::part::Part;

/// Every image from outside, the slowest to build first.
pub const PARTS: &[Part] = &[node::PART];
