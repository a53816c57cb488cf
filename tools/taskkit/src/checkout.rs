//! The checkout that this run belongs to: where it lies, and how cargo is started in it from inside
//! cargo.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use xshell::{Cmd, Shell, cmd};

pub use gitkit::KeptSettings;

/// A shell that stands in the root of the repository.
pub fn shell() -> Result<Shell> {
    let sh = Shell::new().context("find the current folder")?;
    sh.change_dir(root()?);
    Ok(sh)
}

/// The root of the checkout this run belongs to. `cargo run` says of which package the program is;
/// a binary started by hand knows where it was built.
pub fn root() -> Result<PathBuf> {
    let package =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    let is_root = |folder: &&Path| folder.join(project::FILE).is_file();
    let root = package.ancestors().skip(1).find(is_root);
    // The file is missing: whoever needs it says so.
    let is_top = |folder: &&Path| folder.join(".git").exists();
    let root = root.or_else(|| package.ancestors().skip(1).find(is_top));
    // A repository of another kind, into which hooks go.
    let root = root.or_else(|| package.parent());
    let root = root.context("the folder of the package has no folder above it")?;
    Ok(root.to_path_buf())
}

/// Whether a CI system runs this: each sets `CI`, but for CodeBuild.
pub fn in_ci() -> bool {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty() && value != "false");
    set("CI") || set("CODEBUILD_BUILD_ID")
}

/// This program. Compiling the tests puts a newer one in its place, and Linux then says of this one
/// that it is deleted.
pub fn this_program() -> Result<PathBuf> {
    let path = env::current_exe().context("find this program")?;
    let place = path.to_str().and_then(|path| path.strip_suffix(" (deleted)"));
    Ok(place.map_or_else(|| path.clone(), PathBuf::from))
}

/// Starts this program anew without the variables of Git that name a repository, if there are any:
/// a hook of Git sets them, and whatever is started from here would work in the person's repository
/// instead of the one it stands in.
pub fn forget_git(kept: KeptSettings) -> Result<()> {
    let foreign = env::vars_os().map(|(name, _)| name);
    let foreign: Vec<OsString> = foreign.filter(|name| gitkit::is_foreign(name, kept)).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    let mut anew = Command::new(this_program()?);
    anew.args(env::args_os().skip(1));
    for name in foreign {
        anew.env_remove(name);
    }
    // `exec` answers only when it failed.
    Err(anew.exec()).context("start this program without Git's variables")
}

/// The folder cargo builds into, in cargo's own words: a variable may name it, a configuration file
/// in any folder above, or neither.
pub fn target_dir(sh: &Shell) -> Result<PathBuf> {
    target_dir_of(cargo(sh))
}

fn target_dir_of(cargo: Cmd<'_>) -> Result<PathBuf> {
    let metadata = cargo
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .quiet()
        .read()
        .context("ask cargo which folder it builds into")?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata).context("read cargo's metadata")?;
    let folder = metadata["target_directory"].as_str();
    folder
        .map(PathBuf::from)
        .context("cargo's metadata names no target_directory")
}

/// The program that cargo says it has made, if this message of its JSON is about one. With
/// `build.target` set, it lies in a folder of that target.
pub fn executable(message: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    message["executable"].as_str().map(PathBuf::from)
}

/// `path`, taken from the root of the repository unless absolute.
pub fn absolute(sh: &Shell, path: &Path) -> PathBuf {
    sh.current_dir().join(path)
}

/// The toolchain's own cargo, as if started from a terminal.
pub fn cargo(sh: &Shell) -> Cmd<'_> {
    without_cargo_noise(cmd!(sh, "cargo"))
}

/// Removes what an outer `cargo run` sets for its program. Build scripts that watch such a variable
/// would otherwise run again, and with them everything built on them, each time the way in changes.
pub fn without_cargo_noise(mut cmd: Cmd<'_>) -> Cmd<'_> {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_cargo_noise) {
            cmd = cmd.env_remove(name);
        }
    }
    cmd
}

/// Names that cargo sets for the program it runs; those a person sets to steer cargo
/// (`CARGO_TARGET_DIR`, `CARGO_HOME`, `CARGO_BUILD_JOBS` ...) are none of them.
pub fn is_cargo_noise(name: &str) -> bool {
    matches!(
        name,
        "CARGO" | "OUT_DIR" | "CARGO_CRATE_NAME" | "CARGO_BIN_NAME" | "CARGO_PRIMARY_PACKAGE"
    ) || ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_EXE_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A person may name the folder by either variable, or in a file of a folder above, which
    /// counts from that folder.
    #[test]
    fn the_target_folder_is_the_one_that_cargo_takes() {
        let above = tempfile::tempdir().expect("make a folder");
        let above = above.path().canonicalize().expect("a folder has a path");
        let sh = Shell::new().expect("find the current folder");
        sh.change_dir(above.join("checkout"));
        sh.write_file("Cargo.toml", "[package]\nname = \"one\"\n[workspace]\n")
            .expect("write a manifest");
        sh.write_file("src/lib.rs", "").expect("write a source");
        let (variable, setting) = ("CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR");
        let found = |variables: &[(&str, &str)]| {
            let asked = cargo(&sh).env_remove(variable).env_remove(setting);
            let asked = variables
                .iter()
                .fold(asked, |cmd, (name, value)| cmd.env(name, value));
            target_dir_of(asked).map_err(|error| format!("{error:#}"))
        };
        let cases: [(&[_], &str); 4] = [
            (&[(variable, "a")], "checkout/a"),
            (&[(setting, "b")], "checkout/b"),
            (&[(variable, "a"), (setting, "b")], "checkout/a"),
            (&[(variable, "/elsewhere")], "/elsewhere"),
        ];
        for (variables, expected) in cases {
            assert_eq!(found(variables), Ok(above.join(expected)), "{variables:?}");
        }
        sh.write_file(
            above.join(".cargo/config.toml"),
            "[build]\ntarget-dir = \"shared\"\n",
        )
        .expect("write a configuration");
        assert_eq!(found(&[]), Ok(above.join("shared")));
        assert_eq!(found(&[(setting, "b")]), Ok(above.join("checkout/b")));
    }

    #[test]
    fn a_program_is_where_cargo_says() {
        let message = r#"{"reason":"compiler-artifact","target":{"name":"supply"},"executable":"/target/debug/supply"}"#;
        assert_eq!(executable(message), Some("/target/debug/supply".into()));
        let library = r#"{"reason":"compiler-artifact","target":{"name":"supply"},"executable":null}"#;
        assert_eq!(executable(library), None);
        assert_eq!(executable(r#"{"reason":"build-finished","success":true}"#), None);
    }

    #[test]
    fn variables_a_person_sets_survive() {
        assert!(is_cargo_noise("CARGO_PKG_VERSION") && is_cargo_noise("CARGO_MANIFEST_DIR"));
        for kept in [
            "CARGO_TARGET_DIR",
            "CARGO_HOME",
            "CARGO_BUILD_JOBS",
            "RUSTFLAGS",
            "PATH",
        ] {
            assert!(!is_cargo_noise(kept), "{kept}");
        }
    }
}
