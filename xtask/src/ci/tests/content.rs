//! Which changes make a new image of which app.

use super::Repository;
use crate::environment::apps;

fn fingerprints(repository: &Repository) -> [String; 2] {
    let git = repository.handle();
    let head = git.head().expect("read HEAD");
    [0, 1].map(|app| git.fingerprint(&head, &apps()[app]).expect("hash the content"))
}

/// Whether backend and frontend become others when `path` changes.
fn changes(path: &str) -> [bool; 2] {
    let repository = Repository::new();
    let before = fingerprints(&repository);
    repository.write(path, "changed\n");
    repository.commit("Change");
    let after = fingerprints(&repository);
    [before[0] != after[0], before[1] != after[1]]
}

#[test]
fn an_app_of_its_own_content_is_alone() {
    assert_eq!(changes("backend/src/main.rs"), [true, false]);
    assert_eq!(changes("frontend/public/style.css"), [false, true]);
}

#[test]
fn shared_files_are_content_of_both() {
    for path in [
        "crates/api/src/lib.rs",
        "Cargo.lock",
        "Cargo.toml",
        "xtask/src/build/mod.rs",
    ] {
        assert_eq!(changes(path), [true, true], "{path}");
    }
}

const LOCK: &str = "version = 4\n\n[[package]]\nname = \"backend\"\nversion = \"0.1.0\"\ndependencies = [\"used\"]\n\n\
    [[package]]\nname = \"frontend\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"hydrate\"\nversion = \"0.1.0\"\n\n\
    [[package]]\nname = \"used\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"wasm-bundle\"\nversion = \"0.1.0\"\n";

#[test]
fn a_version_is_content_of_those_that_use_it_and_a_new_app_of_none() {
    let repository = Repository::new();
    repository.write("Cargo.lock", LOCK);
    repository.commit("Lock");
    let before = fingerprints(&repository);
    let changed = |lock: String| {
        repository.write("Cargo.lock", &lock);
        repository.commit("Change");
        let after = fingerprints(&repository);
        [before[0] != after[0], before[1] != after[1]]
    };
    let newer = LOCK.replace("\"1.0.0\"", "\"1.0.1\"");
    assert_eq!(changed(newer), [true, false]);
    let with_bot =
        format!("{LOCK}\n[[package]]\nname = \"bot\"\nversion = \"0.1.0\"\ndependencies = [\"used\"]\n");
    assert_eq!(changed(with_bot), [false, false]);
    let bundler = LOCK.replace(
        "name = \"wasm-bundle\"\nversion = \"0.1.0\"",
        "name = \"wasm-bundle\"\nversion = \"0.1.1\"",
    );
    assert_eq!(changed(bundler), [false, true]);
}

#[test]
fn content_from_before_an_app_is_other_content() {
    let repository = Repository::new();
    let with = repository.handle().head().expect("read HEAD");
    repository.git(&["rm", "-r", "--quiet", "backend"]);
    let without = repository.commit("Remove");
    let git = repository.handle();
    assert!(!git.same_content(&with, &without).expect("compare"));
    assert!(git.same_content(&without, &without).expect("compare"));
}

#[test]
fn prose_manifests_and_the_harness_are_content_of_none() {
    for path in [
        "README.md",
        "backend/README.md",
        "infra/backend/overlays/staging/kustomization.yaml",
        "tools/e2e/src/main.rs",
        "docs/CI.md",
    ] {
        assert_eq!(changes(path), [false, false], "{path}");
    }
}

#[test]
fn the_fingerprint_is_a_valid_tag_and_the_same_for_the_same_content() {
    let repository = Repository::new();
    let before = fingerprints(&repository);
    repository.write("backend/src/main.rs", "fn main() { loop {} }\n");
    repository.commit("Change");
    repository.write("backend/src/main.rs", "fn main() {}\n");
    repository.commit("Change back");
    assert_eq!(before, fingerprints(&repository));
    assert!(
        before[0].len() == 40 && before[0].chars().all(|c| c.is_ascii_hexdigit()),
        "{}",
        before[0]
    );
    assert_ne!(before[0], before[1]);
}

#[test]
fn a_commit_without_an_app_is_refused() {
    let repository = Repository::new();
    repository.git(&["rm", "-r", "--quiet", "backend"]);
    let head = repository.commit("Remove");
    let error = repository
        .handle()
        .fingerprint(&head, &apps()[0])
        .expect_err("nothing to build");
    assert!(error.to_string().contains("no files of backend"), "{error}");
}
