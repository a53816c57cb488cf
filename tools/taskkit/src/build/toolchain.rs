//! A compiler for targets the host toolchain may lack: static Linux (musl) and the browser (wasm).
//!
//! Where their standard library is installed, or rustup can fetch it, plain cargo is all. Where
//! rustup's server is out of reach, Debian's own Rust compiles the library from source
//! ([`debian`]).

use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use xshell::{Cmd, Shell, cmd};

use crate::build::debian::{self, Debian};
use crate::build::paths;
use crate::missing::Missing;
use crate::{checkout, lines, packages};

/// What compiles the C in static programs, and the Debian package that has it.
pub const MUSL: (&str, &str) = ("musl-gcc", "musl-tools");
/// How long rustup may take to fetch one standard library (some 30 MB).
const RUSTUP_SECONDS: &str = "180";

/// Where the standard library of a target comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// What is installed; else rustup; else Debian
    Auto,
    /// The toolchain's own, fetched by rustup if missing
    Rustup,
    /// Compiled from Debian's rust-web-src
    Debian,
}

/// How the two targets outside the host's own are compiled.
#[derive(Debug, Args)]
pub struct Toolchain {
    /// Where the standard libraries for musl and wasm come from
    #[arg(long, value_enum, default_value_t = Choice::Auto, env = "XTASK_TOOLCHAIN")]
    pub toolchain: Choice,
    /// Install nothing: name what is missing and stop
    #[arg(long)]
    pub no_install: bool,
}

impl Toolchain {
    /// What it says, for those that compile.
    pub fn options(&self) -> Options {
        Options {
            choice: self.toolchain,
            missing: Missing::of_flag(self.no_install),
        }
    }
}

/// How what is missing is got.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Where from.
    pub choice: Choice,
    /// Whether it may be installed.
    pub missing: Missing,
}

/// What is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Static binaries for an empty image
    Static,
    /// The browser
    Wasm,
}

impl Target {
    /// As rustc names it.
    pub fn triple(self) -> String {
        match self {
            Self::Static => format!("{ARCH}-unknown-linux-musl"),
            Self::Wasm => "wasm32-unknown-unknown".to_owned(),
        }
    }

    /// A variable by which cargo is told something for this target alone.
    pub fn variable(self, name: &str) -> String {
        let triple = self.triple().to_uppercase().replace('-', "_");
        format!("CARGO_TARGET_{triple}_{name}")
    }

    /// What crates with C inside need besides Rust: programs, and the Debian packages that have
    /// them.
    fn programs(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Static => &[MUSL],
            Self::Wasm => &[],
        }
    }
}

/// A target whose standard library is at hand.
pub struct Prepared {
    target: Target,
    debian: Option<Debian>,
}

/// Makes `target` compile, or says what is missing and how to get it.
pub fn prepare(sh: &Shell, target: Target, options: Options) -> Result<Prepared> {
    let purpose = format!("compiling for {}", target.triple());
    packages::ensure_programs(sh, target.programs(), options.missing, &purpose)?;
    let fetched = || options.missing == Missing::Install && rustup_fetches(sh, target);
    let at_hand = || std_installed(sh, target) || fetched();
    let plain = match options.choice {
        Choice::Auto => at_hand(),
        Choice::Rustup => {
            if !at_hand() {
                bail!(
                    "{purpose}: its standard library is missing; run: rustup target add {}",
                    target.triple()
                );
            }
            true
        }
        Choice::Debian => false,
    };
    let debian = if plain {
        None
    } else {
        Some(debian::prepare(sh, target, options.missing)?)
    };
    Ok(Prepared { target, debian })
}

