//! One suite: it gets what it needs, its tests run, and what they say is counted.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use xshell::Shell;

use super::Suite;
use super::needs::Ready;
use super::sum::Row;
use taskkit::build::DepInfo;
use taskkit::env;

/// What all suites of one run share.
pub(super) struct Runner<'r> {
    /// The root of the checkout.
    pub(super) root: &'r Path,
    pub(super) install: bool,
    /// Variables that all of them get.
    pub(super) variables: Vec<(&'static str, OsString)>,
    /// What the apps were made from. Whoever holds it gets ready: two would wait for each other's
    /// compiler and installer all the same.
    pub(super) made: Mutex<Vec<DepInfo>>,
}

/// What a suite needed, and how long it took to get it.
pub(super) struct Begun {
    ready: Ready,
    took: Duration,
}

impl Runner<'_> {
    /// Gets what a suite needs.
    pub(super) fn ready(&self, suite: &Suite) -> Result<Begun> {
        let mut all_made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let started = Instant::now();
        let mut ready = suite.needs.ready(&self.shell()?, self.install)?;
        if let Ready::Yes { made, .. } = &mut ready {
            all_made.append(made);
        }
        let took = started.elapsed();
        Ok(Begun { ready, took })
    }

    /// Runs the tests of a suite that has what it needs.
    pub(super) fn run(&self, suite: &Suite, begun: Begun) -> Result<Row> {
        let variables = match begun.ready {
            Ready::Yes {
                variables,
                holds: _held, // wing: sample
                ..
            } => variables,
            Ready::No(reason) => return Ok(Row::left_out(suite.name, reason)),
            Ready::Broken(reason) => return Ok(Row::broken(suite.name, reason)),
        };
        let mut command = Command::from(
            env::cargo(&self.shell()?)
                .args(["test", "--no-fail-fast"])
                .args(suite.packages.args())
                .args(suite.args),
        );
        command.envs(self.variables.clone()).envs(variables);
        counted(command, Row::new(suite.name), begun.took)
    }

    fn shell(&self) -> Result<Shell> {
        let sh = Shell::new().context("open a shell")?;
        sh.change_dir(self.root);
        Ok(sh)
    }
}

/// Runs tests, and shows at their end what they said: lines of two suites in turn would tell nobody
/// anything.
fn counted(mut command: Command, mut row: Row, took: Duration) -> Result<Row> {
    let started = Instant::now();
    let name = row.name();
    println!("── {name}: started");
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("start `cargo test`")?;
    let output = child
        .stdout
        .take()
        .context("the output of `cargo test` is piped")?;
    let mut said = format!("── {name}\n");
    for line in BufReader::new(output).lines() {
        let line = line.context("read the output of `cargo test`")?;
        row.read(&line);
        said.push_str(&line);
        said.push('\n');
    }
    print!("{said}");
    let ended_well = child.wait().context("wait for `cargo test`")?.success();
    Ok(row.ended(ended_well, took + started.elapsed()))
}
