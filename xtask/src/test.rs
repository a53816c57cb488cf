//! `cargo xtask test`: every test that needs no cluster, suite by suite, with one sum at the end.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use xshell::Shell;

use crate::{browser, env, flags, supplies};

struct Suite {
    name: &'static str,
    args: &'static [&'static str],
}

/// The tools are always named together: another set of packages would unify features anew and compile them twice.
const SUITES: &[Suite] = &[
    Suite {
        name: "tools",
        args: &[
            "-p", "api", "-p", "supply", "-p", "xtask", "-p", "e2e", "--lib", "--bins",
        ],
    },
    Suite {
        name: "manifests and house rules",
        args: &[
            "-p", "api", "-p", "supply", "-p", "xtask", "-p", "e2e", "--test", "*",
        ],
    },
    Suite {
        name: "backend: units, store contract, router",
        args: &["-p", "testkit", "-p", "serverkit", "-p", "backend"],
    },
    Suite {
        name: "frontend: units, server-side rendering",
        args: &["-p", "app", "-p", "frontend", "--features", "app/ssr"],
    },
    Suite {
        name: "dev: following files, ending with its process",
        args: &["-p", "dev", "-p", "browser", "--lib", "--bins"],
    },
    Suite {
        name: BROWSER,
        args: &["-p", "dev", "-p", "browser", "--test", "*"],
    },
];

/// Needs more than Rust; without that it is skipped.
const BROWSER: &str = "browser: the page in headless Chromium";

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    passed: u64,
    failed: u64,
}

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
        let kustomize = supplies::kustomize(sh, !self.no_install)?;
        let mut rows = Vec::new();
        let mut skipped = Vec::new();
        for suite in suites {
            println!("── {}", suite.name);
            let started = Instant::now();
            let mut variables = vec![("KUSTOMIZE", kustomize.clone())];
            if suite.name == BROWSER {
                match browser::ready(sh, !self.no_install) {
                    Ok(more) => variables.extend(more),
                    Err(reason) => {
                        println!("skipped: {reason:#}");
                        skipped.push(format!("{} ({reason:#})", suite.name));
                        continue;
                    }
                }
                browser::build(sh, !self.no_install)?;
            }
            let (count, ended_well) = run(sh, suite, &variables)?;
            rows.push((suite.name, count, started.elapsed(), ended_well));
        }
        let outcome = report(&rows);
        for suite in skipped {
            println!("skipped: {suite}");
        }
        outcome
    }
}

/// Runs one suite, shows its output as it comes, and adds up what its binaries report.
fn run(sh: &Shell, suite: &Suite, variables: &[(&str, PathBuf)]) -> Result<(Count, bool)> {
    let mut cargo =
        std::process::Command::from(env::cargo(sh).args(["test", "--no-fail-fast"]).args(suite.args));
    let mut child = cargo
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::piped())
        .spawn()
        .context("start `cargo test`")?;
    let output = child
        .stdout
        .take()
        .context("the output of `cargo test` is piped")?;
    let mut count = Count::default();
    for line in BufReader::new(output).lines() {
        let line = line.context("read the output of `cargo test`")?;
        println!("{line}");
        if let Some(more) = result_line(&line) {
            count.passed += more.passed;
            count.failed += more.failed;
        }
    }
    let ended_well = child.wait().context("wait for `cargo test`")?.success();
    Ok((count, ended_well))
}

/// `test result: ok. 3 passed; 0 failed; …`, the line each test binary ends with.
fn result_line(line: &str) -> Option<Count> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let number = |word: &str| {
        let part = counts.split("; ").find(|part| part.ends_with(word))?;
        part.split(' ').next()?.parse().ok()
    };
    Some(Count {
        passed: number(" passed")?,
        failed: number(" failed")?,
    })
}

fn report(rows: &[(&str, Count, Duration, bool)]) -> Result<()> {
    let mut faults = Vec::new();
    let mut sum = Count::default();
    println!();
    for (name, count, took, ended_well) in rows {
        println!(
            "{name:40} {:>4} passed {:>3} failed {:>4} s",
            count.passed,
            count.failed,
            took.as_secs()
        );
        sum.passed += count.passed;
        sum.failed += count.failed;
        if *count == Count::default() {
            faults.push(format!("{name}: no test ran"));
        } else if !ended_well || count.failed > 0 {
            faults.push(format!("{name}: failed"));
        }
    }
    println!("{} passed, {} failed", sum.passed, sum.failed);
    if !faults.is_empty() {
        bail!("{}", faults.join("; "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_test_binary_is_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s";
        assert_eq!(
            result_line(line),
            Some(Count {
                passed: 12,
                failed: 3
            })
        );
        assert_eq!(result_line("test result_line ... ok"), None);
    }

    #[test]
    fn a_suite_without_tests_is_a_failure() {
        let row = |passed| ("some", Count { passed, failed: 0 }, Duration::ZERO, true);
        assert!(report(&[row(1)]).is_ok());
        assert!(report(&[row(1), row(0)]).is_err());
    }
}
