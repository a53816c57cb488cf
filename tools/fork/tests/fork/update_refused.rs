//! Updates that cannot be, or not yet: nothing is written, and the error says what to do.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::checkout::Checkout;
use crate::template::{CHANGES, RECORD, Template, append, read, update, version, with_version};

/// The error of an update that leaves everything as it was.
fn refusal(copy: &Checkout, template: &Template, arguments: &[&str]) -> String {
    let state = || {
        let refs = read(copy, &["for-each-ref"]);
        (
            refs,
            read(copy, &["status", "--porcelain"]),
            read(copy, &["rev-parse", "HEAD"]),
        )
    };
    let before = state();
    let (code, said) = update(copy, template, arguments);
    assert_eq!(code, 1, "{said}");
    assert_eq!(state(), before, "{said}");
    said
}

/// A template with three versions, and a copy of the second.
fn second_of_three() -> (Template, Checkout) {
    let template = Template::small();
    append(&template.0, "page.md", "six\n");
    template.release(1);
    let copy = template.0.copy();
    append(&template.0, "page.md", "seven\n");
    template.release(2);
    (template, copy)
}

#[test]
fn what_cannot_be_is_refused_with_the_way_on() {
    let (template, copy) = second_of_three();
    for (arguments, says) in [
        (&["--to", &version(7)][..], "it has 900.0.0, 900.1.0, 900.2.0"),
        (
            &["--to", &version(0)],
            "is older; take back what an update brought by reverting its merge",
        ),
        (
            &["--base", "1.0.0"],
            "say a version that the template has (`--base VERSION`)",
        ),
    ] {
        let said = refusal(&copy, &template, arguments);
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
    for (place, says) in [
        (
            "/nowhere",
            "the template cannot be reached at /nowhere; say where it lies",
        ),
        (".", "there is no release at ."),
    ] {
        let mut update = copy.program("update");
        let output = update.args(["--from", place]).output().expect("run it");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains(says), "{said}");
    }
    with_version(&copy, "1.0.0");
    copy.commit();
    assert!(refusal(&copy, &template, &[]).contains("--base VERSION"));
    with_version(&copy, "new");
    copy.commit();
    assert!(refusal(&copy, &template, &[]).contains("write it as 1.2.0"));
}

#[test]
fn changes_that_are_not_committed_are_in_the_way() {
    let (template, copy) = second_of_three();
    append(&copy, "page.md", "mine\n");
    let said = refusal(&copy, &template, &[]);
    assert!(
        said.contains("commit them or put them away") && said.contains("page.md"),
        "{said}"
    );
    // Looking is no harm.
    assert_eq!(update(&copy, &template, &["--check"]).0, 10);
}

#[test]
fn a_command_that_changes_files_is_in_the_way_and_looking_waits_for_nobody() {
    let (template, copy) = second_of_three();
    let _at_work = taskkit::alone::alone(&copy.path("")).unwrap();
    assert!(refusal(&copy, &template, &[]).contains("another command is changing the files"));
    assert_eq!(update(&copy, &template, &["--check"]).0, 10);
}

#[test]
fn a_version_that_may_not_be_skipped_is_taken_first() {
    let (template, copy) = second_of_three();
    let heading = format!("## {}", version(2));
    template
        .0
        .edit(CHANGES, &format!("{heading}\n"), &format!("{heading} (stop)\n"));
    template.release(3);
    let said = refusal(&copy, &template, &[]);
    assert!(said.contains("cargo xtask update --to 900.2.0"), "{said}");
    let (code, said) = update(&copy, &template, &["--check"]);
    assert!(
        code == 10 && said.contains("cargo xtask update --to 900.2.0"),
        "{said}"
    );
    assert_eq!(update(&copy, &template, &["--to", &version(2)]).0, 0);
    copy.git(&["merge", "--quiet", "template/v900.2.0"]);
    assert_eq!(update(&copy, &template, &[]).0, 0);
}

