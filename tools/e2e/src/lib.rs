//! Proves the whole GitOps loop on one machine:
//! `doctor → supply → clusters ∥ world → argocd → root → scenarios → report → down`. The steps are
//! listed in [`bring_up`]; each arrow is one typed value.

#![warn(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "taskkit's `lines` writes where nobody reads, too"
)]
#![allow(
    unreachable_pub,
    reason = "one binary uses this library: `pub` reaches no further than `pub(crate)`"
)]

mod account;
mod actors;
mod addons; // wing: addons
mod admission;
mod argocd;
mod bring_up;
mod checkout;
mod ci;
mod ci_service;
mod cli;
mod cluster;
mod compiled;
mod controller_image;
mod crash_test;
mod demo;
mod diagnose;
mod environment;
mod failures_page;
mod first_release;
mod fleet;
mod forge;
mod git;
mod gitops;
mod haproxy;
mod harness;
mod interrupt;
mod json_file;
mod kept_figures;
mod kustomization;
mod kustomize;
mod layout;
mod leftovers;
mod lifecycle;
mod loop_bench;
mod machine;
mod network;
mod options;
mod plan;
mod ports;
mod previews; // wing: previews
mod process;
mod progress;
mod proxy;
mod recorder;
mod releases_page;
mod render;
mod repeat;
mod repositories;
mod rollout;
mod run_dir;
mod scale_bench;
mod scenario;
mod scenario_list;
mod scenario_runner;
mod scenarios;
mod selection;
mod session;
mod shown;
mod spread;
mod state;
mod step;
mod suite;
mod teardown;
mod testbed;
mod topology;
mod verifier; // wing: verifier
mod wait;
mod world;

pub use cli::main;
