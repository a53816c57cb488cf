//! No secret is in this work tree, in its history, or in a commit that is about to be made: by
//! gitleaks.

#[path = "secrets/history.rs"]
mod history;
#[path = "secrets/hook.rs"]
mod hook;

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
        skipped(&reason);
    }
    found
}

/// Tells the reader why a test says nothing.
fn skipped(reason: &str) {
    // Not by a macro: the test harness would keep that to itself.
    let _ = writeln!(std::io::stdout(), "skipped: gitleaks: {reason}");
}

/// Whether gitleaks finds nothing in `folder`: `git` looks at its history, `dir` at its files.
fn clean(gitleaks: &Path, what: &str, folder: &Path) -> Result<(), String> {
    let mut command = Command::new(gitleaks);
    gitkit::forget(&mut command);
    let output = command
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
    let git = gitkit::Git::at(folder).as_somebody();
    git.args(arguments).output().expect("start git")
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
        .env("GIT_CONFIG_GLOBAL", repository.with_extension("global"))
        .output()
        .expect("start xtask")
}

#[test]
fn no_secret_is_in_the_work_tree() {
    let Some(gitleaks) = gitleaks() else { return };
    let copy = tempfile::tempdir().expect("make a folder for a copy");
    let names = gitkit::files(&root()).expect("list the files");
    let mut copied = 0;
    // A file deleted and not yet committed is still listed.
    for name in names.iter().filter(|name| root().join(name).is_file()) {
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
    if history::is_shallow(&root()) {
        return skipped("the checkout has a part of the history alone: `git fetch --unshallow`");
    }
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

/// Every file below `folder`, its kind of entry included, so that two lists are equal if nothing
/// was written there.
fn listing(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && !path.is_symlink() {
                folders.push(path.clone());
            }
            let content = fs::read(&path).unwrap_or_default();
            found.push((path, content));
        }
    }
    found.sort();
    found
}

/// Whether `cargo xtask hooks install` and `remove` leave everything outside of a repository alone,
/// and refuse to go there, when `arrange` has set up the repository in the first folder and others'
/// things in the second.
fn assert_stays_inside(name: &str, arrange: impl Fn(&Path, &Path)) {
    let place = tempfile::tempdir().expect("make a folder");
    let (ours, others) = (place.path().join("ours"), place.path().join("others"));
    for folder in [&ours, &others] {
        fs::create_dir(folder).expect("make a folder");
    }
    git_ok(&ours, &["init", "--quiet"]);
    arrange(&ours, &others);
    let before = listing(&others);
    let installed = hooks(&ours, Path::new("/bin/true"), "install");
    let text = said(&installed);
    assert!(!installed.status.success(), "{name}: {text}");
    assert!(
        text.contains("nothing was written") && text.contains("git config --local core.hooksPath"),
        "{name}: {text}"
    );
    hooks(&ours, Path::new("/bin/true"), "remove");
    assert_eq!(listing(&others), before, "{name}");
}

#[test]
fn a_hook_that_other_repositories_would_run_is_never_written() {
    let global = |ours: &Path, value: &str| {
        let text = format!("[core]\n\thooksPath = {value}\n");
        fs::write(ours.with_extension("global"), text).expect("write settings");
    };
    let shown = |path: &Path| path.display().to_string();
    assert_stays_inside("a global setting", |ours, others| global(ours, &shown(others)));
    assert_stays_inside("a folder that is not there yet", |ours, others| {
        global(ours, &shown(&others.join("hooks")));
    });
    assert_stays_inside("no hooks at all", |ours, _| global(ours, "/dev/null"));
    assert_stays_inside("a global setting that names this repository", |ours, _| {
        global(ours, &shown(&ours.join(".git/hooks")));
    });
    assert_stays_inside("a local setting", |ours, others| {
        git_ok(ours, &["config", "core.hooksPath", &shown(others)]);
    });
    assert_stays_inside("a relative one that leaves", |ours, _| {
        git_ok(ours, &["config", "core.hooksPath", "../others"]);
    });
    assert_stays_inside("an included file", |ours, others| {
        let text = format!("[core]\n\thooksPath = {}\n", others.display());
        fs::write(ours.with_extension("included"), text).expect("write settings");
        let text = format!(
            "[include]\n\tpath = {}\n",
            ours.with_extension("included").display()
        );
        fs::write(ours.with_extension("global"), text).expect("write settings");
    });
    assert_stays_inside("a link in place of the folder", |ours, others| {
        fs::remove_dir_all(ours.join(".git/hooks")).ok();
        std::os::unix::fs::symlink(others, ours.join(".git/hooks")).expect("make a link");
    });
}

#[test]
fn the_hook_goes_where_git_looks_inside_the_repository() {
    for (setting, path) in [
        (None, ".git/hooks/pre-commit"),
        (Some(".githooks"), ".githooks/pre-commit"),
        (Some(".git/own"), ".git/own/pre-commit"),
    ] {
        let repository = repository();
        let folder = repository.path();
        if let Some(setting) = setting {
            git_ok(folder, &["config", "core.hooksPath", setting]);
        }
        let output = hooks(folder, Path::new("/bin/true"), "install");
        assert!(output.status.success(), "{setting:?}: {}", said(&output));
        assert!(folder.join(path).exists(), "{setting:?}");
        let output = hooks(folder, Path::new("/bin/true"), "remove");
        assert!(output.status.success(), "{setting:?}: {}", said(&output));
        assert!(!folder.join(path).exists(), "{setting:?}");
    }
}

#[test]
fn a_hook_is_removed_although_a_setting_now_leads_elsewhere() {
    let repository = repository();
    let folder = repository.path();
    assert!(hooks(folder, Path::new("/bin/true"), "install").status.success());
    git_ok(folder, &["config", "core.hooksPath", "/nowhere"]);
    let output = hooks(folder, Path::new("/bin/true"), "remove");
    assert!(output.status.success(), "{}", said(&output));
    assert!(!folder.join(".git/hooks/pre-commit").exists());
}
