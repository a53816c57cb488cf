//! Whole forks of this checkout, as far as that can be seen without compiling them: each names only
//! what it has. The suite `forks` compiles and tests them.

use std::fs;
use std::process::Command; // wing: sample, generators
use std::time::Instant; // wing: sample, generators

use project::Kind; // wing: sample, generators

use crate::checkout::TOOLS; // wing: e2e
use crate::checkout::{Checkout, NUMBERS, REPOSITORY};
use crate::checkout::{MOST_LINES, new_app, said}; // wing: sample, generators
use crate::named::{keeps, names_only_what_it_has, texts};
use crate::names::{APPLICATION, NAME};
use crate::template::locked;

/// Cargo reads the manifests and has nothing to change in the lock file.
fn cargo_is_content(fork: &Checkout) {
    locked(fork, &["--locked"]);
}

/// How many files are left to a person: templates of AWS with apps that are gone, and no others.
fn left(said: &str) -> usize {
    let left = said.lines().filter(|line| line.starts_with("left "));
    let left: Vec<_> = left.collect();
    let is_told = |line: &&str| {
        line.starts_with("left infra/aws/") && line.contains("put your own apps in their place")
    };
    assert!(left.iter().all(is_told), "{left:?}");
    left.len()
}

#[test]
fn renamed_only() {
    let fork = Checkout::of_all();
    let former = crate::names::former(&fork);
    let names = [
        "--name",
        NAME,
        "--application",
        APPLICATION,
        "--repository",
        REPOSITORY,
    ];
    fork.fork(&[&names[..], &NUMBERS].concat());
    for (name, text) in texts(&fork) {
        for former in &former {
            let variable = former.replace('-', "_").to_uppercase();
            assert!(!keeps(&text, former), "{name} still has {former}");
            assert!(!keeps(&text, &variable), "{name} still has {variable}");
        }
    }
    cargo_is_content(&fork);
    names_only_what_it_has(&fork);
}

/// Whoever copies a command from the page is not told that it leaves out too little.
#[test]
fn examples_of_the_page_can_be_taken_as_they_stand() {
    let page = Checkout::of_files(&["docs/FORK.md"]).read("docs/FORK.md");
    let sign = "cargo xtask fork --without ";
    let examples: Vec<_> = page.lines().filter_map(|line| line.strip_prefix(sign)).collect();
    assert!(!examples.is_empty(), "docs/FORK.md shows none");
    for example in examples {
        let fork = Checkout::of_all();
        with_an_app(&fork);
        locked(&fork, &[]);
        fork.commit();
        left(&fork.fork(&["--without", example]));
        cargo_is_content(&fork);
        names_only_what_it_has(&fork);
    }
}

#[test]
fn the_first_branch_has_another_name_wherever_it_is_read_by_the_command_of_the_page() {
    let fork = Checkout::of_all();
    if !fork.call_branch_main() {
        return;
    }
    assert_eq!(fork.project().first().branch(), "main");
    assert!(!fork.call_branch_main(), "there is nothing to do any more");
    let read = [
        "project.toml",
        ".github/",
        ".gitlab-ci.yml",
        "buildspec.yaml",
        "infra/",
        "docs/versions/",
    ];
    for (name, text) in texts(&fork) {
        let is_read = read.iter().any(|place| name.starts_with(place));
        assert!(!is_read || !text.contains("master"), "{name} names master");
    }
}

/// As the page says of a fork that is delivered by another CI system.
#[test]
fn without_the_files_of_other_ci_systems() {
    for (gone, kept) in [
        (&[".github", "buildspec.yaml"][..], ".gitlab-ci.yml"),
        (&[".gitlab-ci.yml", "buildspec.yaml"], ".github"),
        (&[".github", ".gitlab-ci.yml"], "buildspec.yaml"),
    ] {
        let fork = Checkout::of_all();
        let is_kept = fork.path(kept).exists();
        fork.fork(&["--without", "e2e,pipelines,bench"]);
        fork.commit();
        fork.git(&[&["rm", "-r", "--quiet", "--ignore-unmatch"][..], gone].concat());
        fork.commit();
        let said = fork.fork(&["--without", "book,previews"]);
        assert!(!said.contains("left "), "{said}");
        assert_eq!(fork.path(kept).exists(), is_kept);
        cargo_is_content(&fork);
        names_only_what_it_has(&fork);
    }
}

