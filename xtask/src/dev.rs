//! `cargo xtask dev`, and the build it runs: for this machine, unoptimized, and only what changed.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use anyhow::{Context as _, Result, bail};
use xshell::Shell;

use taskkit::build::toolchain::{self, Choice, Options, Target};
use taskkit::build::{DepInfo, bundle, packages};
use taskkit::checkout;
use taskkit::environment::project;
use taskkit::missing::Missing;

use crate::flags::{self, Part};

/// Where copies of the servers lie, in cargo's folder: `dev` finds them there.
pub(crate) const BINARIES: &str = "dev/bin";

impl flags::Dev {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        require_free(self.port)?;
        build(sh, &[], self.toolchain.options())?;
        let xtask = checkout::this_program()?;
        let program = checkout::target_dir(sh)?.join(BINARIES).join("dev");
        let mut dev = Command::new(&program);
        dev.current_dir(sh.current_dir())
            .args(["--port", &self.port.to_string()])
            .args(["--messages", &self.messages.to_string()])
            .arg("--xtask")
            .arg(xtask);
        // `exec` answers only when it failed.
        Err(dev.exec()).with_context(|| format!("start {}", program.display()))
    }
}

/// Asked before the build: nobody wants to wait for it first.
fn require_free(port: u16) -> Result<()> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "port {port} is taken by another program; end it, or choose another: cargo xtask dev --port {}",
            port.wrapping_add(1)
        ),
        Err(error) => {
            Err(error).with_context(|| format!("listen on port {port}; choose another with --port"))
        }
    }
}

/// Compiles the application, with the toolchain that is there. Answers what it was made from.
pub(crate) fn everything(sh: &Shell, missing: Missing) -> Result<Vec<DepInfo>> {
    let options = Options {
        choice: Choice::Auto,
        missing,
    };
    build(sh, &[], options)
}

/// Compiles `parts`, or all of them when none is named.
pub(crate) fn build(sh: &Shell, parts: &[Part], options: Options) -> Result<Vec<DepInfo>> {
    let wanted = |part| parts.is_empty() || parts.contains(&part);
    let (target, mut made) = (checkout::target_dir(sh)?, Vec::new());
    if wanted(Part::Servers) {
        made = servers(sh, &target.join(BINARIES))?;
    }
    let out = target.join("dev");
    let site = out.join("site");
    // One site, as one page is looked at.
    let Some((app, package)) = bundle::pages().next() else {
        return Ok(made);
    };
    if wanted(Part::Page) {
        let wasm = page(sh, package, &out, &site.join(bundle::PKG), options)?;
        made.push(DepInfo::beside(app, &wasm));
    }
    if wanted(Part::Files) {
        sh.create_dir(&site)?;
        drop_stale(sh, &site)?;
        bundle::copy_public(sh, app, &site)?;
    }
    Ok(made)
}

/// Compiles the servers and keeps copies of them in `folder`. Cargo says where it puts them, which
/// a person's `build.target` decides too; and the servers' own tests put other builds in their
/// place.
fn servers(sh: &Shell, folder: &Path) -> Result<Vec<DepInfo>> {
    let messages = checkout::cargo(sh)
        .args(["build", "--message-format", "json-render-diagnostics"])
        // Together, so that all share one set of dependencies.
        .args(packages())
        .args(["--package", "dev"])
        .read()
        .context("compile the servers")?;
    sh.create_dir(folder)?;
    let mut made = Vec::new();
    for binary in binaries(&messages) {
        let name = binary.file_name().context("a binary has a name")?;
        let app = project().apps().iter().find(|app| name == app.package());
        made.extend(app.map(|app| DepInfo::beside(app, &binary)));
        keep(&binary, &folder.join(name))?;
    }
    Ok(made)
}

