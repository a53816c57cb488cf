//! Whole forks of this checkout, each compiled, checked and tested by its own commands: the suite
//! `forks`, which runs on request and each night. All share one target folder. What can be seen
//! without compiling them is in `tests/fork/derived.rs`, and of updates in `tests/fork/update.rs`.

#[path = "../tests/fork/checkout.rs"]
#[allow(dead_code, reason = "other tests use more of it")]
mod checkout;
// wing: generators
#[path = "../tests/fork/template.rs"]
#[allow(dead_code, reason = "other tests use more of it")]
mod template;
// end of wing

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use checkout::{Checkout, NUMBERS};
use checkout::{MOST_LINES, POLICY, TOOLS, WINGS, new_app}; // wing: generators
use fork::Wings; // wing: generators
use project::Kind; // wing: generators
use tempfile::TempDir;
use template::{Template, update, version, without_unknown_keys}; // wing: generators

/// In pieces, so that they are free in a checkout that has this file too. Neither these nor the
/// address are what the fork's own tests take for a name that nobody has.
const NAME: &str = concat!("nob", "le-forge");
const APPLICATION: &str = concat!("nob", "le-shop");
const REPOSITORY: &str = "https://github.com/somebody/something.git";
const RENAMED: [&str; 4] = ["--name", NAME, "--application", APPLICATION];
/// Names made of this account and region are of another length than those of the template.
const ELSEWHERE: [&str; 4] = ["--account", "123456789012", "--region", "eu-west-1"];

/// How many lines of a task that fails are shown.
const LAST: usize = 60;

/// What all forks are compiled into, and where they lie.
fn target() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.expect("tools/fork lies in the repository")
        .join("target/forks")
}

/// An empty folder. At the same place in each run, because what cargo has made for another place
/// would stay beside what it makes for this one.
fn folder(name: &str) -> TempDir {
    let _ = fs::remove_dir_all(target().join(name));
    fs::create_dir_all(target()).expect("make a folder");
    let mut builder = tempfile::Builder::new();
    let folder = builder.prefix(name).rand_bytes(0).tempdir_in(target());
    folder.expect("make a folder")
}

/// A copy of this checkout.
fn copied(name: &str) -> Checkout {
    Checkout::of_all_in(folder(name))
}

/// Changes a copy of this checkout by `cargo xtask fork` with these arguments.
fn forked(fork: &Checkout, arguments: &[&str]) {
    fork.fork(arguments);
    fork.commit();
    let lines = fork.lines_of_rust();
    println!("{}: {lines} lines of Rust", arguments.join(" "));
}

// wing: generators
/// As the pages say of a fork on a GitLab of its own: it has that CI alone, and a key signs.
fn on_gitlab(fork: &Checkout) {
    fork.fork(&["--repository", "https://gitlab.example.com/somebody/something"]);
    fork.git(&[
        "rm",
        "-r",
        "--quiet",
        "--ignore-unmatch",
        ".github",
        "buildspec.yaml",
    ]);
    let policy = fork.read(POLICY);
    // Where no workflow signs, a key does already.
    if let Some((head, _)) = policy.split_once("      keyless:\n") {
        let key = "      key:\n        kms: awskms:///alias/signing\n";
        fork.write(POLICY, &format!("{head}{key}"));
    }
    fork.commit();
}

/// What a product says of itself stands where the template says it, and what nobody needs is gone.
fn with_own_pages(fork: &Checkout) {
    fork.write("README.md", "# Something\n\nOf ours.\n");
    fork.write("CHANGELOG.md", "# Changes\n\n## 2.0.0\n\n- It is ours.\n");
    fork.git(&["rm", "-r", "--quiet", "--ignore-unmatch", "findings"]);
    fork.commit();
}

/// Takes over all that is new in the template; nothing of it conflicts with what the fork has.
fn with_later_versions(fork: &Checkout, template: &Template) {
    let (code, said) = update(fork, template, &[]);
    assert_eq!(code, 0, "{said}");
    fork.git(&["merge", "--quiet", &format!("template/v{}", version(5))]);
    without_unknown_keys(fork);
}

/// Adds an app by the fork's own command; its tests are then among the fork's own.
fn with_app(fork: &Checkout, kind: Kind) {
    task(fork, &new_app(kind).each_ref().map(String::as_str));
    fork.commit();
}
// end of wing

// wing: environments
/// Adds what is called as in examples and tests, which then are about something of the fork's. This
/// checkout may be a fork that has it already.
fn with_names_of_examples(fork: &Checkout) {
    let project = fork.project();
    let is_there = |name: &str| project.app(name).is_ok() || project.environment(name).is_ok();
    for arguments in [
        &["new-environment", "qa", "--after", project.first().name()][..],
        &["new-app", "bot", "--kind", Kind::Cron.name()],
        &["new-app", "worker", "--kind", Kind::Worker.name()],
    ] {
        if !is_there(arguments[1]) {
            task(fork, arguments);
            fork.commit();
        }
    }
}
// end of wing

