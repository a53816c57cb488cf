//! An image bears the name of a commit, so what is not committed is not built into one.

use std::path::Path;

use super::Repository;
use crate::ci::content::read;
use crate::ci::verbs::verifier::{PROGRAMS, made_of}; // wing: verifier
use crate::environment::apps;
use taskkit::build::DepInfo;

/// Cargo's list for a program beside `built`, made from these files of the repository.
fn compiled(repository: &Repository, program: &str, files: &[&str]) {
    let root = repository.sh.current_dir();
    let files = files.iter().map(|file| format!(" {}", root.join(file).display()));
    let list = format!("{program}:{}\n", files.collect::<String>());
    repository.write("target/CACHEDIR.TAG", "");
    repository.write(&format!("target/{program}.d"), &list);
}

/// Whether it says so, naming this file.
fn refuses(done: anyhow::Result<()>, file: &str) {
    let said = done.expect_err("refused").to_string();
    assert!(said.contains(file) && said.contains("commit it"), "{said}");
}

#[test]
fn an_app_is_not_built_from_what_is_not_committed() {
    let repository = Repository::new();
    let (git, root) = (repository.handle(), repository.sh.current_dir());
    let (commit, app) = (git.head().unwrap(), &apps()[0]);
    let source = format!("{app}/src/main.rs");
    compiled(&repository, app.name(), &[&source]);
    let build = || {
        let made = DepInfo::beside(app, &Path::new(&root).join("target").join(app.name()));
        read::check_commit(&git, &commit, &root, &[made])
    };
    build().unwrap();
    // Nothing is made of it.
    repository.write("README.md", "# Changed\n");
    build().unwrap();
    repository.write(&source, "fn main() { loop {} }\n");
    refuses(build(), &source);
    repository.git(&["checkout", "--quiet", "--", &source]);
    repository.write("Cargo.lock", "version = 4\n");
    refuses(build(), "Cargo.lock");
}

/// As where `CARGO_TARGET_DIR` names a folder above the checkout.
#[test]
fn a_checkout_below_the_folder_of_what_is_compiled_is_read_too() {
    let target = tempfile::tempdir().unwrap();
    let root = target.path().join("checkout");
    std::fs::write(target.path().join("CACHEDIR.TAG"), "").unwrap();
    let (source, list) = (root.join("app/src/main.rs"), target.path().join("debug/app.d"));
    let made = target.path().join("debug/build/made.rs");
    std::fs::create_dir(target.path().join("debug")).unwrap();
    let text = format!("app: {} {}\n", source.display(), made.display());
    std::fs::write(&list, text).unwrap();
    let files = read::files(&root, &list).unwrap();
    assert_eq!(files.into_iter().collect::<Vec<_>>(), ["app/src/main.rs"]);
}

// wing: verifier
#[test]
fn nor_is_the_verifier() {
    let repository = Repository::new();
    let (source, file) = (
        "controllers/verifier/src/main.rs",
        "controllers/verifier/Containerfile",
    );
    let manifest = "controllers/verifier/Cargo.toml";
    for path in [source, file, manifest] {
        repository.write(path, "\n");
    }
    repository.commit("Add the verifier");
    let (git, root) = (repository.handle(), repository.sh.current_dir());
    let commit = git.head().unwrap();
    let build = || made_of(&git, &commit, &root, &root.join("target"));
    for program in PROGRAMS {
        compiled(&repository, program, &[source]);
    }
    build().unwrap();
    repository.write("README.md", "# Changed\n");
    build().unwrap();
    for path in [source, file, manifest, "Cargo.lock"] {
        repository.write(path, "changed\n");
        refuses(build(), path);
        repository.git(&["checkout", "--quiet", "--", path]);
    }
    build().unwrap();
    let new = "controllers/verifier/src/new.rs";
    repository.write(new, "");
    compiled(&repository, PROGRAMS[0], &[source, new]);
    refuses(build(), new);
}
// end of wing
