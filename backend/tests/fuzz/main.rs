//! schemathesis makes requests from the document that the API serves, allowed ones and others, and
//! compares each answer with it. It must find nothing at the API, and it must find each fault that
//! is put in front of it.
//!
//! `cargo xtask test` and `cargo xtask fuzz` bring schemathesis: `SCHEMATHESIS` is its program.
#![allow(
    clippy::unwrap_used,
    reason = "test helpers outside test functions fail the test all the same"
)]

mod fault;
mod schemathesis;
mod server;

use std::env;
use std::process::ExitCode;

use fault::{FAULTS, Fault};
use libtest_mimic::{Arguments, Trial};
use schemathesis::ask;
use serde_json::Value;
use server::Server;
use tokio::runtime::Runtime;

/// For each operation, and for the sequences of operations. A number, not a time: a busy machine
/// must not be asked less.
const EXAMPLES: &str = "40";
/// An operation with something to choose that was asked less often was not tried, whatever
/// schemathesis says.
const LEAST_REQUESTS: usize = 20;

fn main() -> ExitCode {
    let is_there = env::var_os("SCHEMATHESIS").is_some();
    if !is_there {
        println!("skipped: SCHEMATHESIS names no program; cargo xtask fuzz brings it");
    }
    let whole = Trial::test("the_api_keeps_to_its_document", || {
        Runtime::new()?.block_on(keeps_to_its_document());
        Ok(())
    });
    let faulty = FAULTS.iter().map(|fault| {
        Trial::test(format!("{}_is_found", fault.name), || {
            Runtime::new()?.block_on(is_found(fault));
            Ok(())
        })
    });
    let trials = [whole].into_iter().chain(faulty);
    let trials = trials.map(|trial| trial.with_ignored_flag(!is_there));
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

async fn keeps_to_its_document() {
    let server = Server::start(|router| router).await;
    let examples = env::var("FUZZ_EXAMPLES").unwrap_or_else(|_| EXAMPLES.to_owned());
    let mut arguments = vec!["--phases=coverage,fuzzing,stateful", "--max-examples", &examples];
    let seed = env::var("FUZZ_SEED").ok();
    if let Some(seed) = &seed {
        arguments.extend(["--seed", seed]);
    }
    let answer = ask(&server, &arguments).await;
    println!("{}", answer.text);
    assert!(answer.found_nothing, "it found the above");

    let asked = server.asked();
    let document: Value = serde_json::from_str(&backend::openapi::document()).unwrap();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let has_choice = ["parameters", "requestBody"]
                .iter()
                .any(|part| !operation[part].is_null());
            let least = if has_choice { LEAST_REQUESTS } else { 1 };
            let name = format!("{} {path}", method.to_uppercase());
            let count = asked.get(&name).copied().unwrap_or_default();
            assert!(count >= least, "{name} was asked {count} times");
        }
    }
}

async fn is_found(fault: &'static Fault) {
    let server = Server::start(|router| fault.put_before(router)).await;
    let answer = ask(&server, &["--phases=coverage", "--include-path", fault.path]).await;
    assert!(!answer.found_nothing, "{}", answer.text);
    assert!(answer.text.contains(fault.finding), "{}", answer.text);
}
