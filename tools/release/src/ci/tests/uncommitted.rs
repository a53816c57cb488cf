//! An image bears the name of a commit, so what is not committed is not built into one.

use std::path::Path;

use super::Repository;
use crate::ci::content::read;
use crate::ci::verbs::controller::Controller;
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
        read::check_commit(&git, &commit, &root, &[made])?;
        read::check_unchanged(&git, &commit, &root, app)
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

/// What no compiler reads is in the image too, and counts where nothing is compiled anew.
#[test]
fn nor_with_files_that_a_browser_is_given_as_they_are() {
    let repository = Repository::new();
    let app = apps().iter().find(|app| app.browser_package().is_some()).unwrap();
    let (committed, new) = (
        format!("{app}/public/a.txt"),
        format!("{app}/public/icons/new.txt"),
    );
    repository.write(&committed, "\n");
    repository.write(&app.containerfile(), "\n");
    repository.commit("Add files");
    let (git, root) = (repository.handle(), repository.sh.current_dir());
    let commit = git.head().unwrap();
    let check = || read::check_unchanged(&git, &commit, &root, app);
    check().unwrap();
    repository.write(&new, "\n");
    refuses(check(), &new);
    repository.sh.remove_path(&new).unwrap();
    for path in [committed, app.containerfile()] {
        repository.write(&path, "changed\n");
        refuses(check(), &path);
        repository.git(&["checkout", "--quiet", "--", &path]);
    }
    check().unwrap();
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

#[test]
fn nor_is_a_controller() {
    let repository = Repository::new();
    let (source, file) = ("controllers/any/src/main.rs", "controllers/any/Containerfile");
    let (manifest, other) = ("controllers/any/Cargo.toml", "controllers/any/src/bin/other.rs");
    for path in [source, file, manifest, other] {
        repository.write(path, "\n");
    }
    repository.commit("Add a controller");
    let (git, root) = (repository.handle(), repository.sh.current_dir());
    let commit = git.head().unwrap();
    let controller = Controller::named(&root, "any").unwrap();
    let build = || controller.made_of(&git, &commit, &root, &root.join("target"));
    for (program, source) in [("any", source), ("other", other)] {
        compiled(&repository, program, &[source]);
    }
    build().unwrap();
    repository.write("README.md", "# Changed\n");
    build().unwrap();
    for path in [source, file, manifest, other, "Cargo.lock"] {
        repository.write(path, "changed\n");
        refuses(build(), path);
        repository.git(&["checkout", "--quiet", "--", path]);
    }
    build().unwrap();
    let new = "controllers/any/src/new.rs";
    repository.write(new, "");
    compiled(&repository, "any", &[source, new]);
    refuses(build(), new);
}

#[test]
fn a_controller_that_is_not_there_is_named_with_those_that_are() {
    let repository = Repository::new();
    let root = repository.sh.current_dir();
    let refused = |name: &str| Controller::named(&root, name).unwrap_err().to_string();
    assert!(refused("any").ends_with("there is none"), "{}", refused("any"));
    repository.write("controllers/any/Containerfile", "\n");
    repository.write("controllers/no-image/Cargo.toml", "\n");
    for name in ["no-image", "", ".", "../any", "any/"] {
        let said = refused(name);
        assert!(said.ends_with("there is: any"), "{said}");
    }
}
