//! A fork of another name: everywhere, or nothing is written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::checkout::{ADDRESS, Checkout, REPOSITORY, facts, whole};
use crate::named::keeps;

/// In pieces, so that they are free in a checkout that has this file too.
pub(crate) const NAME: &str = concat!("ac", "me-loop");
pub(crate) const APPLICATION: &str = concat!("ac", "me-board");
const RENAMED: [&str; 4] = ["--name", NAME, "--application", APPLICATION];

/// The names that the copied `project.toml` has.
pub(crate) fn former(checkout: &Checkout) -> [String; 2] {
    let project = project::Project::load(&checkout.path("")).expect("the file is valid");
    [project.name(), project.application()].map(str::to_owned)
}

/// Every file by path, as it lies on disk.
fn on_disk(checkout: &Checkout) -> BTreeMap<String, Vec<u8>> {
    let root = checkout.path("");
    let names = gitkit::files(&root).expect("list the files");
    let read = |name: String| {
        let content = fs::read(root.join(&name)).ok()?;
        Some((name, content))
    };
    names.into_iter().filter_map(read).collect()
}

fn refusal(checkout: &Checkout, arguments: &[&str]) -> String {
    let before = on_disk(checkout);
    let error = checkout.refusal(arguments);
    assert!(on_disk(checkout) == before, "something was written: {error}");
    error
}

#[test]
fn no_file_keeps_a_former_name() {
    let checkout = Checkout::committed();
    no_former_name_is_left(&checkout);
    // Nor one that the new ones begin with.
    let checkout = Checkout::committed();
    let (word, _) = NAME.split_once('-').expect("it has two words");
    checkout.fork(&["--name", word, "--application", &format!("{word}-shop")]);
    checkout.commit();
    no_former_name_is_left(&checkout);
}

fn no_former_name_is_left(checkout: &Checkout) {
    let former = former(checkout);
    checkout.write(
        "docs.md",
        &format!(
            "{} is `{}`\r\n",
            former[0],
            former[0].replace('-', "_").to_uppercase()
        ),
    );
    checkout.write(
        "LICENSE-MIT",
        &format!("Copyright (c) 2026 The {} authors\n", former[0]),
    );
    checkout.commit();
    checkout.fork(&[&RENAMED[..], &whole()].concat());
    for (path, content) in on_disk(checkout) {
        let text = String::from_utf8(content).expect("all files are text");
        for name in &former {
            let kept = path == "LICENSE-MIT";
            assert!(
                kept || !keeps(&text, name) && !keeps(&path, name),
                "{path} still has {name}"
            );
        }
    }
    assert_eq!(
        checkout.read("docs.md"),
        format!("{NAME} is `{}`\r\n", concat!("AC", "ME_LOOP"))
    );
    assert!(
        checkout.read("LICENSE-MIT").contains(&former[0]),
        "whose work it was is lost"
    );
    assert!(checkout.path(&format!("infra/aws/{APPLICATION}.yaml")).is_file()); // wing: sample
    assert!(checkout.read(ADDRESS).contains(REPOSITORY));
    let project = project::Project::load(&checkout.path("")).expect("the file is valid");
    assert_eq!([project.name(), project.application()], [NAME, APPLICATION]);
}

/// Whoever copies the command from the page is not told that its names are taken by that page.
#[test]
fn the_example_of_the_page_can_be_taken_as_it_stands() {
    let checkout = Checkout::of_all();
    let page = checkout.read("docs/FORK.md");
    let mut lines = page.lines();
    let example = lines.find_map(|line| line.strip_prefix("cargo xtask fork --name "));
    let [name, "--application", application] = example
        .expect("docs/FORK.md shows it")
        .split(' ')
        .collect::<Vec<_>>()[..]
    else {
        panic!("the example of docs/FORK.md has other options");
    };
    checkout.fork(&["--name", name, "--application", application]);
    let project = checkout.project();
    assert_eq!([project.name(), project.application()], [name, application]);
}

#[test]
fn the_second_time_there_is_nothing_to_do() {
    let checkout = Checkout::committed();
    let former = former(&checkout);
    let same = checkout.fork(&["--name", &former[0], "--application", &former[1]]);
    assert!(same.contains("nothing to do"), "{same}");
    checkout.fork(&RENAMED);
    let renamed = on_disk(&checkout);
    assert!(checkout.fork(&RENAMED).contains("nothing to do"));
    checkout.commit();
    assert!(checkout.fork(&RENAMED).contains("nothing to do"));
    assert!(on_disk(&checkout) == renamed);
    // And back again, as if nothing had been.
    checkout.fork(&["--name", &former[0], "--application", &former[1]]);
    assert!(on_disk(&checkout) == on_disk(&Checkout::committed()));
}

#[test]
fn a_name_that_is_a_part_of_the_other_can_be_changed_alone() {
    let checkout = Checkout::committed();
    let application = format!("{NAME}-shop");
    checkout.fork(&["--name", NAME, "--application", &application]);
    checkout.commit();
    checkout.fork(&["--name", "other-loop"]);
    assert_eq!(former(&checkout), ["other-loop".to_owned(), application]);
}

/// Under the new name a stranger may have a repository, and Argo CD would read it.
#[test]
fn the_address_of_the_repository_is_a_fact_of_its_own() {
    let checkout = Checkout::committed();
    let before = checkout.read(ADDRESS);
    checkout.fork(&["--name", NAME]);
    assert_eq!(checkout.read(ADDRESS), before);
}

