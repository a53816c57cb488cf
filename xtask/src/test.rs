//! `cargo xtask test`: every test that needs no cluster, suite by suite, with one sum at the end.

mod sum;

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use xshell::Shell;

use self::sum::{Row, report};
use crate::{browser, cloud, env, flags, fuzz, supplies};

struct Suite {
    name: &'static str,
    args: &'static [&'static str],
    needs: Needs,
}

/// What a suite needs besides cargo and kustomize.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    /// AWS' command line, for a part of its tests. Where it cannot be had, the suite is told why and skips that part.
    AwsProgram,
    /// kubeconform and gitleaks, each for a part of its tests. Where one cannot be had, the suite is told why and skips that part.
    Checks,
    /// Containers, for a part of its tests. Where none can be started, the suite is told why and skips that part.
    Containers,
    /// A browser, for all of them.
    Browser,
    /// schemathesis, for all of them.
    Fuzzer,
    /// Runners and linters of CI files, for all of them.
    Pipelines,
    /// AWS' command line, emulators, and the backend's binary, for all of them.
    Cloud,
}

/// The tools are always named together: another set of packages would unify features anew and compile them twice.
const SUITES: &[Suite] = &[
    Suite {
        name: "tools",
        args: &[
            "-p",
            "api",
            "-p",
            "supply",
            "-p",
            "xtask",
            "-p",
            "pipelines",
            "-p",
            "e2e",
            "-p",
            "e2e-report",
            "--lib",
            "--bins",
        ],
        needs: Needs::AwsProgram,
    },
    Suite {
        name: MANIFESTS,
        args: &[
            "-p",
            "api",
            "-p",
            "supply",
            "-p",
            "xtask",
            "-p",
            "e2e",
            "-p",
            "e2e-report",
            "--test",
            "*",
        ],
        needs: Needs::Checks,
    },
    Suite {
        name: "CI systems: their files, run by their runners",
        args: &[
            "-p",
            "api",
            "-p",
            "supply",
            "-p",
            "xtask",
            "-p",
            "pipelines",
            "-p",
            "e2e",
            "-p",
            "e2e-report",
            "--test",
            "systems",
        ],
        needs: Needs::Pipelines,
    },
    Suite {
        name: "backend: units, router, contract on each DynamoDB",
        args: &[
            "-p",
            "testkit",
            "-p",
            "serverkit",
            "-p",
            "backend",
            "--features",
            "testkit/containers",
        ],
        needs: Needs::Containers,
    },
    Suite {
        name: "fuzz: the API against its document",
        args: fuzz::ARGS,
        needs: Needs::Fuzzer,
    },
    Suite {
        name: "frontend: units, server-side rendering",
        args: &["-p", "app", "-p", "frontend", "--features", "app/ssr"],
        needs: Needs::Nothing,
    },
    Suite {
        name: "dev: following files, ending with its process",
        args: &["-p", "dev", "-p", "browser", "--lib", "--bins"],
        needs: Needs::Nothing,
    },
    Suite {
        name: "browser: the page in headless Chromium",
        args: &["-p", "dev", "-p", "browser", "--test", "*"],
        needs: Needs::Browser,
    },
    Suite {
        name: "cloud: the templates of AWS on emulators",
        args: &["-p", "cloud"],
        needs: Needs::Cloud,
    },
];

/// The suite that `cargo xtask check` runs too.
const MANIFESTS: &str = "manifests and house rules";

/// Most characters of the reason for a skip.
const REASON: usize = 240;

impl flags::Test {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let wanted = |suite: &&Suite| self.only.as_deref().is_none_or(|only| suite.name.contains(only));
        let suites: Vec<_> = SUITES.iter().filter(wanted).collect();
        if suites.is_empty() {
            let names: Vec<_> = SUITES.iter().map(|suite| suite.name).collect();
            bail!(
                "no suite has `{}` in its name; there are: {}",
                self.only.unwrap_or_default(),
                names.join("; ")
            );
        }
        let install = !self.no_install;
        let kustomize = supplies::kustomize(sh, install)?;
        let mut rows = Vec::new();
        for suite in suites {
            println!("── {}", suite.name);
            let variables = vec![("KUSTOMIZE", kustomize.clone().into_os_string())];
            rows.push(suite.run(sh, variables, install)?);
        }
        report(&rows)
    }
}

