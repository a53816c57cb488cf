//! `cargo xtask check`: formatting, lints, manifests, dependency rules. Everything runs; all that
//! failed is named at the end.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use xshell::{Cmd, Shell};

use crate::groups::Packages;
use crate::skips::Skips;
use crate::supply; // wing: supply
use crate::{flags, groups, test};
use crate::{fuzz, openapi}; // wing: sample
use taskkit::build::toolchain::{self, Choice, Options, Target}; // wing: sample
use taskkit::checkout;
use taskkit::missing::Missing; // wing: sample

impl flags::Check {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let mut checks = Checks {
            done: Vec::new(),
            skips: Skips::load()?,
        };
        if self.dated {
            dated(sh, &mut checks);
        } else {
            undated(sh, &mut checks);
        }
        checks.end()
    }
}

/// What stays green as long as nothing here is changed: a proposal may wait for it.
fn undated(sh: &Shell, checks: &mut Checks) {
    checks.carry_out("formatting (cure: cargo fmt)", || {
        Ok(checkout::cargo(sh).args(["fmt", "--check"]).run()?)
    });
    lints(sh, checks);
    // wing: sample
    checks.carry_out("crates/api/openapi.json (cure: cargo xtask openapi)", || {
        openapi::check(sh)
    });
    // end of wing
    // wing: security
    checks.carry_out(
        "docs/SECURITY.md and docs/CHECKLIST.md (cure: cargo xtask security)",
        || crate::security::check(sh),
    );
    // end of wing
    checks.carry_out(
        "manifests and house rules (cargo xtask test --only manifests)",
        || test::manifests(sh),
    );
    dependencies(sh, checks);
}

/// What some day turns red although nothing was changed. No proposal waits for it, as one that
/// takes a release back.
fn dated(sh: &Shell, checks: &mut Checks) {
    // wing: supply
    checks.carry_out("ends of support (tools/supply/support.toml)", || {
        let findings = supply::examine(sh, taskkit::missing::Missing::Name)?;
        supported(&findings.support.due)
    });
    // end of wing
    advisories(sh, checks);
}

// wing: supply
/// Fails with what of the pins is past its support, will be in four weeks, or is to be looked at.
fn supported(due: &[String]) -> Result<()> {
    if due.is_empty() {
        return Ok(());
    }
    bail!(
        "raise the version in tools/supply/versions.toml and the row in tools/supply/support.toml:\n{}",
        due.join("\n")
    )
}
// end of wing

fn lints(sh: &Shell, checks: &mut Checks) {
    let clippy = |packages: Packages, targets: &[&str]| {
        let clippy = checkout::cargo(sh).arg("clippy").args(packages.args());
        Ok(clippy.args(targets).args(["--", "-D", "warnings"]).run()?)
    };
    for packages in groups::ALL {
        let name = format!("clippy {}", packages.names.join(" "));
        checks.carry_out(&name, || clippy(*packages, &["--all-targets"]));
    }
    // wing: sample
    // Not among all targets: a plain `cargo test` leaves it out.
    checks.carry_out("clippy of the fuzz", || clippy(groups::APPS, fuzz::ARGS));
    // Clippy compiles with the toolchain's own libraries only.
    let plain = Options {
        choice: Choice::Rustup,
        missing: Missing::Install,
    };
    match toolchain::prepare(sh, Target::Wasm, plain) {
        Ok(_) => checks.carry_out("clippy hydrate", || {
            let triple = Target::Wasm.triple();
            let clippy = checkout::cargo(sh).args(["clippy", "--package", "hydrate", "--target", &triple]);
            Ok(clippy.args(["--", "-D", "warnings"]).run()?)
        }),
        Err(reason) => checks.leave_out("clippy hydrate", &format!("{reason:#}")),
    }
    // end of wing
}

fn dependencies(sh: &Shell, checks: &mut Checks) {
    if !has_deny(sh, checks) {
        return;
    }
    checks.carry_out("cargo deny", || {
        let rules = deny(
            sh,
            &["--log-level", "error", "check", "bans", "licenses", "sources"],
        );
        Ok(rules.run()?)
    });
}

