//! Whole forks of this checkout, each compiled, checked and tested by its own commands: the suite
//! `forks`, which runs on request and each night. All share one target folder. What can be seen
//! without compiling them is in `tests/fork/derived.rs`.

#[path = "../tests/fork/checkout.rs"]
#[allow(dead_code, reason = "other tests use more of it")]
mod checkout;

use std::path::Path;
use std::process::Command;

use checkout::{Checkout, NUMBERS, REPOSITORY};

/// In pieces, so that they are free in a checkout that has this file too.
const NAME: &str = concat!("acme", "-forge");
const APPLICATION: &str = concat!("acme", "-shop");
const RENAMED: [&str; 4] = ["--name", NAME, "--application", APPLICATION];
/// What proves and supplies.
const TOOLS: [&str; 2] = ["--without", "e2e,supply,cloud,pipelines,bench,browser,dev"];
const EVERY_WING: [&str; 2] = [
    "--without",
    "e2e,supply,cloud,pipelines,bench,browser,dev,aws,diff,security,fork",
];

/// What `cargo xtask fork` makes with these arguments passes its own checks and tests.
fn holds(arguments: &[&str]) {
    let fork = Checkout::of_all();
    fork.fork(arguments);
    fork.commit();
    let lines = fork.lines_of_rust();
    println!("{}: {lines} lines of Rust", arguments.join(" "));
    for task in ["check", "test"] {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/forks");
        let status = Command::new("cargo")
            .args(["xtask", task])
            .current_dir(fork.path(""))
            .env("CARGO_TARGET_DIR", target)
            // A fork without what supplies skips what only that could bring.
            .env_remove("CI")
            .env_remove("CARGO_MANIFEST_DIR")
            .status()
            .expect("start cargo");
        assert!(status.success(), "`cargo xtask {task}` fails: {arguments:?}");
    }
}

#[test]
fn of_another_name() {
    holds(&[&RENAMED[..], &["--repository", REPOSITORY], &NUMBERS].concat());
}

#[test]
fn of_product_ci_and_infra() {
    holds(&TOOLS);
}

#[test]
fn of_another_name_without_any_wing() {
    holds(&[&RENAMED[..], &EVERY_WING].concat());
}
