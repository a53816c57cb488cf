//! Proves the whole GitOps loop on one machine: `doctor → supply → clusters ∥ world → argocd → root → scenarios →
//! report → down`. The steps are listed in [`plan`]; each arrow is one typed value of [`env`](mod@env).

mod argocd;
mod ci;
mod cli;
mod cluster;
mod diagnose;
mod env;
mod environment;
mod forge;
mod gitops;
mod lifecycle;
mod plan;
mod process;
mod progress;
mod report;
mod run_dir;
mod scenario;
mod state;
mod teardown;
mod wait;
mod world;

pub use cli::main;
