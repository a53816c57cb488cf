//! Entry point of `cargo xtask shift`: moves traffic between clusters (docs/CLUSTERS.md).

mod aws;
mod balancer;
mod claim;
mod clock;
mod declared;
mod drive;
mod elbv2;
mod fault;
mod flags;
mod guard;
mod haproxy;
mod prometheus;
mod ready;
mod steps;
mod weights;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    taskkit::program::end(flags::Flags::parse().run())
}
