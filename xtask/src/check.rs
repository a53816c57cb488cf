//! `cargo xtask check`: formatting, lints, manifests, dependency rules. Everything runs; all that failed is named at the end.

use anyhow::{Result, bail};
use xshell::{Cmd, Shell};

use crate::build::toolchain::{self, Choice, Options, Target};
use crate::{env, flags, fuzz, groups, openapi, security, test};

const NO_WARNINGS: [&str; 3] = ["--", "-D", "warnings"];

/// What has failed so far, each with its cure where that is a command.
#[derive(Default)]
struct Checks {
    failed: Vec<String>,
}

impl flags::Check {
    pub(crate) fn run(sh: &Shell) -> Result<()> {
        let mut checks = Checks::default();
        checks.style(sh);
        checks.generated(sh);
        checks.note(
            "manifests and house rules (cargo xtask test --only manifests)",
            test::manifests(sh).is_ok(),
        );
        checks.browser_half(sh);
        checks.dependencies(sh);
        if checks.failed.is_empty() {
            return Ok(());
        }
        bail!("failed: {}", checks.failed.join("; "))
    }
}

impl Checks {
    fn note(&mut self, name: impl Into<String>, passed: bool) {
        if !passed {
            self.failed.push(name.into());
        }
    }

    /// Formatting and lints of all that compiles for this machine.
    fn style(&mut self, sh: &Shell) {
        let formatted = env::cargo(sh).args(["fmt", "--check"]).run().is_ok();
        self.note("formatting (cure: cargo fmt)", formatted);
        for packages in groups::ALL {
            let clippy = env::cargo(sh).arg("clippy").args(packages.args());
            let clippy = clippy.arg("--all-targets").args(NO_WARNINGS);
            self.note(
                format!("clippy {}", packages.names.join(" ")),
                clippy.run().is_ok(),
            );
        }
        // Not among all targets: a plain `cargo test` leaves it out.
        let fuzz = env::cargo(sh).arg("clippy").args(groups::BACKEND.args());
        let fuzz = fuzz.args(fuzz::ARGS).args(NO_WARNINGS);
        self.note("clippy of the fuzz", fuzz.run().is_ok());
    }

    /// Files that are made of others and checked in.
    fn generated(&mut self, sh: &Shell) {
        self.note(
            "api/openapi.json (cure: cargo xtask openapi)",
            openapi::check(sh).is_ok(),
        );
        let pages = security::check(sh).inspect_err(|error| eprintln!("{error:#}"));
        self.note(
            "docs/SECURITY.md and docs/CHECKLIST.md (cure: cargo xtask security)",
            pages.is_ok(),
        );
    }

    /// Lints of what compiles for the browser.
    fn browser_half(&mut self, sh: &Shell) {
        // Clippy compiles with the toolchain's own libraries only.
        let plain = Options {
            choice: Choice::Rustup,
            install: true,
        };
        if let Err(reason) = toolchain::prepare(sh, Target::Wasm, plain) {
            println!("skipped: clippy -p hydrate ({reason:#})");
            return;
        }
        let triple = Target::Wasm.triple();
        let clippy = env::cargo(sh).args(["clippy", "-p", "hydrate", "--target", &triple]);
        self.note("clippy -p hydrate", clippy.args(NO_WARNINGS).run().is_ok());
    }

    /// Licences, origins and known faults of what is depended on, by cargo-deny where it is installed.
    fn dependencies(&mut self, sh: &Shell) {
        let deny = |args: &[&str]| env::cargo(sh).arg("deny").args(args);
        let quietly = |command: Cmd<'_>| command.quiet().ignore_stdout().ignore_stderr().run().is_ok();
        if !quietly(deny(&["--version"])) {
            println!("skipped: cargo deny (not installed; get it by: cargo install --locked cargo-deny)");
            return;
        }
        let rules = deny(&["--log-level", "error", "check", "bans", "licenses", "sources"]);
        self.note("cargo deny", rules.run().is_ok());
        // The advisories lie on a server of their own; being without a network is not a finding.
        if quietly(deny(&["fetch", "db"])) {
            let advisories = deny(&["check", "advisories"]);
            self.note("cargo deny: advisories", advisories.run().is_ok());
        } else {
            println!("skipped: cargo deny: advisories (their database cannot be fetched)");
        }
    }
}
