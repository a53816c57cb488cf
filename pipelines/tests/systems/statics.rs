//! The files as they are written: linters, and rules of our own. Each check is also shown a file it must refuse.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use supply::Linters;
use tempfile::TempDir;

use crate::outside::linters;
use crate::root;

/// A folder with one workflow in the place where GitHub and the linters look for it.
fn with_workflow(text: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("make a folder");
    let place = folder.path().join(".github/workflows");
    fs::create_dir_all(&place).expect("make a folder");
    fs::write(place.join("some.yaml"), text).expect("write a workflow");
    folder
}

/// All workflows: name and text.
fn workflows() -> Vec<(String, String)> {
    let folder = root().join(".github/workflows");
    let mut all: Vec<_> = fs::read_dir(folder)
        .expect("list the workflows")
        .map(|entry| {
            let path = entry.expect("list the workflows").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(path).expect("read a workflow"))
        })
        .collect();
    all.sort();
    assert!(all.len() >= 3, "only {} workflows found", all.len());
    all
}

fn deliver() -> String {
    fs::read_to_string(root().join(".github/workflows/deliver.yaml")).expect("read the workflow")
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
    let linters = linters();
    for (good, bad) in [
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1", "@v7"),
        (
            "run: cargo xtask ci plan",
            "run: cargo xtask ci plan ${{ github.event.head_commit.message }}",
        ),
    ] {
        let text = deliver();
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

/// The jobs that may write something, and what. Any other may read at most.
const WRITES: &[(&str, &[&str])] = &[
    (
        "deliver",
        &["attestations", "contents", "id-token", "pull-requests"],
    ),
    ("tag", &["id-token"]),
];

/// What jobs of a workflow may write and have no need to.
fn needless_rights(text: &str) -> Vec<String> {
    let workflow: Value = serde_saphyr::from_str(text).expect("a workflow is YAML");
    let mut needless = Vec::new();
    for (name, job) in workflow["jobs"].as_object().expect("jobs") {
        let needed = WRITES.iter().find(|(job, _)| job == name);
        let needed = needed.map_or(&[][..], |(_, rights)| rights);
        if job["permissions"].is_string() {
            needless.push(format!("job {name} has rights that are not named"));
        }
        for (right, level) in job["permissions"].as_object().into_iter().flatten() {
            if *level == "write" && !needed.contains(&right.as_str()) {
                needless.push(format!("job {name} may write {right}"));
            }
        }
    }
    needless
}

#[test]
fn no_job_may_write_what_it_need_not() {
    for (name, text) in workflows() {
        let needless = needless_rights(&text);
        assert!(needless.is_empty(), "{name}: {}", needless.join("; "));
    }
    let text = deliver();
    for (good, bad, fault) in [
        (
            "attestations: write",
            "packages: write",
            "job deliver may write packages",
        ),
        ("  deliver:\n", "  other:\n", "job other may write contents"),
        (
            "  deliver:\n",
            "  other:\n    permissions: write-all\n  deliver:\n",
            "not named",
        ),
    ] {
        assert!(text.contains(good), "{good}");
        let needless = needless_rights(&text.replacen(good, bad, 1)).join("; ");
        assert!(needless.contains(fault), "{needless}");
    }
}

/// What our own rules find in a workflow.
fn faults(text: &str) -> Vec<String> {
    let workflow: Value = serde_saphyr::from_str(text).expect("a workflow is YAML");
    let mut faults = Vec::new();
    if workflow["permissions"] != serde_json::json!({}) {
        faults.push("permissions are not {} by default".to_owned());
    }
    if workflow.get("concurrency").is_none() && workflow["on"].get("workflow_call").is_none() {
        faults.push("no concurrency group".to_owned());
    }
    for (name, job) in workflow["jobs"].as_object().expect("jobs") {
        // A job that calls another workflow has the timeouts of that one, and may not have one of its own.
        let calls = job["uses"].as_str();
        if calls.is_none() && !job["timeout-minutes"].is_u64() {
            faults.push(format!("job {name} has no timeout"));
        }
        let steps = job["steps"].as_array().into_iter().flatten();
        for uses in steps.filter_map(|step| step["uses"].as_str()).chain(calls) {
            if !uses.starts_with("./") && !is_pinned(uses) {
                faults.push(format!("job {name} uses {uses}, which is not a full commit"));
            }
        }
    }
    faults
}

fn is_pinned(uses: &str) -> bool {
    uses.rsplit_once('@').is_some_and(|(_, commit)| {
        commit.len() == 40
            && commit
                .chars()
                .all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase())
    })
}

#[test]
fn every_job_has_a_timeout_and_every_action_is_a_full_commit() {
    let found: Vec<_> = workflows()
        .iter()
        .flat_map(|(name, text)| {
            faults(text)
                .into_iter()
                .map(move |fault| format!("{name}: {fault}"))
        })
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_workflow_that_breaks_a_rule_is_refused() {
    let text = deliver();
    let after = |good: &str, bad: &str| {
        assert!(text.contains(good), "{good}");
        faults(&text.replacen(good, bad, 1)).join("; ")
    };
    assert!(after("    timeout-minutes: 30\n", "").contains("no timeout"));
    assert!(after("@3d3c42e5aac5ba805825da76410c181273ba90b1", "@v7").contains("not a full commit"));
    assert!(after("@3d3c42e5aac5ba805825da76410c181273ba90b1", "@3d3c42e5").contains("not a full commit"));
    assert!(after("permissions: {}\n", "").contains("permissions"));
    assert!(after("concurrency:\n", "other:\n").contains("concurrency"));
}

#[test]
fn a_gate_names_every_job_of_the_checks() {
    let (_, text) = workflows()
        .into_iter()
        .find(|(name, _)| name == "check.yaml")
        .expect("the checks");
    let workflow: Value = serde_saphyr::from_str(&text).expect("YAML");
    let jobs = workflow["jobs"].as_object().expect("jobs");
    let gate = &jobs["conclusion"];
    assert_eq!(gate["if"], "always()");
    let mut needs: Vec<_> = gate["needs"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let mut others: Vec<_> = jobs
        .keys()
        .map(String::as_str)
        .filter(|name| *name != "conclusion")
        .collect();
    needs.sort_unstable();
    others.sort_unstable();
    assert_eq!(needs, others);
}

/// What makes the images, as the verbs say it: the texts in quotes that are paths.
fn content() -> Vec<String> {
    let text = fs::read_to_string(root().join("xtask/src/ci/apps.rs")).expect("read the list");
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let quoted = code.flat_map(|line| {
        line.split('"')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    let mut paths: Vec<_> = quoted.filter(|text| root().join(text).exists()).collect();
    paths.sort();
    paths.dedup();
    assert!(paths.len() >= 8, "{paths:?}");
    paths
}

/// Paths of `content` for which no pattern of the pipeline's rule stands.
fn without_a_trigger(pipeline: &str) -> Vec<String> {
    let pipeline: Value = serde_saphyr::from_str(pipeline).expect("YAML");
    let patterns: Vec<_> = pipeline["workflow"]["rules"][0]["changes"]
        .as_array()
        .expect("a list of patterns")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let starts = |path: &String| {
        patterns.iter().any(|pattern| {
            let folder = pattern.strip_suffix("/**/*");
            folder.map_or(pattern == path, |folder| {
                path == folder || path.starts_with(&format!("{folder}/"))
            })
        })
    };
    content().into_iter().filter(|path| !starts(path)).collect()
}

#[test]
fn all_that_makes_an_image_starts_gitlabs_pipeline() {
    let text = fs::read_to_string(root().join(".gitlab-ci.yml")).expect("read the file");
    assert!(
        without_a_trigger(&text).is_empty(),
        "{:?}",
        without_a_trigger(&text)
    );
    let bad = text.replace("        - serverkit/**/*\n", "");
    assert_eq!(without_a_trigger(&bad), ["serverkit"]);
}

/// Whether jobs of GitLab's pipeline may run for as long as the runner lets them.
fn without_a_limit(pipeline: &str) -> bool {
    let pipeline: Value = serde_saphyr::from_str(pipeline).expect("YAML");
    !pipeline["default"]["timeout"].is_string()
}

#[test]
fn every_job_of_gitlabs_pipeline_has_a_timeout_by_default() {
    let text = fs::read_to_string(root().join(".gitlab-ci.yml")).expect("read the file");
    assert!(!without_a_limit(&text));
    assert!(without_a_limit(&text.replace("  timeout: 30 minutes\n", "")));
}