fn advisories(sh: &Shell, checks: &mut Checks) {
    if !has_deny(sh, checks) {
        return;
    }
    // The advisories lie on a server of their own; being without a network is not a finding.
    if deny(sh, &["fetch", "db"]).quiet().ignore_stderr().run().is_err() {
        checks.leave_out("cargo deny: advisories", "their database cannot be fetched");
        return;
    }
    checks.carry_out("cargo deny: advisories", || {
        Ok(deny(sh, &["check", "advisories"]).run()?)
    });
}

fn deny<'s>(sh: &'s Shell, args: &[&str]) -> Cmd<'s> {
    checkout::cargo(sh).arg("deny").args(args)
}

fn has_deny(sh: &Shell, checks: &mut Checks) -> bool {
    let version = deny(sh, &["--version"]).quiet().ignore_stdout().ignore_stderr();
    let has = version.run().is_ok();
    if !has {
        checks.leave_out(
            "cargo deny",
            "not installed; get it by: cargo install --locked cargo-deny",
        );
    }
    has
}

struct Checks {
    /// What was checked so far: its name, how long it took, whether it passed.
    done: Vec<(String, Duration, bool)>,
    skips: Skips,
}

impl Checks {
    fn carry_out(&mut self, name: &str, check: impl FnOnce() -> Result<()>) {
        let began = Instant::now();
        let outcome = check();
        if let Err(error) = &outcome {
            eprintln!("{name}: {error:#}");
        }
        self.done
            .push((name.to_owned(), began.elapsed(), outcome.is_ok()));
    }

    /// Says why something is not checked; in CI a failure, unless it is listed.
    fn leave_out(&mut self, name: &str, reason: &str) {
        println!("skipped: {name} ({reason})");
        if let Some(fault) = self.skips.fault(name, reason) {
            self.carry_out(name, || bail!(fault));
        }
    }

    /// Says where the time went, and what failed.
    fn end(self) -> Result<()> {
        let whole: Duration = self.done.iter().map(|(_, took, _)| *took).sum();
        for (name, took, passed) in &self.done {
            let verdict = if *passed { "ok" } else { "FAILED" };
            println!("{:>6.1} s  {verdict:6}  {name}", took.as_secs_f64());
        }
        println!("{:>6.1} s  in all", whole.as_secs_f64());
        let failed = self.done.iter().filter(|(_, _, passed)| !passed);
        let failed: Vec<_> = failed.map(|(name, ..)| name.as_str()).collect();
        if failed.is_empty() {
            return Ok(());
        }
        bail!("failed: {}", failed.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_fails_keeps_no_other_from_being_carried_out_and_is_named() {
        let mut checks = of(Skips::of_a_person());
        checks.carry_out("first", || bail!("no"));
        checks.carry_out("second", || Ok(()));
        checks.leave_out("third", "not installed");
        assert_eq!(checks.done.len(), 2);
        assert_eq!(checks.end().unwrap_err().to_string(), "failed: first");
    }

    #[test]
    fn in_ci_only_what_is_listed_is_left_out() {
        let mut checks = of(Skips::of_ci("cargo deny: advisories", "cannot be fetched"));
        checks.leave_out("cargo deny: advisories", "their database cannot be fetched");
        checks.leave_out("cargo deny", "not installed");
        assert_eq!(checks.end().unwrap_err().to_string(), "failed: cargo deny");
    }

    // wing: supply
    #[test]
    fn what_is_due_fails_and_is_named() {
        let due = ["Kubernetes 1.36: until 2027-06-28".to_owned()];
        let said = supported(&due).unwrap_err().to_string();
        assert!(said.contains(&due[0]), "{said}");
        assert!(supported(&[]).is_ok());
    }
    // end of wing

    fn of(skips: Skips) -> Checks {
        let done = Vec::new();
        Checks { done, skips }
    }
}