#[test]
fn what_is_not_committed_is_named_and_kept() {
    let checkout = Checkout::committed();
    let file = "infra/argocd/rights.yaml";
    checkout.edit(file, "\n", "\n# ours\n");
    let error = refusal(&checkout, &RENAMED);
    assert!(error.contains(file) && error.contains("git stash"), "{error}");
    checkout.git(&["add", "--all"]);
    assert!(refusal(&checkout, &RENAMED).contains(file));
    checkout.commit();
    // wing: sample
    // A file that Git does not know, in the place of one that is written.
    let place = format!("infra/aws/{APPLICATION}.yaml");
    checkout.write(&place, "ours");
    assert!(refusal(&checkout, &RENAMED).contains(&place));
    fs::remove_file(checkout.path(&place)).expect("remove");
    // end of wing
    // One that is nobody's concern stays.
    checkout.write("notes", &former(&checkout)[0]);
    checkout.fork(&RENAMED);
    assert_ne!(checkout.read("notes"), NAME);
    // Half of another run would be lost among this one's.
    assert!(refusal(&checkout, &["--name", "other-loop"]).contains("not committed"));
}

#[test]
fn without_git_nothing_could_be_taken_back() {
    let archive = Checkout::of_an_archive();
    assert!(archive.refusal(&RENAMED).contains("git init"));
    let unborn = Checkout::of_git();
    assert!(unborn.refusal(&RENAMED).contains("commit first"));
}

#[test]
fn a_name_that_cannot_be_is_refused_with_the_reason() {
    let checkout = Checkout::committed();
    for (option, name, says) in [
        ("--name", "Loop", "begin with a letter"),
        ("--name", "kube-loop", "is reserved"),
        ("--application", "default", "is reserved"),
        ("--application", "argocd", "is reserved"),
        ("--name", "backend", "`backend` is taken"), // wing: sample
        ("--application", "staging", "`staging` is taken"),
        ("--name", &"n".repeat(62), "choose another or a shorter one"),
        ("--application", &"n".repeat(64), "at most 63"),
    ] {
        let error = refusal(&checkout, &[option, name]);
        assert!(error.contains(says), "{name}: {error}");
    }
    assert!(refusal(&checkout, &["--name", "same-same", "--application", "same-same"]).contains("the same"));
}

#[test]
fn a_name_that_is_too_long_for_aws_is_refused_with_the_longest_that_is_not() {
    let checkout = Checkout::committed();
    // The longest name of all is that of the bucket in this template, which a fork may be without.
    let template = "infra/aws/artifacts.yaml";
    let [account, region, _] = facts(&checkout.fork(&[]));
    let most = 63 - format!("-artifacts-{account}-{region}").len();
    if checkout.path(template).exists() {
        let error = refusal(&checkout, &["--name", &"n".repeat(most + 1)]);
        let says = format!("take at most {most};");
        assert!(error.contains(template) && error.contains(&says), "{error}");
    }
}

#[test]
fn the_same_command_finishes_what_was_cut_off_anywhere() {
    let checkout = Checkout::committed();
    let begun = on_disk(&checkout);
    checkout.fork(&RENAMED);
    let finished = on_disk(&checkout);
    let mut differ: Vec<_> = begun.keys().chain(finished.keys()).collect();
    differ.retain(|path| begun.get(*path) != finished.get(*path));
    differ.sort();
    differ.dedup();
    assert!(differ.len() > 30, "{differ:?}");
    for done in (0..differ.len()).step_by(9) {
        for (at, path) in differ.iter().enumerate() {
            let files = if at < done { &finished } else { &begun };
            put(&checkout.path(path), files.get(*path));
        }
        fs::create_dir_all(checkout.path(".fork-abc")).expect("make a folder");
        checkout.fork(&RENAMED);
        assert!(on_disk(&checkout) == finished, "cut off after {done} files");
        assert!(!checkout.path(".fork-abc").exists());
    }
}

#[test]
fn killed_at_any_moment_it_is_finished_by_the_same_command() {
    let checkout = Checkout::committed();
    let begun = on_disk(&checkout);
    checkout.fork(&RENAMED);
    let finished = on_disk(&checkout);
    for step in (5..60).step_by(9) {
        for path in finished.keys() {
            put(&checkout.path(path), begun.get(path));
        }
        for (path, content) in &begun {
            put(&checkout.path(path), Some(content));
        }
        let mut fork = checkout.command(&RENAMED);
        let mut fork = fork.stdout(Stdio::null()).spawn().expect("run xtask");
        thread::sleep(Duration::from_millis(step));
        fork.kill().expect("kill what was started");
        fork.wait().expect("wait for it");
        remove_lock(&checkout);
        checkout.fork(&RENAMED);
        assert!(on_disk(&checkout) == finished, "killed after {step} ms");
    }
}

/// A Git that lost its parent may still be about to end.
fn remove_lock(checkout: &Checkout) {
    let lock: PathBuf = checkout.path(".git/index.lock");
    while lock.exists() {
        thread::sleep(Duration::from_millis(1));
    }
}

fn put(place: &Path, content: Option<&Vec<u8>>) {
    match content {
        Some(content) => fs::write(place, content).expect("write"),
        None => drop(fs::remove_file(place)),
    }
}

#[test]
fn what_is_no_text_is_named_and_left() {
    let checkout = Checkout::committed();
    let picture = [b"\x89PNG\xff".as_slice(), former(&checkout)[0].as_bytes()].concat();
    fs::write(checkout.path("logo.png"), &picture).expect("write");
    checkout.commit();
    let said = checkout.fork(&RENAMED);
    assert!(said.contains("left logo.png"), "{said}");
    assert_eq!(fs::read(checkout.path("logo.png")).expect("read"), picture);
}
