//! The machine that a runner starts jobs on.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::outside::aws_program;
use crate::stand_ins::StandIns;

/// Its variables: nothing of this user's, the verbs that were compiled from this work tree, and
/// AWS's own program.
pub(crate) fn machine(folder: &Path, stand_ins: &StandIns) -> BTreeMap<String, String> {
    let (home, bin) = (folder.join("home"), folder.join("bin"));
    fs::create_dir_all(&home).expect("make a folder");
    fs::create_dir_all(&bin).expect("make a folder");
    let release = release();
    script(
        &bin.join("cargo-verbs"),
        &format!(
            "shift\nCARGO_MANIFEST_DIR=\"$PWD/tools/release\" exec '{}' \"$@\"",
            release.display()
        ),
    );
    let aws = aws_program();
    script(
        &bin.join("aws"),
        &format!("PYTHONPATH='{0}' exec '{0}/bin/aws' \"$@\"", aws.display()),
    );
    // wing: diff
    // The overlay itself is as good as what it comes to, and the real one has to be built.
    script(&bin.join("kustomize"), "cat \"$2/kustomization.yaml\"");
    // end of wing
    let path = std::env::var("PATH").unwrap_or_default();
    let users = |name: &str, folder: &str| {
        std::env::var(name)
            .unwrap_or_else(|_| format!("{}/{folder}", std::env::var("HOME").unwrap_or_default()))
    };
    [
        ("PATH", format!("{}:{path}", bin.display())),
        ("HOME", home.display().to_string()),
        ("CARGO_HOME", users("CARGO_HOME", ".cargo")),
        ("RUSTUP_HOME", users("RUSTUP_HOME", ".rustup")),
        // `cargo xtask` is an alias: of these verbs, which need no compiler.
        ("CARGO_ALIAS_XTASK", "verbs".to_owned()),
        ("KUSTOMIZE", bin.join("kustomize").display().to_string()), // wing: diff
        ("GIT_CONFIG_GLOBAL", "/dev/null".to_owned()),
        ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
        ("AWS_ENDPOINT_URL", format!("http://{}", stand_ins.address)),
        // Without credentials it would look for those of a virtual machine, at an address of the
        // network.
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        (
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            format!("http://{}/identity?api-version=2.0", stand_ins.address),
        ),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of-the-runner".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn release() -> PathBuf {
    let beside = || {
        let tests = std::env::current_exe().expect("this program has a path");
        let target = tests.ancestors().nth(2).expect("it lies in target/debug/deps");
        target.join("release")
    };
    let path = std::env::var_os("RELEASE").map_or_else(beside, PathBuf::from);
    assert!(
        path.is_file(),
        "{} is not there: run cargo build -p release",
        path.display()
    );
    path
}

/// Makes `text` a program of the shell.
pub(crate) fn script(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("write a script");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("make it a program");
}
