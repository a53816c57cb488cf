//! `cargo xtask test`: every test that needs no cluster, suite by suite, with one sum at the end.

mod lanes;
mod memory;
mod needs;
mod suites;
mod sum;

use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use xshell::Shell;

use self::lanes::Job;
use self::memory::InMemory;
use self::needs::Ready;
use self::suites::{MANIFESTS, SUITES, Suite};
use self::sum::{Row, report};
use crate::skips::Skips;
use crate::{flags, supply};
use taskkit::build::DepInfo;
use taskkit::environment::project;
use taskkit::missing::Missing;
use taskkit::{checkout, program};

/// Most characters of the reason for a skip.
const REASON: usize = 240;

impl flags::Test {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let suites = suites(self.only.as_deref())?;
        let missing = Missing::of_flag(self.no_install);
        let kustomize = supply::kustomize(sh, missing)?;
        let memory = InMemory::folder(project().name())?;
        let mut all_get = vec![("KUSTOMIZE", kustomize.into_os_string())];
        all_get.extend(memory.as_ref().map(InMemory::variable));
        // What they hold answers until the tests are done.
        let mut held = Vec::new(); // wing: sample
        let mut compiled = Vec::new();
        let (mut jobs, mut rows) = (Vec::new(), Vec::new());
        for (place, suite) in suites.into_iter().enumerate() {
            let started = Instant::now();
            match suite.needs.ready(sh, missing)? {
                Ready::Yes {
                    variables,
                    holds, // wing: sample
                    made,
                } => {
                    compiled.extend(made);
                    let mut command = Command::from(
                        checkout::cargo(sh)
                            .args(["test", "--no-fail-fast"])
                            .args(suite.packages.args())
                            .args(suite.args),
                    );
                    command.envs(all_get.clone()).envs(variables);
                    held.extend(holds); // wing: sample
                    let (lane, row) = (suite.lane, Row::new(suite.name));
                    let took = started.elapsed();
                    jobs.push(Job {
                        place,
                        lane,
                        command,
                        row,
                        took,
                    });
                }
                Ready::No(reason) => rows.push((place, Row::left_out(suite.name, reason))),
                Ready::Broken(reason) => rows.push((place, Row::broken(suite.name, reason))),
            }
        }
        if !compiled.is_empty() {
            rows.push((SUITES.len(), inputs(sh, &compiled)));
        }
        rows.extend(lanes::run(jobs)?);
        rows.sort_by_key(|(place, _)| *place);
        let rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
        report(&rows, &Skips::load()?)
    }
}

/// Whether all that was compiled into the apps counts as their content. Asked wherever a suite has
/// had them compiled.
fn inputs(sh: &Shell, compiled: &[DepInfo]) -> Row {
    let started = Instant::now();
    let check = || {
        let release = program::compile(sh, "release")?;
        let made = compiled
            .iter()
            .map(|one| format!("{}={}", one.app, one.file.display()));
        let asked = sh.cmd(release).arg("inputs").args(made).quiet().run();
        asked.context("ask what counts; what was found stands above")
    };
    let outcome = check();
    Row::checked(
        "inputs: what is compiled into each app",
        &outcome,
        started.elapsed(),
    )
}

/// Those whose name contains `only`; where nothing is asked for, all but those on request.
fn suites(only: Option<&str>) -> Result<Vec<&'static Suite>> {
    let wanted = |suite: &&Suite| match only {
        Some(only) => suite.name.contains(only),
        None => !suite.on_request,
    };
    let suites: Vec<_> = SUITES.iter().filter(wanted).collect();
    if suites.is_empty() {
        let names: Vec<_> = SUITES.iter().map(|suite| suite.name).collect();
        bail!(
            "no suite has `{}` in its name; there are: {}",
            only.unwrap_or_default(),
            names.join("; ")
        );
    }
    Ok(suites)
}

/// The rules on manifests and on this repository, as a part of `cargo xtask check`.
pub(crate) fn manifests(sh: &Shell) -> Result<()> {
    let only = Some(MANIFESTS.to_owned());
    let no_install = false;
    flags::Test { no_install, only }.run(sh)
}

/// As long as one can read in a sum; what commands printed is in their logs.
pub(crate) fn one_line(error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let line = lines.join("; ").replace(":; ", ": ");
    match line.char_indices().nth(REASON) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_is_found_by_a_part_of_its_name() {
        let found = |only| {
            suites(only)
                .map(|suites| suites.len())
                .map_err(|error| error.to_string())
        };
        let each_time = SUITES.iter().filter(|suite| !suite.on_request);
        assert_eq!(found(None), Ok(each_time.count()));
        assert!(found(Some("manifolds")).is_err_and(|error| error.contains(MANIFESTS)));
        assert_eq!(found(Some(MANIFESTS)), Ok(1));
    }

    #[test]
    fn a_reason_is_one_line_that_can_be_read() {
        let reason = |text: &str| one_line(&anyhow::anyhow!(text.to_owned()));
        assert_eq!(reason("lacks:\n  podman\n  kind"), "lacks: podman; kind");
        let long = reason(&"é".repeat(REASON + 1));
        assert_eq!(long, format!("{} …", "é".repeat(REASON)));
    }
}
