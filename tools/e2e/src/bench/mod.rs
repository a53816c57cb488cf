//! Measurements of the loop, and what they share: how far times lie apart, and where figures are
//! kept.

mod figure_files;
pub(crate) mod loop_bench;
pub(crate) mod scale_bench;
pub(crate) mod spread;
