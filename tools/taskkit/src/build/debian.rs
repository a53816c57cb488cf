//! Debian's Rust (`rustc-web`), which compiles the standard library from Debian's copy of its
//! source.
//!
//! The packages exist for Debian's browsers, so they are newer than its `rustc`. `RUSTC_BOOTSTRAP`
//! is needed because cargo counts `-Zbuild-std` as unstable; no crate of ours uses an unstable
//! feature.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use xshell::{Cmd, Shell, cmd};

use crate::build::toolchain::Target;
use crate::missing::Missing;
use crate::{checkout, packages};

const RUST: &[&str] = &["rustc-web", "cargo-web", "rust-web-src"];
/// LLVM's unwinder. gcc's own (`libgcc_eh`) asks for a function of glibc's loader that musl does
/// not have.
const UNWINDER: &str = "libunwind-19-dev";
const UNWINDER_ARCHIVE: &str = "/usr/lib/llvm-19/lib/libunwind.a";
/// Debian compiles the unwinder with fortified stdio; musl has the plain functions only.
const FORTIFIED: &str = "\
#include <stdarg.h>
#include <stdio.h>
int __fprintf_chk(FILE *stream, int level, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int written = vfprintf(stream, format, args);
    va_end(args);
    return written;
}
";
const WASM_LINKER: &str = "/usr/bin/wasm-ld-19";
const WASM_LINKER_PACKAGE: &str = "lld-19";

/// Debian's cargo and rustc, and what linking `target` takes.
pub(crate) struct Debian {
    target: Target,
    linker: PathBuf,
    rustflags: String,
}

/// Installs what is missing and puts the linker's parts in place.
pub(crate) fn prepare(sh: &Shell, target: Target, missing: Missing) -> Result<Debian> {
    let purpose = format!("compiling for {} with Debian's Rust", target.triple());
    let mut needed = RUST.to_vec();
    let lld = toolchain_lld(sh);
    match target {
        Target::Static => needed.push(UNWINDER),
        Target::Wasm if lld.is_none() => needed.push(WASM_LINKER_PACKAGE),
        Target::Wasm => {}
    }
    packages::ensure(sh, &needed, missing, &purpose)?;
    let (linker, rustflags) = match target {
        Target::Static => {
            let libs = unwinder(sh)?;
            let libs = libs
                .to_str()
                .context("the target folder's name is not valid UTF-8")?;
            // Without relocation-model=static the binary asks for musl's loader, which no empty
            // image has. libgcc: crates with C inside call its helpers (`__popcountdi2`), which the
            // plain toolchain's own library defines.
            let flags = format!(
                "-C target-feature=+crt-static -C link-self-contained=no -C relocation-model=static -L {libs} \
                 -C link-arg=-lgcc"
            );
            ("musl-gcc".into(), flags)
        }
        Target::Wasm => (lld.unwrap_or_else(|| WASM_LINKER.into()), String::new()),
    };
    Ok(Debian {
        target,
        linker,
        rustflags,
    })
}

impl Debian {
    pub(crate) fn cargo<'sh>(&self, sh: &'sh Shell) -> Cmd<'sh> {
        checkout::without_cargo_noise(cmd!(sh, "/usr/bin/cargo"))
            .env("RUSTC", "/usr/bin/rustc")
            .env("RUSTC_BOOTSTRAP", "1")
            // Set by `cargo run` for the other toolchain's libraries.
            .env_remove("LD_LIBRARY_PATH")
            .env(self.target.variable("LINKER"), &self.linker)
    }

    pub(crate) fn rustflags(&self) -> &str {
        &self.rustflags
    }

    pub(crate) fn std_flags<'sh>(&self, build: Cmd<'sh>) -> Cmd<'sh> {
        build.arg(match self.target {
            Target::Static => "-Zbuild-std=std,panic_unwind",
            Target::Wasm => "-Zbuild-std=std,panic_abort",
        })
    }
}

/// rustup's toolchains carry a linker for wasm; other distributions leave it out.
fn toolchain_lld(sh: &Shell) -> Option<PathBuf> {
    let sysroot = PathBuf::from(
        cmd!(sh, "rustc --print sysroot")
            .quiet()
            .ignore_stderr()
            .read()
            .ok()?,
    );
    let host = cmd!(sh, "rustc --print host-tuple")
        .quiet()
        .ignore_stderr()
        .read()
        .ok()?;
    let lld = sysroot.join("lib/rustlib").join(host).join("bin/rust-lld");
    lld.exists().then_some(lld)
}

/// A folder with LLVM's unwinder and the one function it misses in musl.
fn unwinder(sh: &Shell) -> Result<PathBuf> {
    let dir = checkout::target_dir(sh)?.join("toolchain/musl");
    let archive = dir.join("libunwind.a");
    if archive.exists() {
        return Ok(dir);
    }
    if !Path::new(UNWINDER_ARCHIVE).exists() {
        bail!("{UNWINDER_ARCHIVE} is not there although the package {UNWINDER} is installed; reinstall it");
    }
    sh.create_dir(&dir)?;
    let (source, object, unfinished) = (
        dir.join("fortified.c"),
        dir.join("fortified.o"),
        dir.join("unfinished.a"),
    );
    fs::write(&source, FORTIFIED).with_context(|| format!("write {}", source.display()))?;
    cmd!(sh, "musl-gcc -O2 -c {source} -o {object}").quiet().run()?;
    sh.copy_file(UNWINDER_ARCHIVE, &unfinished)?;
    cmd!(sh, "ar rs {unfinished} {object}")
        .quiet()
        .ignore_stderr()
        .run()?;
    // Last, so that a run killed before leaves no archive that looks complete.
    fs::rename(&unfinished, &archive).with_context(|| format!("put {} in place", archive.display()))?;
    Ok(dir)
}
