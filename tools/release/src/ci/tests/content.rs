//! Which changes make a new image of which app.

use super::Repository;
use super::workspace::LOCK;
use crate::environment::apps;

fn fingerprints(repository: &Repository) -> [String; 2] {
    let git = repository.handle();
    let head = git.head().expect("read HEAD");
    [0, 1].map(|app| git.fingerprint(&head, &apps()[app]).expect("hash the content"))
}

/// Which of both become others when `change` is committed in `repository`.
fn changed_by(repository: &Repository, change: impl FnOnce()) -> [bool; 2] {
    let before = fingerprints(repository);
    change();
    repository.commit("Change");
    let after = fingerprints(repository);
    [before[0] != after[0], before[1] != after[1]]
}

/// Whether backend and frontend become others when `path` changes.
fn changes(path: &str) -> [bool; 2] {
    let repository = Repository::new();
    changed_by(&repository, || repository.write(path, "changed\n"))
}

#[test]
fn an_app_of_its_own_content_is_alone() {
    assert_eq!(changes("backend/src/main.rs"), [true, false]);
    assert_eq!(changes("frontend/public/style.css"), [false, true]);
}

#[test]
fn a_crate_is_content_of_the_apps_that_are_compiled_with_it() {
    assert_eq!(changes("crates/api/src/lib.rs"), [true, true]);
    assert_eq!(changes("crates/widgets/src/lib.rs"), [false, true]);
    // Only tests need it.
    assert_eq!(changes("tools/testkit/src/lib.rs"), [false, false]);
    // Nobody does yet.
    assert_eq!(changes("crates/new/src/lib.rs"), [false, false]);
}

#[test]
fn how_everything_is_compiled_is_content_of_both() {
    for path in [
        "Cargo.lock",
        "Cargo.toml",
        "rust-toolchain.toml",
        ".cargo/config.toml",
        "tools/taskkit/src/build/mod.rs",
    ] {
        assert_eq!(changes(path), [true, true], "{path}");
    }
}

#[test]
fn a_file_is_content_of_the_apps_whose_sources_name_it() {
    for source in [
        "const WORDS: &str = include_str!(\"../../shared/words.md\");\n",
        "#[path = \"../../shared/words.md\"]\nmod words;\n",
        "const WORDS: &str = include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/../shared/words.md\"));\n",
    ] {
        let repository = Repository::new();
        repository.write("shared/words.md", "one\n");
        repository.write("backend/src/words.rs", source);
        repository.commit("Include");
        let write = |path, text| changed_by(&repository, || repository.write(path, text));
        assert_eq!(write("shared/words.md", "two\n"), [true, false], "{source}");
        assert_eq!(write("shared/other.md", "two\n"), [false, false], "{source}");
    }
}

#[test]
fn a_folder_that_a_build_script_watches_is_content_and_so_is_what_a_manifest_declares() {
    let repository = Repository::new();
    repository.write("proto/deep/board.proto", "one\n");
    repository.write("words/a.txt", "one\n");
    let script = "fn main() { println!(\"cargo::rerun-if-changed=../proto\"); }\n";
    repository.write("backend/build.rs", script);
    let (path, manifest) = ("frontend/Cargo.toml", "[package]\nname = \"frontend\"\n");
    let declared =
        "[package.metadata.image]\ninputs = [\"../words\"]\n[dependencies]\napi.workspace = true\n";
    repository.write(path, &format!("{manifest}{declared}"));
    repository.commit("Watch");
    let write = |path| changed_by(&repository, || repository.write(path, "two\n"));
    assert_eq!(write("proto/deep/board.proto"), [true, false]);
    assert_eq!(write("words/a.txt"), [false, true]);
}

#[test]
fn what_a_link_leads_to_is_content() {
    let repository = Repository::new();
    repository.write("shared/style.css", "one\n");
    repository.write("frontend/public/own.css", "one\n");
    let link = repository.sh.current_dir().join("frontend/public/style.css");
    std::os::unix::fs::symlink("../../shared/style.css", link).expect("make a link");
    repository.commit("Link");
    let write = |path| changed_by(&repository, || repository.write(path, "two\n"));
    assert_eq!(write("shared/style.css"), [false, true]);
}

#[test]
fn another_package_in_an_apps_folder_is_not_its_content() {
    let repository = Repository::new();
    repository.write("frontend/tool/Cargo.toml", "[package]\nname = \"tool\"\n");
    repository.write("frontend/tool/src/main.rs", "fn main() {}\n");
    repository.commit("Add a tool");
    let write = |path| changed_by(&repository, || repository.write(path, "changed\n"));
    assert_eq!(write("frontend/tool/src/main.rs"), [false, false]);
    assert_eq!(write("frontend/Containerfile"), [false, true]);
}

#[test]
fn a_version_is_content_of_those_that_use_it_and_a_new_app_of_none() {
    let repository = Repository::new();
    let lock = |lock: &str| changed_by(&repository, || repository.write("Cargo.lock", lock));
    assert_eq!(lock(&LOCK.replace("\"1.0.0\"", "\"1.0.1\"")), [true, false]);
    assert_eq!(lock(LOCK), [true, false]);
    let bot = "[[package]]\nname = \"bot\"\nversion = \"0.1.0\"\ndependencies = [\"used\"]\n";
    let manifest = "[package]\nname = \"bot\"\n[dependencies]\nused = \"1\"\n";
    let added = changed_by(&repository, || {
        repository.write("Cargo.lock", &format!("{LOCK}\n{bot}"));
        repository.write("apps/bot/Cargo.toml", manifest);
        repository.write("apps/bot/src/main.rs", "fn main() {}\n");
    });
    assert_eq!(added, [false, false]);
    let bundler = "name = \"wasm-bundle\"\nversion = \"0.1.";
    let newer = LOCK.replace(&format!("{bundler}0"), &format!("{bundler}1"));
    assert_eq!(lock(&newer), [false, true]);
}

#[test]
fn where_packages_are_not_understood_all_counts_but_what_ci_writes() {
    let repository = Repository::new();
    repository.write("Cargo.lock", "no lock");
    repository.commit("Break");
    let write = |path| changed_by(&repository, || repository.write(path, "changed\n"));
    assert_eq!(write("tools/e2e/src/main.rs"), [true, true]);
    assert_eq!(
        write("infra/backend/overlays/staging/kustomization.yaml"),
        [false, false]
    );
}

#[test]
fn the_last_change_is_that_of_an_input_wherever_it_lies() {
    let repository = Repository::new();
    repository.write("shared/words.md", "one\n");
    let source = "const WORDS: &str = include_str!(\"../../shared/words.md\");\n";
    repository.write("backend/src/words.rs", source);
    repository.commit("Include");
    repository.write("shared/words.md", "two\n");
    let changed = repository.commit("Change what is included");
    for path in ["backend/README.md", "tools/testkit/src/lib.rs", "shared/other.md"] {
        repository.write(path, "no input\n");
        let tip = repository.commit("Change something else");
        assert_eq!(
            repository.handle().last_change(&tip).expect("look"),
            changed,
            "{path}"
        );
    }
    repository.git(&["rm", "--quiet", "backend/src/words.rs"]);
    let removed = repository.commit("Include no more");
    assert_eq!(repository.handle().last_change(&removed).expect("look"), removed);
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