impl Prepared {
    /// Compiles with `profile` and answers the folder of the results.
    pub fn cargo_build(&self, sh: &Shell, profile: &str, args: &[&str]) -> Result<PathBuf> {
        let triple = self.target.triple();
        let build = self
            .cargo(sh, &paths::renamed(sh)?)
            .arg("build")
            .args(["--target", &triple, "--profile", profile, "--locked"])
            .args(args);
        let build = match &self.debian {
            None => build,
            Some(debian) => debian.std_flags(build),
        };
        build.run().with_context(|| format!("compile for {triple}"))?;
        // The one profile whose folder has another name.
        let folder = if profile == "dev" { "debug" } else { profile };
        Ok(checkout::target_dir(sh)?.join(triple).join(folder))
    }

    /// Cargo as it compiles for the target, with these flags of rustc besides those that this
    /// takes.
    fn cargo<'sh>(&self, sh: &'sh Shell, flags: &str) -> Cmd<'sh> {
        let (cargo, own) = match &self.debian {
            None => (checkout::cargo(sh), ""),
            Some(debian) => (debian.cargo(sh), debian.rustflags()),
        };
        let flags = format!("{own} {flags}");
        cargo
            .env(self.target.variable("RUSTFLAGS"), flags.trim_start())
            // Where either of these is set, cargo reads no other flags.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            // The allocator's C has the time of its compilation in it; compilers of C take this one
            // instead.
            .env("SOURCE_DATE_EPOCH", "0")
    }

    /// In words, for `doctor`.
    pub fn source(&self) -> &'static str {
        if self.debian.is_some() {
            "Debian's Rust, standard library from source"
        } else {
            "the Rust toolchain's own"
        }
    }
}

/// Whether the toolchain has a compiled standard library for `target`, whoever put it there.
fn std_installed(sh: &Shell, target: Target) -> bool {
    let triple = target.triple();
    let libdir = cmd!(sh, "rustc --print target-libdir --target {triple}")
        .quiet()
        .ignore_stderr()
        .read();
    let Ok(entries) = libdir
        .map_err(drop)
        .and_then(|dir| fs::read_dir(dir).map_err(drop))
    else {
        return false;
    };
    entries
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
}

/// Lets rustup fetch the standard library, once: where its server is out of reach, the failure is
/// remembered next to the build results, so that later builds do not wait for it again.
fn rustup_fetches(sh: &Shell, target: Target) -> bool {
    let triple = target.triple();
    let Ok(results) = checkout::target_dir(sh) else {
        return false;
    };
    let failed = results
        .join("toolchain")
        .join(format!("rustup-cannot-fetch-{triple}"));
    if failed.exists() || !packages::has(sh, "rustup") {
        return false;
    }
    lines::to_stderr(&format!("fetching the standard library for {triple} by rustup"));
    let fetched = cmd!(sh, "timeout {RUSTUP_SECONDS} rustup target add {triple}")
        .quiet()
        .ignore_stdout()
        .run()
        .is_ok();
    if !fetched {
        lines::to_stderr(&format!(
            "rustup cannot fetch it here; to have it tried again, remove {}",
            failed.display()
        ));
        remember(&failed);
    }
    fetched && std_installed(sh, target)
}

/// A note that cannot be written costs one more try next time, so its error is of no interest.
fn remember(note: &Path) {
    let _ = note.parent().map(fs::create_dir_all);
    let _ = fs::write(note, "");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ffi::OsStr;
    use std::process::Command;

    use super::*;

    #[test]
    fn flags_of_the_person_who_compiles_take_the_place_of_no_flag_of_an_image() {
        let sh = Shell::new().unwrap();
        for target in [Target::Static, Target::Wasm] {
            let prepared = Prepared { target, debian: None };
            let command = Command::from(prepared.cargo(&sh, "--remap-path-prefix=/a=/b"));
            let told: BTreeMap<_, _> = command.get_envs().collect();
            let flags = target.variable("RUSTFLAGS");
            let expected = Some(OsStr::new("--remap-path-prefix=/a=/b"));
            assert_eq!(told[OsStr::new(&flags)], expected, "{target:?}");
            for foreign in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
                assert_eq!(told[OsStr::new(foreign)], None, "{target:?}: {foreign}");
            }
        }
    }
}
