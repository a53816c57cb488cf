//! House rules that a reviewer should not have to look for. Each reports every fault at once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file of Rust longer than this has more than one job.
const MAX_LINES: usize = 400;

/// Hosts of package registries, in pieces so that this file obeys its own rule. A file that names one works only where that
/// host answers; clients of the registries know their own addresses and mirrors.
const REGISTRY_HOSTS: &[&str] = &[
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("files.python", "hosted.org"),
    concat!("proxy.", "golang.org"),
    concat!("sum.", "golang.org"),
    concat!("deb.", "debian.org"),
    concat!("registry.", "npmjs.org"),
    concat!("repo1.", "maven.org"),
    concat!("repo.maven.", "apache.org"),
];

/// Folders of one person's machine.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// Cargo writes its registry's name in here.
const GENERATED: &str = "Cargo.lock";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_path_buf()
}

/// All files of the repository that are text, new ones included, ignored ones not: path and content.
fn files() -> Vec<(String, String)> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root())
        .output()
        .expect("run git");
    assert!(
        listed.status.success(),
        "{}",
        String::from_utf8_lossy(&listed.stderr)
    );
    let names = String::from_utf8(listed.stdout).expect("file names are UTF-8");
    // A file deleted and not yet committed is still listed; a binary one has nothing to say here.
    let read = |name: &str| Some((name.to_owned(), fs::read_to_string(root().join(name)).ok()?));
    let files: Vec<_> = names
        .split('\0')
        .filter(|name| !name.is_empty())
        .filter_map(read)
        .collect();
    assert!(
        files.len() > 50,
        "only {} files found: the list is broken",
        files.len()
    );
    files
}

fn rust_files() -> impl Iterator<Item = (String, String)> {
    files().into_iter().filter(|(name, _)| {
        Path::new(name)
            .extension()
            .is_some_and(|extension| extension == "rs")
    })
}

fn none(faults: &[String]) {
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

/// Lines that contain one of `words` as the start of a word or path.
fn mentions(words: &[&str]) -> Vec<String> {
    let inside =
        |text: &str, at: usize| text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
    let mut faults = Vec::new();
    for (name, text) in files().iter().filter(|(name, _)| name != GENERATED) {
        for (number, line) in text.lines().enumerate() {
            for word in words {
                if line
                    .match_indices(word)
                    .any(|(at, _)| word.starts_with(char::is_alphanumeric) || !inside(line, at))
                {
                    faults.push(format!("{name}:{}: names {word}", number + 1));
                }
            }
        }
    }
    faults
}

#[test]
fn every_module_states_its_job() {
    let silent: Vec<_> = rust_files()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(name, _)| format!("{name}: does not start with a `//!` line"))
        .collect();
    none(&silent);
}

#[test]
fn no_file_of_rust_is_too_long() {
    let long: Vec<_> = rust_files()
        .filter(|(_, text)| text.lines().count() > MAX_LINES)
        .map(|(name, text)| format!("{name}: {} lines, {MAX_LINES} are allowed", text.lines().count()))
        .collect();
    none(&long);
}

#[test]
fn no_file_names_a_host_of_a_package_registry() {
    none(&mentions(REGISTRY_HOSTS));
}

#[test]
fn no_file_names_a_folder_of_a_machine() {
    none(&mentions(MACHINE_PATHS));
}

#[test]
fn nothing_is_left_for_later() {
    none(&mentions(&[concat!("TO", "DO"), concat!("FIX", "ME")]));
}
