//! Whole forks of this checkout, as far as that can be seen without compiling them: each names only
//! what it has. The suite `forks` compiles and tests them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant; // wing: sample

use crate::checkout::MOST_LINES; // wing: sample
use crate::checkout::TOOLS; // wing: e2e
use crate::checkout::{Checkout, NUMBERS, REPOSITORY};
use crate::names::{APPLICATION, NAME};

/// Where a fork may still name what it has not.
const RECORDS: &[&str] = &["docs/adr/", "tools/fork/wings.toml", "template.toml", "LICENSE-"];

/// Texts of a fork that are for people and machines: path and content.
fn texts(fork: &Checkout) -> Vec<(String, String)> {
    let names = gitkit::files(&fork.path("")).expect("list the files");
    let read = |name: String| {
        let text = fs::read_to_string(fork.path(&name)).ok()?;
        Some((name, text))
    };
    let kept = |name: &String| !RECORDS.iter().any(|record| name.starts_with(record));
    names.into_iter().filter(kept).filter_map(read).collect()
}

fn is_of(kind: &str, name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == kind)
}

/// Cargo reads the manifests and has nothing to change in the lock file.
fn cargo_is_content(fork: &Checkout) {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version=1"])
        .current_dir(fork.path(""))
        .output()
        .expect("start cargo");
    assert!(
        metadata.status.success(),
        "{}",
        String::from_utf8_lossy(&metadata.stderr)
    );
}

/// The commands that `xtask/src/flags.rs` of a fork has.
fn commands(fork: &Checkout) -> Vec<String> {
    let flags = fork.read("xtask/src/flags.rs");
    let variants = flags.lines().filter_map(|line| line.trim().strip_suffix("),"));
    let variants = variants.filter_map(|line| {
        line.split_once('(')
            .filter(|(name, kind)| name == kind || *kind == "Handed")
    });
    variants.map(|(name, _)| name.to_lowercase()).collect()
}

/// Commands that a text has an example of, as `aws` in `cargo xtask aws plan`.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let sign = "cargo xtask ";
    let rest = text
        .match_indices(sign)
        .map(move |(at, _)| &text[at + sign.len()..]);
    rest.map(|rest| {
        rest.split(|c: char| !c.is_ascii_lowercase() && c != '-' && !c.is_ascii_digit())
            .next()
            .unwrap_or("")
    })
    .filter(|name| !name.is_empty() && !name.starts_with('-'))
}

fn names_only_what_it_has(fork: &Checkout) {
    let there = commands(fork);
    assert!(there.len() > 5, "{there:?}");
    let mut faults = Vec::new();
    for (name, text) in texts(fork) {
        if is_of("rs", &name) {
            continue;
        }
        for command in named(&text) {
            let known = there.iter().any(|one| *one == command.replace('-', ""));
            if !known {
                faults.push(format!("{name} names `cargo xtask {command}`"));
            }
        }
        for path in paths(&text) {
            if !fork.path(path).exists() {
                faults.push(format!("{name} names {path}"));
            }
        }
        if is_of("md", &name) {
            faults.extend(dead_links(fork, &name, &text));
        }
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

/// Paths of tools and of the sample, which only forks without them may not name.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let tops = ["tools/", "backend/", "frontend/", "crates/"];
    tops.into_iter().flat_map(|top| paths_below(text, top))
}

fn paths_below<'t>(text: &'t str, top: &'t str) -> impl Iterator<Item = &'t str> {
    let inside = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    text.match_indices(top).filter_map(move |(at, _)| {
        let is_whole = !text[..at].ends_with(inside) || text[..at].ends_with("../");
        let rest = &text[at..];
        let path = &rest[..rest.find(|c| !inside(c)).unwrap_or(rest.len())];
        // `NAME` is for the reader to fill in.
        (is_whole && !path.contains("NAME")).then(|| path.trim_end_matches(['.', '/', '-']))
    })
}

fn dead_links(fork: &Checkout, name: &str, text: &str) -> Vec<String> {
    let path = fork.path(name);
    let folder = path.parent().expect("a file has a folder");
    let targets = text
        .match_indices("](")
        .filter_map(|(at, _)| text[at + 2..].split(')').next());
    let targets = targets.map(|target| target.split('#').next().unwrap_or(""));
    targets
        .filter(|target| !target.contains("://") && !folder.join(target).exists())
        .map(|target| format!("{name} links to {target}"))
        .collect()
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
            assert!(!text.contains(former), "{name} still has {former}");
            assert!(!text.contains(&variable), "{name} still has {variable}");
        }
    }
    cargo_is_content(&fork);
    names_only_what_it_has(&fork);
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

// wing: sample
/// Adds an app as `new-app` does, as far as nothing is compiled and no manifest rendered.
pub(crate) fn with_an_app(fork: &Checkout) {
    let manifest = "[package]\nname = \"bot\"\nversion.workspace = true\nedition.workspace = true\n\n\
        [dependencies]\nserverkit.workspace = true\n";
    fs::create_dir_all(fork.path("apps/bot/src")).expect("make a folder");
    fork.write("apps/bot/Cargo.toml", manifest);
    fork.write("apps/bot/src/main.rs", "//! A bot.\n\nfn main() {}\n");
    let entry = "\n[[apps]]\nname = \"bot\"\nkind = \"worker\"\npackage = \"bot\"\nfolder = \"apps/bot\"\n";
    fork.write("project.toml", &(fork.read("project.toml") + entry));
    fork.commit();
}

#[test]
fn the_smallest_of_another_name_with_an_app_of_its_own() {
    let begun = Instant::now();
    let fork = Checkout::of_all();
    with_an_app(&fork);
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
        "infra/backend",
        "tools/testkit",
    ] {
        assert!(!fork.path(gone).exists(), "{gone}");
    }
    assert!(!fork.path("infra/platform/overlays/staging/roles.yaml").exists());
    // What only a person can decide.
    let left = said.lines().filter(|line| line.starts_with("left "));
    let left: Vec<_> = left.collect();
    let is_told = |line: &&str| {
        line.starts_with("left infra/aws/") && line.contains("put your own apps in their place")
    };
    assert!(!left.is_empty() && left.iter().all(is_told), "{left:?}");
    cargo_is_content(&fork);
    names_only_what_it_has(&fork);
    let lines = fork.lines_of_rust_but_for("apps");
    println!("{lines} lines of Rust, {:.1} s", begun.elapsed().as_secs_f64());
    assert!(
        lines <= MOST_LINES,
        "{lines} lines of Rust, {MOST_LINES} are allowed"
    );
}

#[test]
fn the_sample_goes_only_where_another_app_stays() {
    let fork = Checkout::of_all();
    // Apps of its own stand behind the sample's.
    let project = fork.read("project.toml");
    let (sample, _) = project.rsplit_once("# end of wing\n").expect("it has the sample");
    fork.write("project.toml", &format!("{sample}# end of wing\n"));
    fork.commit();
    let error = fork.refusal(&["--without", &fork.wings()]);
    assert!(error.contains("cargo xtask new-app NAME --kind web"), "{error}");
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
    let file = ".github/dependabot.yml";
    fork.edit(file, "# end of wing", "# the end");
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