#[test]
fn a_version_that_this_command_cannot_read_is_refused_with_an_earlier_one() {
    let (template, copy) = second_of_three();
    template.0.edit(project::FILE, "\napplication = ", "\nproduct = ");
    template.release(3);
    let said = refusal(&copy, &template, &[]);
    assert!(
        said.contains("cannot read version 900.3.0") && said.contains("cargo xtask update --to 900.2.0"),
        "{said}"
    );
    assert_eq!(update(&copy, &template, &["--to", &version(2)]).0, 0);
    copy.git(&["merge", "--quiet", "template/v900.2.0"]);
    assert!(refusal(&copy, &template, &[]).contains("there is none between the two"));
}

#[test]
fn a_branch_that_is_there_is_kept_or_in_the_way() {
    let (template, copy) = second_of_three();
    assert_eq!(update(&copy, &template, &[]).0, 0);
    let branch = "template/v900.2.0";
    let first = read(&copy, &["rev-parse", branch]);
    assert_eq!(update(&copy, &template, &[]).0, 0);
    assert_eq!(
        read(&copy, &["rev-parse", branch]),
        first,
        "the second time it is the same"
    );
    append(&copy, "page.md", "mine\n");
    copy.commit();
    let said = refusal(&copy, &template, &[]);
    assert!(
        said.contains("git branch --delete --force template/v900.2.0"),
        "{said}"
    );
}

#[test]
fn a_copy_that_says_no_version_has_the_one_that_it_is_most_like() {
    let (template, copy) = second_of_three();
    fs::remove_file(copy.path(RECORD)).expect("remove it");
    append(&copy, CHANGES, "\nOurs.\n");
    copy.commit();
    let (code, said) = update(&copy, &template, &[]);
    assert!(
        code == 0 && said.contains("from version 900.1.0 of the template to 900.2.0"),
        "{said}"
    );
    copy.git(&["merge", "--quiet", "template/v900.2.0"]);
    assert!(
        copy.read(RECORD).contains("version = \"900.2.0\""),
        "now it says so"
    );
    // A copy that has nothing of it.
    let other = Checkout::of_files(&["project.toml"]);
    append(&other, "project.toml", "# Another one.\n");
    other.write("page.md", "Another.\n");
    other.commit();
    assert!(refusal(&other, &template, &[]).contains("it is like none of them"));
    let mut alone = other.program("update");
    let output = alone.output().expect("run it");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("--from ADDRESS"), "{said}");
}

#[test]
fn killed_at_any_moment_it_has_written_the_branch_or_nothing() {
    let (template, copy) = second_of_three();
    let branch = "refs/heads/template/v900.2.0";
    // Whoever is killed removes nothing.
    let left = tempfile::tempdir().expect("make a folder");
    let mut seen = [0, 0];
    for step in (0..400).step_by(57) {
        let mut update = copy.program("update");
        update
            .arg("--from")
            .arg(template.0.path(""))
            .env("TMPDIR", left.path());
        let mut update = update
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("run it");
        thread::sleep(Duration::from_millis(step));
        update.kill().expect("kill what was started");
        update.wait().expect("wait for it");
        assert_eq!(read(&copy, &["status", "--porcelain"]), "");
        let there = read(
            &copy,
            &["for-each-ref", "--format=%(refname)", "refs/heads/template"],
        );
        seen[usize::from(there == branch)] += 1;
        if there == branch {
            assert!(read(&copy, &["show", &format!("{branch}:page.md")]).contains("seven"));
            copy.git(&["update-ref", "-d", branch]);
        } else {
            assert_eq!(there, "");
        }
    }
    assert!(seen[0] > 0, "it was never killed in time");
    assert_eq!(crate::template::update(&copy, &template, &[]).0, 0);
    copy.git(&["fsck", "--connectivity-only", "--no-dangling"]);
}
