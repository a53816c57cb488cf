//! Whole forks of this checkout, each compiled, checked and tested by its own commands: the suite
//! `forks`, which runs on request and each night. All share one target folder. What can be seen
//! without compiling them is in `tests/fork/derived.rs`.

#[path = "../tests/fork/checkout.rs"]
#[allow(dead_code, reason = "other tests use more of it")]
mod checkout;

use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use checkout::{Checkout, MOST_LINES, NUMBERS, REPOSITORY};
use project::Kind;

/// In pieces, so that they are free in a checkout that has this file too.
const NAME: &str = concat!("ac", "me-forge");
const APPLICATION: &str = concat!("ac", "me-shop");
const RENAMED: [&str; 4] = ["--name", NAME, "--application", APPLICATION];
/// What proves and supplies.
const TOOLS: [&str; 2] = [
    "--without",
    "e2e,supply,cloud,pipelines,bench,browser,dev,child-process",
];

/// Changes a copy of this checkout by `cargo xtask fork` with these arguments.
fn forked(fork: &Checkout, arguments: &[&str]) {
    fork.fork(arguments);
    fork.commit();
    let lines = fork.lines_of_rust();
    println!("{}: {lines} lines of Rust", arguments.join(" "));
}

/// Adds an app by the fork's own command; its tests are then among the fork's own.
fn with_app(fork: &Checkout, kind: Kind) {
    let name = format!("our-{kind}");
    task(fork, &["new-app", &name, "--kind", kind.name()]);
    fork.commit();
}

/// One fork at a time: the tests of another one would take its ports, and its time.
static TURN: Mutex<()> = Mutex::new(());

/// It passes its own checks and tests.
fn holds(fork: &Checkout) {
    // Whoever failed with it has left nothing half done that the next one would find.
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for name in ["check", "test"] {
        let begun = Instant::now();
        task(fork, &[name]);
        println!("cargo xtask {name}: {:.0} s", begun.elapsed().as_secs_f64());
    }
    drop(turn);
}

/// Runs `cargo xtask …` in a fork, which has to end well.
fn task(fork: &Checkout, arguments: &[&str]) {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/forks");
    let cache = format!("{}_CACHE", NAME.to_uppercase().replace('-', "_"));
    let status = Command::new("cargo")
        .arg("xtask")
        .args(arguments)
        .current_dir(fork.path(""))
        // A fork of another name has a cache of its own, which is not to stay behind.
        .env(&cache, target.join("cache"))
        .env("CARGO_TARGET_DIR", target)
        // A fork without what supplies skips what only that could bring.
        .env_remove("CI")
        .env_remove("CARGO_MANIFEST_DIR")
        .status()
        .expect("start cargo");
    assert!(status.success(), "`cargo xtask {}` fails", arguments.join(" "));
}

#[test]
fn of_another_name() {
    let fork = Checkout::of_all();
    forked(
        &fork,
        &[&RENAMED[..], &["--repository", REPOSITORY], &NUMBERS].concat(),
    );
    holds(&fork);
}

#[test]
fn of_product_ci_and_infra_with_an_app_of_each_kind() {
    let fork = Checkout::of_all();
    forked(&fork, &TOOLS);
    for kind in Kind::ALL {
        with_app(&fork, kind);
    }
    holds(&fork);
}

#[test]
fn of_another_name_without_any_wing_and_with_an_app_of_its_own() {
    let fork = Checkout::of_all();
    with_app(&fork, Kind::Api);
    forked(&fork, &[&RENAMED[..], &["--without", &fork.wings()]].concat());
    holds(&fork);
    let lines = fork.lines_of_rust();
    assert!(
        lines <= MOST_LINES,
        "{lines} lines of Rust, {MOST_LINES} are allowed"
    );
}
