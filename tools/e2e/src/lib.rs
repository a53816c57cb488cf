//! Proves the whole GitOps loop on one machine:
//! `doctor → supply → clusters ∥ world → argocd → root → scenarios → report → down`. The steps are
//! listed in [`run::bring_up`]; each arrow is one typed value.
//!
//! - `cli`: the command line, and the commands behind it
//! - `run`: one run, from its first line to its last: bringing up, progress, removal
//! - `scenario`: what a scenario is, which ones a run has, and how they are carried out
//! - `scenarios`: the scenarios themselves, one a file
//! - `actors`: those who act in scenarios: visitors, developers' reviewers, administrators, load
//! - `gitops`: waiting for what Argo CD makes of a commit
//! - `wait`: the one loop by which everything waits
//! - `environment`: the apps and environments under test, and names that follow from them
//! - `world`: what is outside of the clusters: the forge's container, AWS' emulator
//! - `cluster`: the clusters, as nodes on the container engine
//! - `platform`: what is brought into clusters before and beside the apps
//! - `git`: Git itself, the checkouts of a run, a client of the forge, changes of manifests
//! - `ci`: what stands in for the hosted CI
//! - `host`: what a run has of this machine itself: processes, ports, programs
//! - `report`: what is written of a run
//! - `bench`: measurements of the loop

#![warn(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "taskkit's `lines` writes where nobody reads, too"
)]

mod actors;
mod bench;
mod ci;
mod cli;
mod cluster;
mod environment;
mod git;
mod gitops;
mod host;
mod platform;
mod report;
mod run;
mod scenario;
mod scenarios;
mod wait;
mod world;

pub use cli::main;