/// Puts a copy of `binary` in the place of `kept`: moved there and not written over, since the old
/// one may be running. It is as old as the binary, by which `dev` sees whether a server is another.
fn keep(binary: &Path, kept: &Path) -> Result<()> {
    let unfinished = kept.with_file_name("unfinished");
    fs::copy(binary, &unfinished)
        .and_then(|_| fs::metadata(binary)?.modified())
        .and_then(|made| File::options().write(true).open(&unfinished)?.set_modified(made))
        .and_then(|()| fs::rename(&unfinished, kept))
        .with_context(|| format!("put {} in place", kept.display()))
}

/// The binaries that cargo says it has made, from its messages, one a line.
fn binaries(messages: &str) -> Vec<PathBuf> {
    messages.lines().filter_map(checkout::executable).collect()
}

/// Compiles the page for the browser and answers the wasm file; what is bound already is not bound
/// again, for that takes seconds.
fn page(sh: &Shell, package: &str, out: &Path, pkg: &Path, options: Options) -> Result<PathBuf> {
    let wasm = toolchain::prepare(sh, Target::Wasm, options)?;
    let wasm = bundle::compile(sh, &wasm, "dev", package)?;
    let (stamp, state) = (out.join("bound"), state(&wasm)?);
    if pkg.exists() && fs::read_to_string(&stamp).is_ok_and(|bound| bound == state) {
        return Ok(wasm);
    }
    // Beside the old one and then in its place: a browser may ask at any moment.
    let (fresh, old) = (out.join("pkg.new"), out.join("pkg.old"));
    sh.remove_path(&fresh)?;
    bundle::bind(sh, &wasm, &fresh, &[])?;
    sh.create_dir(pkg)?;
    sh.remove_path(&old)?;
    fs::rename(pkg, &old)
        .and_then(|()| fs::rename(&fresh, pkg))
        .with_context(|| format!("put {} in place", pkg.display()))?;
    sh.remove_path(&old)?;
    fs::write(&stamp, state).with_context(|| format!("write {}", stamp.display()))?;
    Ok(wasm)
}

/// Tells one result of the compiler from another.
fn state(wasm: &Path) -> Result<String> {
    let meta = fs::metadata(wasm).with_context(|| format!("look at {}", wasm.display()))?;
    let made = meta
        .modified()
        .with_context(|| format!("ask when {} was made", wasm.display()))?
        .duration_since(UNIX_EPOCH)
        .with_context(|| format!("{} was made before 1970", wasm.display()))?;
    Ok(format!("{} {}", made.as_nanos(), meta.len()))
}

/// Removes files that are no longer in the source.
fn drop_stale(sh: &Shell, site: &Path) -> Result<()> {
    let entries: Vec<PathBuf> = sh.read_dir(site)?;
    for path in entries.iter().filter(|path| !path.ends_with(bundle::PKG)) {
        sh.remove_path(path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_server_that_was_not_compiled_anew_is_kept_as_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let [binary, kept] = ["binary", "kept"].map(|name| folder.path().join(name));
        let made = || fs::metadata(&kept).unwrap().modified().unwrap();
        fs::write(&binary, "first").unwrap();
        let compiled = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        File::options()
            .write(true)
            .open(&binary)
            .and_then(|file| file.set_modified(compiled))
            .unwrap();
        for _ in ["first", "again"] {
            keep(&binary, &kept).unwrap();
            assert_eq!(made(), compiled);
        }
        fs::write(&binary, "second").unwrap();
        keep(&binary, &kept).unwrap();
        assert_ne!(made(), compiled);
        assert_eq!(fs::read_to_string(&kept).unwrap(), "second");
    }

    /// With `build.target` set, binaries lie in a folder of that target.
    #[test]
    fn binaries_are_where_cargo_says() {
        let messages = [
            r#"{"reason":"compiler-artifact","target":{"kind":["lib"]},"executable":null}"#,
            r#"{"reason":"compiler-artifact","target":{"kind":["bin"]},"executable":"/t/x86_64-unknown-linux-gnu/debug/dev"}"#,
            r#"{"reason":"build-finished","success":true}"#,
        ];
        let found = binaries(&messages.join("\n"));
        assert_eq!(found, [Path::new("/t/x86_64-unknown-linux-gnu/debug/dev")]);
    }
}
