//! The verbs: what each prints, keeps for people, and leaves to the modules that do the work.

pub(super) mod controller;
mod follow; // wing: versions
mod images;
mod proposals;
mod releases;