/// One fork at a time, from its first command to its last: what cargo links has the same place for
/// all of them, so one would be run by the task runner of another.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    // Whoever failed has left nothing half done that the next one would find.
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// It passes its own checks and tests.
fn holds(fork: &Checkout) {
    for name in ["check", "test"] {
        let begun = Instant::now();
        task(fork, &[name]);
        println!("cargo xtask {name}: {:.0} s", begun.elapsed().as_secs_f64());
    }
}

/// Runs `cargo xtask …` in a fork, which has to end well. What it says goes to a file: who reads
/// what this suite says would take the fork's results and skips for its own.
fn task(fork: &Checkout, arguments: &[&str]) {
    let folder = fork.path("");
    let name = folder.file_name().expect("a fork has a folder").display();
    let log = target().join(format!("{name}-{}.log", arguments[0]));
    let out = File::create(&log).expect("make a file for what it says");
    let errors = out.try_clone().expect("share the file");
    let mut task = cargo(fork);
    task.arg("xtask").args(arguments).stdout(out).stderr(errors);
    let status = task.status().expect("start cargo");
    assert!(
        status.success(),
        "`cargo xtask {}` fails; the end of {}:\n{}",
        arguments.join(" "),
        log.display(),
        last_lines(&log)
    );
}

/// The end of what a task said, each line behind a mark.
fn last_lines(log: &Path) -> String {
    let said = fs::read(log).expect("read what a task said");
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<_> = said.lines().map(|line| format!("  | {line}")).collect();
    lines[lines.len().saturating_sub(LAST)..].join("\n")
}

/// Cargo in a fork.
fn cargo(fork: &Checkout) -> Command {
    let cache = format!("{}_CACHE", NAME.to_uppercase().replace('-', "_"));
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(fork.path(""))
        // A fork of another name has a cache of its own, which is not to stay behind.
        .env(&cache, target().join("cache"))
        .env("CARGO_TARGET_DIR", target())
        // Nothing is compiled twice, and it would take as much disk again.
        .env("CARGO_INCREMENTAL", "0")
        .env_remove("CARGO_MANIFEST_DIR");
    // A fork without what supplies skips what only that could bring.
    if !fork.path("tools/supply").is_dir() {
        cargo.env_remove("CI");
    }
    cargo
}

#[test]
fn of_another_name() {
    let _turn = turn();
    let fork = copied("renamed");
    forked(
        &fork,
        &[&RENAMED[..], &ELSEWHERE, &["--repository", REPOSITORY], &NUMBERS].concat(),
    );
    fork.call_branch_main();
    fork.commit();
    with_names_of_examples(&fork); // wing: environments
    holds(&fork);
}

// wing: generators
/// What only a wing had used is no longer used without it, and that the lints refuse: so each is
/// left out alone, with what cannot be without it.
#[test]
fn without_each_wing() {
    let _turn = turn();
    let table = Checkout::of_files(&[WINGS]).read(WINGS);
    let table = Wings::of_text(&table).expect("the table is valid");
    let mut faults = Vec::new();
    for without in table.each_with_what_needs() {
        let without = without.join(",");
        let fork = copied("one-less");
        // Without the sample there has to be another app.
        with_app(&fork, Kind::Api);
        forked(&fork, &["--without", &without]);
        let lints = ["clippy", "--workspace", "--exclude", "hydrate", "--all-targets"];
        let status = cargo(&fork).args(lints).args(["--", "-D", "warnings"]).status();
        if !status.expect("start cargo").success() {
            faults.push(without);
        }
    }
    assert!(faults.is_empty(), "the lints refuse copies without {faults:?}");
}

/// It has lived a while: what it has of its own came before the later versions of the template.
#[test]
fn of_another_name_with_product_ci_infra_and_an_app_of_each_kind_five_versions_later() {
    let _turn = turn();
    let template = Template::of_all_in(tempfile::tempdir().expect("make a folder"));
    let fork = template.0.copy_in(folder("product"));
    forked(&fork, &[&RENAMED[..], &["--without", TOOLS]].concat());
    on_gitlab(&fork);
    for kind in Kind::ALL {
        with_app(&fork, kind);
    }
    template.release_five();
    with_later_versions(&fork, &template);
    // Changes of its own stand where the template's do: each later version conflicts with them.
    with_own_pages(&fork);
    holds(&fork);
}

#[test]
fn of_another_name_without_any_wing_and_with_an_app_of_its_own() {
    let _turn = turn();
    let fork = copied("smallest");
    with_app(&fork, Kind::Api);
    forked(&fork, &[&RENAMED[..], &["--without", &fork.wings()]].concat());
    holds(&fork);
    let lines = fork.lines_of_rust();
    assert!(
        lines <= MOST_LINES,
        "{lines} lines of Rust, {MOST_LINES} are allowed"
    );
}
// end of wing