/// The rules on manifests and on this repository, as a part of `cargo xtask check`.
pub(crate) fn manifests(sh: &Shell) -> Result<()> {
    let only = Some(MANIFESTS.to_owned());
    let no_install = false;
    flags::Test { no_install, only }.run(sh)
}

impl Suite {
    /// Gets what it needs, then runs it; the time of both counts.
    fn run(&self, sh: &Shell, mut variables: Vec<(&str, OsString)>, install: bool) -> Result<Row> {
        let started = Instant::now();
        // Its engine answers until the tests are done.
        let mut emulators = None;
        match self.needs {
            Needs::Nothing => {}
            Needs::Checks => variables.extend(supplies::checks(sh, install)),
            Needs::AwsProgram => variables.push(match supplies::cloud(sh, install) {
                Ok(folder) => ("CLOUD_TOOLS", folder.into_os_string()),
                Err(reason) => ("CLOUD_TOOLS_MISSING", one_line(&reason).into()),
            }),
            Needs::Containers => match supplies::emulators(sh, install) {
                Ok(found) => variables.extend(emulators.insert(found).variables()),
                Err(reason) => variables.push(("TESTKIT_NO_AWS_IMAGE", one_line(&reason).into())),
            },
            Needs::Cloud => match cloud::ready(sh, install) {
                Ok(more) => {
                    cloud::build(sh, install)?;
                    variables.extend(more.into_iter().map(|(name, path)| (name, path.into_os_string())));
                }
                Err(reason) => return Ok(Row::left_out(self.name, one_line(&reason))),
            },
            Needs::Browser => match browser::ready(sh, install) {
                Ok(more) => {
                    browser::build(sh, install)?;
                    variables.extend(more.into_iter().map(|(name, path)| (name, path.into_os_string())));
                }
                Err(reason) => return Ok(Row::left_out(self.name, one_line(&reason))),
            },
            Needs::Fuzzer => match fuzz::ready(sh, install) {
                Ok(more) => variables.extend(more),
                Err(reason) => return Ok(Row::left_out(self.name, one_line(&reason))),
            },
            Needs::Pipelines => match supplies::pipelines(sh, install) {
                Ok(()) => {
                    // The verbs that the CI files call: compiled from this work tree for this very command.
                    let verbs = env::target_dir(sh).join("debug/xtask");
                    variables.push(("XTASK", verbs.into_os_string()));
                }
                Err(reason) => return Ok(Row::left_out(self.name, one_line(&reason))),
            },
        }
        let mut row = Row::new(self.name);
        let ended_well = self.cargo(sh, variables, &mut row)?;
        Ok(row.ended(ended_well, started.elapsed()))
    }

    /// Runs its tests, shows their output as it comes, and adds up in `row` what the binaries report.
    fn cargo(&self, sh: &Shell, variables: Vec<(&str, OsString)>, row: &mut Row) -> Result<bool> {
        let mut cargo =
            std::process::Command::from(env::cargo(sh).args(["test", "--no-fail-fast"]).args(self.args));
        let mut child = cargo
            .envs(variables)
            .stdout(Stdio::piped())
            .spawn()
            .context("start `cargo test`")?;
        let output = child
            .stdout
            .take()
            .context("the output of `cargo test` is piped")?;
        for line in BufReader::new(output).lines() {
            let line = line.context("read the output of `cargo test`")?;
            println!("{line}");
            row.read(&line);
        }
        Ok(child.wait().context("wait for `cargo test`")?.success())
    }
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
    fn a_reason_is_one_line_that_can_be_read() {
        let reason = |text: &str| one_line(&anyhow::anyhow!(text.to_owned()));
        assert_eq!(reason("lacks:\n  podman\n  kind"), "lacks: podman; kind");
        let long = reason(&"é".repeat(REASON + 1));
        assert_eq!(long, format!("{} …", "é".repeat(REASON)));
    }
}