// wing: e2e
#[test]
fn product_ci_and_infra() {
    let fork = Checkout::of_all();
    let before = fork.lines_of_rust();
    let said = fork.fork(&["--without", TOOLS]);
    assert!(!said.contains("left "), "{said}");
    cargo_is_content(&fork);
    names_only_what_it_has(&fork);
    let after = fork.lines_of_rust();
    println!("lines of Rust: {before} before, {after} after");
    assert!(
        after < before * 6 / 10,
        "{after} of {before} lines of Rust are left"
    );
    let project = project::Project::load(&fork.path("")).expect("the file is valid");
    let recorded = |wing: &str| project.without().iter().any(|one| one == wing);
    assert!(
        TOOLS.split(',').all(recorded),
        "the wings that are gone are recorded"
    );
    fork.commit();
    assert!(fork.fork(&["--without", "e2e"]).contains("nothing to do"));
}
// end of wing

/// An app that no fork has.
pub(crate) const APP: &str = "our-robot";

/// Adds it as `new-app` does, as far as nothing is compiled and no manifest rendered.
pub(crate) fn with_an_app(fork: &Checkout) {
    let manifest = format!(
        "[package]\nname = \"{APP}\"\nversion.workspace = true\nedition.workspace = true\n\n\
        [dependencies]\nserverkit.workspace = true\n"
    );
    fs::create_dir_all(fork.path(&format!("apps/{APP}/src"))).expect("make a folder");
    fork.write(&format!("apps/{APP}/Cargo.toml"), &manifest);
    fork.write(
        &format!("apps/{APP}/src/main.rs"),
        "//! A robot.\n\nfn main() {}\n",
    );
    let entry = format!(
        "\n[[apps]]\nname = \"{APP}\"\nkind = \"worker\"\npackage = \"{APP}\"\nfolder = \"apps/{APP}\"\n"
    );
    fork.write("project.toml", &(fork.read("project.toml") + &entry));
    fork.commit();
}

// wing: sample, generators
/// Adds an app by the program behind `cargo xtask new-app`.
fn with_an_app_of_a_template(fork: &Checkout) {
    let shell = taskkit::checkout::shell().expect("open a shell");
    let generators = taskkit::program::compile(&shell, "generators").expect("compile the generators");
    let mut generators = Command::new(generators);
    generators
        .args(new_app(Kind::Api))
        .env("CARGO_MANIFEST_DIR", fork.path("tools/generators"));
    said(generators.output().expect("run it")).expect("it makes the app");
    fork.commit();
}

#[test]
fn the_smallest_of_another_name_with_an_app_of_its_own() {
    let begun = Instant::now();
    let fork = Checkout::of_all();
    with_an_app_of_a_template(&fork);
    let said = fork.fork(&[
        "--name",
        NAME,
        "--application",
        APPLICATION,
        "--without",
        &fork.wings(),
    ]);
    for gone in [
        "tools/fork",
        "backend",
        "frontend/app",
        "tools/generators",
        "infra/backend",
        "tools/testkit",
    ] {
        assert!(!fork.path(gone).exists(), "{gone}");
    }
    assert!(!fork.path("infra/platform/overlays/staging/roles.yaml").exists());
    assert!(left(&said) > 0, "{said}");
    cargo_is_content(&fork);
    names_only_what_it_has(&fork);
    let lines = fork.lines_of_rust();
    println!("{lines} lines of Rust, {:.1} s", begun.elapsed().as_secs_f64());
    assert!(
        lines <= MOST_LINES,
        "{lines} lines of Rust, {MOST_LINES} are allowed"
    );
}
// end of wing

// wing: sample
#[test]
fn the_sample_goes_only_where_another_app_stays() {
    let fork = Checkout::of_all();
    // Apps of its own stand behind the sample's.
    let project = fork.read("project.toml");
    let (sample, _) = project.rsplit_once("# end of wing\n").expect("it has the sample");
    fork.write("project.toml", &format!("{sample}# end of wing\n"));
    fork.commit();
    let error = fork.refusal(&["--without", &fork.wings()]);
    assert!(
        error.contains("make one of your own first") && error.contains("docs/APPS.md"),
        "{error}"
    );
}
// end of wing

// wing: e2e
#[test]
fn a_wing_that_others_stand_on_is_refused_with_their_names() {
    let fork = Checkout::of_all();
    let error = fork.refusal(&["--without", "supply"]);
    assert!(error.contains("--without supply,e2e,pipelines"), "{error}");
    assert!(
        fork.refusal(&["--without", "garage"])
            .contains("there is no wing `garage`")
    );
}
// end of wing

// wing: bench
#[test]
fn a_mark_that_somebody_broke_is_named_and_its_file_left() {
    let fork = Checkout::of_all();
    let file = "marked.yaml";
    fork.write(file, "# wing: bench\na: b\n# the end\n");
    fork.commit();
    let before = fork.read(file);
    let said = fork.fork(&["--without", "bench"]);
    assert!(
        said.contains(&format!("left {file}")) && said.contains("has no end"),
        "{said}"
    );
    assert_eq!(fork.read(file), before);
    assert!(!fork.path("tools/bench").exists());
}
// end of wing
