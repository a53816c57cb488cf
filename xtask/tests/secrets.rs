//! No secret is in this work tree, in its history, or in a commit that is about to be made: by gitleaks.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// In the form of a key of AWS, made up, and in pieces so that it is none here.
const FAKE: &str = concat!("AK", "IA", "Z7QX4T2MWL5PKRHJ");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_path_buf()
}

/// `None`, with a word to the reader, where there is no gitleaks.
fn gitleaks() -> Option<PathBuf> {
    let found = std::env::var_os("GITLEAKS").map(PathBuf::from);
    if found.is_none() {
        let reason = std::env::var("GITLEAKS_MISSING")
            .unwrap_or_else(|_| "run `cargo xtask test`, which brings it".to_owned());
        // Not by a macro: the test harness would keep that to itself.
        let _ = writeln!(std::io::stdout(), "skipped: gitleaks: {reason}");
    }
    found
}

/// Whether gitleaks finds nothing in `folder`: `git` looks at its history, `dir` at its files.
fn clean(gitleaks: &Path, what: &str, folder: &Path) -> Result<(), String> {
    let output = Command::new(gitleaks)
        .args([what, "--redact", "--verbose", "--no-banner", "--no-color"])
        .arg(".")
        .current_dir(folder)
        .output()
        .expect("start gitleaks");
    let text = said(&output);
    match output.status.code() {
        Some(0) => Ok(()),
        Some(1) if text.contains("leaks found") => Err(text),
        code => panic!("gitleaks ended with {code:?}: {text}"),
    }
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr]
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .concat()
}

fn git(folder: &Path, arguments: &[&str]) -> Output {
    let who = ["-c", "user.name=a", "-c", "user.email=a@localhost"];
    Command::new("git")
        .args(who)
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .expect("start git")
}

fn git_ok(folder: &Path, arguments: &[&str]) {
    let output = git(folder, arguments);
    assert!(output.status.success(), "git {arguments:?}: {}", said(&output));
}

/// An empty repository.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("make a folder");
    git_ok(folder.path(), &["init", "--quiet"]);
    folder
}

/// `cargo xtask hooks VERB` in another repository.
fn hooks(repository: &Path, gitleaks: &Path, verb: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["hooks", verb])
        .env("CARGO_MANIFEST_DIR", repository.join("xtask"))
        .env("GITLEAKS", gitleaks)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("start xtask")
}

#[test]
fn no_secret_is_in_the_work_tree() {
    let Some(gitleaks) = gitleaks() else { return };
    let copy = tempfile::tempdir().expect("make a folder for a copy");
    let listed = git(
        &root(),
        &["ls-files", "--cached", "--others", "--exclude-standard", "-z"],
    );
    let names = String::from_utf8(listed.stdout).expect("file names are UTF-8");
    let mut copied = 0;
    // A file deleted and not yet committed is still listed.
    for name in names.split('\0').filter(|name| root().join(name).is_file()) {
        let target = copy.path().join(name);
        fs::create_dir_all(target.parent().expect("a file lies in a folder")).expect("make a folder");
        fs::copy(root().join(name), target).expect("copy a file");
        copied += 1;
    }
    assert!(copied > 50, "only {copied} files found: the list is broken");
    clean(&gitleaks, "dir", copy.path()).unwrap();
}

#[test]
fn no_secret_is_in_the_history() {
    let Some(gitleaks) = gitleaks() else { return };
    clean(&gitleaks, "git", &root()).unwrap();
}

#[test]
fn a_planted_key_is_found_in_a_file_and_after_it_was_deleted() {
    let Some(gitleaks) = gitleaks() else { return };
    let repository = repository();
    let folder = repository.path();
    let file = folder.join("settings.yaml");
    fs::write(&file, format!("key: {FAKE}\n")).expect("plant a key");
    let found = clean(&gitleaks, "dir", folder).unwrap_err();
    assert!(
        found.contains("aws-access-token") && !found.contains(FAKE),
        "{found}"
    );
    git_ok(folder, &["add", "."]);
    git_ok(folder, &["commit", "--quiet", "--message", "plant"]);
    git_ok(folder, &["rm", "--quiet", "settings.yaml"]);
    git_ok(folder, &["commit", "--quiet", "--message", "remove"]);
    clean(&gitleaks, "dir", folder).unwrap();
    clean(&gitleaks, "git", folder).unwrap_err();
}

#[test]
fn the_hook_refuses_a_commit_with_a_key_and_no_other() {
    let Some(gitleaks) = gitleaks() else { return };
    let repository = repository();
    let folder = repository.path();
    for _ in 0..2 {
        let output = hooks(folder, &gitleaks, "install");
        assert!(output.status.success(), "{}", said(&output));
    }
    fs::write(folder.join("page.txt"), "no secret\n").expect("write a file");
    git_ok(folder, &["add", "."]);
    git_ok(folder, &["commit", "--quiet", "--message", "fine"]);
    fs::write(folder.join("page.txt"), format!("key = {FAKE}\n")).expect("plant a key");
    git_ok(folder, &["add", "."]);
    let refused = git(folder, &["commit", "--quiet", "--message", "key"]);
    assert!(!refused.status.success(), "the key was committed");
    assert!(said(&refused).contains("aws-access-token"), "{}", said(&refused));
    let output = hooks(folder, &gitleaks, "remove");
    assert!(output.status.success(), "{}", said(&output));
    assert!(!folder.join(".git/hooks/pre-commit").exists());
}

#[test]
fn a_hook_of_somebody_else_stays() {
    let repository = repository();
    let hook = repository.path().join(".git/hooks/pre-commit");
    fs::create_dir_all(hook.parent().expect("a folder")).expect("make the folder of hooks");
    fs::write(&hook, "#!/bin/sh\n").expect("write a hook");
    for verb in ["install", "remove"] {
        let output = hooks(repository.path(), Path::new("gitleaks"), verb);
        assert!(!output.status.success(), "{verb} took a hook that is not ours");
        assert!(said(&output).contains("is not ours"), "{}", said(&output));
    }
    assert_eq!(
        fs::read_to_string(&hook).expect("the hook is there"),
        "#!/bin/sh\n"
    );
}
