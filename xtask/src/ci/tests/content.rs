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
