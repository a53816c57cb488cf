//! The verbs: what each prints, keeps for people, and leaves to the modules that do the work.

mod figures;
mod follow; // wing: versions
mod images;
mod proposals;
pub(super) mod verifier; // wing: verifier
