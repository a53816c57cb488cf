//! `cargo xtask check`: formatting, lints, manifests, dependency rules. Everything runs; all that failed is named at the end.

use anyhow::{Result, bail};
use xshell::Shell;

use crate::build::toolchain::{self, Choice, Options, Target};
use crate::{env, flags, fuzz, groups, openapi, security, test};

impl flags::Check {
    pub(crate) fn run(sh: &Shell) -> Result<()> {
        let mut failed = Vec::new();
        let mut step = |name: String, passed: bool| {
            if !passed {
                failed.push(name);
            }
        };
        step(
            "formatting (cure: cargo fmt)".into(),
            env::cargo(sh).args(["fmt", "--check"]).run().is_ok(),
        );
        for packages in groups::ALL {
            let clippy = env::cargo(sh).arg("clippy").args(packages.args());
            let clippy = clippy.args(["--all-targets", "--", "-D", "warnings"]);
            step(
                format!("clippy {}", packages.names.join(" ")),
                clippy.run().is_ok(),
            );
        }
        // Not among all targets: a plain `cargo test` leaves it out.
        let fuzz = env::cargo(sh).arg("clippy").args(groups::BACKEND.args());
        let fuzz = fuzz.args(fuzz::ARGS).args(["--", "-D", "warnings"]);
        step("clippy of the fuzz".into(), fuzz.run().is_ok());
        step(
            "api/openapi.json (cure: cargo xtask openapi)".into(),
            openapi::check(sh).is_ok(),
        );
        step(
            "docs/SECURITY.md and docs/CHECKLIST.md (cure: cargo xtask security)".into(),
            security::check(sh)
                .inspect_err(|error| eprintln!("{error:#}"))
                .is_ok(),
        );
        step(
            "manifests and house rules (cargo xtask test --only manifests)".into(),
            test::manifests(sh).is_ok(),
        );
        // Clippy compiles with the toolchain's own libraries only.
        let plain = Options {
            choice: Choice::Rustup,
            install: true,
        };
        match toolchain::prepare(sh, Target::Wasm, plain) {
            Ok(_) => {
                let triple = Target::Wasm.triple();
                let clippy = env::cargo(sh).args([
                    "clippy", "-p", "hydrate", "--target", &triple, "--", "-D", "warnings",
                ]);
                step("clippy -p hydrate".into(), clippy.run().is_ok());
            }
            Err(reason) => println!("skipped: clippy -p hydrate ({reason:#})"),
        }
        let deny = |args: &[&str]| env::cargo(sh).arg("deny").args(args);
        if deny(&["--version"])
            .quiet()
            .ignore_stdout()
            .ignore_stderr()
            .run()
            .is_err()
        {
            println!("skipped: cargo deny (not installed; get it by: cargo install --locked cargo-deny)");
        } else {
            step(
                "cargo deny".into(),
                deny(&["--log-level", "error", "check", "bans", "licenses", "sources"])
                    .run()
                    .is_ok(),
            );
            // The advisories lie on a server of their own; being without a network is not a finding.
            if deny(&["fetch", "db"]).quiet().ignore_stderr().run().is_ok() {
                step(
                    "cargo deny: advisories".into(),
                    deny(&["check", "advisories"]).run().is_ok(),
                );
            } else {
                println!("skipped: cargo deny: advisories (their database cannot be fetched)");
            }
        }
        if failed.is_empty() {
            return Ok(());
        }
        bail!("failed: {}", failed.join("; "))
    }
}
