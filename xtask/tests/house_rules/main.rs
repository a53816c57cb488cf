//! House rules that a reviewer should not have to look for. Each reports every fault at once.

mod by_hand;
mod commands;
mod comments;
mod devcontainer;
mod errors;
mod examples;
mod git_calls;
mod links;
mod lists;
mod paths;

use std::fs;
use std::path::{Path, PathBuf};

/// A file of Rust longer than this has more than one job.
const MAX_LINES: usize = 300;

/// Hosts of package registries, in pieces so that this file obeys its own rule. A file that names
/// one works only where that host answers; clients of the registries know their own addresses and
/// mirrors.
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

/// All files of the repository, new ones included, ignored ones not, by path.
fn names() -> Vec<String> {
    let names = gitkit::files(&root()).expect("list the files");
    assert!(
        names.len() > 50,
        "only {} files found: the list is broken",
        names.len()
    );
    names
}

/// Those that are text: path and content.
fn files() -> Vec<(String, String)> {
    // A file deleted and not yet committed is still listed; a binary one has nothing to say here.
    let read = |name: String| {
        let text = fs::read_to_string(root().join(&name)).ok()?;
        Some((name, text))
    };
    names().into_iter().filter_map(read).collect()
}

/// Those of one kind, by the ending of their names.
fn files_of(kind: &str) -> impl Iterator<Item = (String, String)> {
    let is_of = move |name: &str| Path::new(name).extension().is_some_and(|ending| ending == kind);
    files().into_iter().filter(move |(name, _)| is_of(name))
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
    let silent: Vec<_> = files_of("rs")
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(name, _)| format!("{name}: does not start with a `//!` line"))
        .collect();
    none(&silent);
}

#[test]
fn no_file_of_rust_is_too_long() {
    let long: Vec<_> = files_of("rs")
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

#[test]
fn no_test_is_left_out() {
    // The pages that name it would claim what nobody runs.
    none(&mentions(&[concat!("#[ign", "ore")]));
}

/// How programs, libraries and archives of them begin.
const PROGRAMS: &[&[u8]] = &[
    b"\x7fELF",
    b"MZ",
    b"\0asm",
    b"PK\x03\x04",
    b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe",
    b"!<arch>",
];

#[test]
fn no_file_is_a_program() {
    let is_program = |name: &String| {
        let bytes = fs::read(root().join(name)).unwrap_or_default();
        PROGRAMS.iter().any(|start| bytes.starts_with(start))
    };
    let found: Vec<_> = names().into_iter().filter(is_program).collect();
    none(&found);
}

#[test]
fn licences_and_a_way_to_report_are_there() {
    for (name, says) in [
        ("LICENSE-APACHE", "Apache License"),
        ("LICENSE-MIT", "Permission is hereby granted"),
        ("docs/SECURITY.md", "\n## Reports\n"),
    ] {
        let text = fs::read_to_string(root().join(name)).unwrap_or_default();
        assert!(text.contains(says), "{name} does not say `{}`", says.trim());
    }
}

#[test]
fn updates_are_proposed_for_each_kind_of_dependency() {
    // A fork on another forge may have deleted it.
    let Ok(text) = fs::read_to_string(root().join(".github/dependabot.yml")) else {
        return;
    };
    for (kind, sign) in [
        ("cargo", "Cargo.lock"),
        ("github-actions", ".github/workflows"),
        ("devcontainers", ".devcontainer/"),
        ("gomod", "go.mod"),
    ] {
        let used = names().iter().any(|name| name.contains(sign));
        let line = format!("package-ecosystem: {kind}\n");
        assert_eq!(text.contains(&line), used, "{kind}");
    }
}

#[test]
fn no_workflow_begins_with_a_permission() {
    let workflows = files()
        .into_iter()
        .filter(|(name, _)| name.starts_with(".github/workflows/"));
    let generous: Vec<_> = workflows
        .filter(|(_, text)| !text.lines().any(|line| line == "permissions: {}"))
        .map(|(name, _)| format!("{name}: has no line `permissions: {{}}`"))
        .collect();
    none(&generous);
}
