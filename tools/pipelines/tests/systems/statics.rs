//! The files as they are written, held against linters. Each check is also shown a file it must
//! refuse.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use supply::Linters;
use tempfile::TempDir;

use crate::outside::linters;
use crate::root;
use crate::rules::{deliver, pinned};

/// A folder with one workflow in the place where GitHub and the linters look for it.
fn with_workflow(text: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("make a folder");
    let place = folder.path().join(".github/workflows");
    fs::create_dir_all(&place).expect("make a folder");
    fs::write(place.join("some.yaml"), text).expect("write a workflow");
    folder
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn actionlint(linters: &Linters, folder: &Path) -> Output {
    let mut files: Vec<_> = fs::read_dir(folder.join(".github/workflows"))
        .expect("list the workflows")
        .map(|entry| entry.expect("list the workflows").path())
        .collect();
    files.sort();
    Command::new(&linters.actionlint)
        .arg("-shellcheck")
        .arg(&linters.shellcheck)
        .arg("-no-color")
        .args(files)
        .current_dir(folder)
        .output()
        .expect("start actionlint")
}

#[test]
fn actionlint_finds_nothing() {
    let linters = linters();
    let output = actionlint(&linters, &root());
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn actionlint_finds_faults_in_expressions_and_scripts() {
    let linters = linters();
    for (good, bad) in [
        ("vars.AWS_ROLE }}", "vars.AWS_ROLE."),
        ("cat target/ci/plan.json || true", "cat $UNQUOTED | true"),
    ] {
        let text = deliver();
        assert!(text.contains(good));
        let folder = with_workflow(&text.replace(good, bad));
        let output = actionlint(&linters, folder.path());
        assert!(!output.status.success(), "{bad} passed");
    }
}

/// actionlint reads workflows alone.
#[test]
fn shellcheck_finds_nothing_in_actions() {
    let linters = linters();
    let actions = fs::read_dir(root().join(".github/actions")).expect("list the actions");
    for action in actions {
        let path = action.expect("list the actions").path().join("action.yml");
        let text = fs::read_to_string(&path).expect("read an action");
        let action: Value = serde_saphyr::from_str(&text).expect("an action is YAML");
        let steps = action["runs"]["steps"].as_array().expect("steps");
        for script in steps.iter().filter_map(|step| step["run"].as_str()) {
            let folder = tempfile::tempdir().expect("make a folder");
            let file = folder.path().join("script");
            fs::write(&file, script).expect("write a script");
            let mut shellcheck = Command::new(&linters.shellcheck);
            let output = shellcheck.arg("--shell=bash").arg(&file).output();
            let output = output.expect("start shellcheck");
            assert!(output.status.success(), "{}: {}", path.display(), said(&output));
        }
    }
}

fn zizmor(linters: &Linters, folder: &Path) -> Output {
    Command::new(&linters.zizmor)
        .args(["--offline", "--no-progress", "--color=never"])
        .arg(folder.join(".github"))
        .output()
        .expect("start zizmor")
}

#[test]
fn zizmor_finds_nothing() {
    let output = zizmor(&linters(), &root());
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn zizmor_finds_injection_and_loose_references() {
    let (linters, text) = (linters(), deliver());
    for (good, bad) in [
        (pinned(&text), "v7"),
        (
            "run: cargo xtask ci plan",
            "run: cargo xtask ci plan ${{ github.event.head_commit.message }}",
        ),
    ] {
        assert!(text.contains(good));
        let folder = with_workflow(&text.replacen(good, bad, 1));
        let output = zizmor(&linters, folder.path());
        assert!(!output.status.success(), "{bad} passed");
    }
}

/// Holds a file against GitLab's schema.
fn schema(linters: &Linters, file: &Path) -> Output {
    Command::new(&linters.check_jsonschema)
        .args(["--builtin-schema", "vendor.gitlab-ci"])
        .arg(file)
        .env("PYTHONPATH", &linters.python_path)
        .output()
        .expect("start check-jsonschema")
}

#[test]
fn the_gitlab_file_is_one() {
    let linters = linters();
    let file = root().join(".gitlab-ci.yml");
    let output = schema(&linters, &file);
    assert!(output.status.success(), "{}", said(&output));

    let text = fs::read_to_string(&file).expect("read the file");
    let folder = tempfile::tempdir().expect("make a folder");
    let bad = folder.path().join(".gitlab-ci.yml");
    fs::write(&bad, text.replace("when: always", "when: sometimes")).expect("write a file");
    assert!(
        !schema(&linters, &bad).status.success(),
        "a value that GitLab does not know passed"
    );
}
