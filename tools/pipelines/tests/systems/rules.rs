//! Rules of our own for the files as they are written. Each is also shown a file it must refuse.

use std::fs;

use serde_json::Value;

use crate::root;

/// All workflows: name and text.
pub(crate) fn workflows() -> Vec<(String, String)> {
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

/// The text of one workflow.
pub(crate) fn workflow(file: &str) -> String {
    let mut all = workflows().into_iter();
    let (_, text) = all.find(|(name, _)| name == file).expect("the workflow");
    text
}

pub(crate) fn deliver() -> String {
    fs::read_to_string(root().join(".github/workflows/deliver.yaml")).expect("read the workflow")
}

/// The commit of the first action in a workflow; newer ones are proposed each week.
pub(crate) fn pinned(text: &str) -> &str {
    let actions = text.split("- uses: ").skip(1);
    let mut commits = actions.filter_map(|action| action.split_once('@')?.1.get(..40));
    let commit = commits.find(|commit| commit.bytes().all(|byte| byte.is_ascii_hexdigit()));
    commit.expect("an action is pinned")
}

/// The jobs that may write something, and what. Any other may read at most.
const WRITES: &[(&str, &[&str])] = &[
    (
        "deliver",
        &["attestations", "contents", "id-token", "pull-requests"],
    ),
    ("controller", &["id-token"]),
    ("preview", &["id-token"]), // wing: previews
    ("tag", &["id-token"]),
    ("follow", &["contents", "id-token", "pull-requests"]), // wing: versions
    ("advance", &["contents", "id-token", "pull-requests"]),
    ("publish", &["id-token", "pages"]), // wing: book
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

/// What started a workflow, as expressions name it.
const EVENT: &str = "github.event";

/// The one place where the password of the registry is handed on.
const LOGIN: &str = "./.github/actions/registry-login";

/// What our own rules find in a workflow.
fn faults(text: &str) -> Vec<String> {
    let workflow: Value = serde_saphyr::from_str(text).expect("a workflow is YAML");
    let mut faults = Vec::new();
    if workflow["permissions"] != serde_json::json!({}) {
        faults.push("permissions are not {} by default".to_owned());
    }
    let concurrency = &workflow["concurrency"];
    if !concurrency["group"].is_string() {
        faults.push("no concurrency group".to_owned());
    }
    // Cut off, it may have pushed one image of two.
    if workflow["on"].get("push").is_some() && concurrency["cancel-in-progress"] != false {
        faults.push("what a push started is cut off by the next".to_owned());
    }
    let group = concurrency["group"].as_str().unwrap_or_default();
    for (name, job) in workflow["jobs"].as_object().expect("jobs") {
        // Of the runs that wait in a group GitHub keeps the last, also one that has nothing to do.
        let filter = job["if"].as_str().unwrap_or_default();
        if filter.contains(EVENT) && !group.contains(EVENT) {
            faults.push(format!(
                "job {name} skips some events, and they take the place of those that wait in its group"
            ));
        }
        // A job that calls another workflow has the timeouts of that one, and may not have one of
        // its own.
        let calls = job["uses"].as_str();
        if calls.is_none() && !job["timeout-minutes"].is_u64() {
            faults.push(format!("job {name} has no timeout"));
        }
        let steps = job["steps"].as_array().into_iter().flatten();
        // An older commit may be without the actions of this one.
        let is_of_another = steps.clone().any(|step| !step["with"]["ref"].is_null());
        let mut scripts = steps.clone().filter_map(|step| step["run"].as_str());
        if !is_of_another && scripts.any(|script| script.contains("REGISTRY_PASSWORD")) {
            faults.push(format!(
                "job {name} hands the password of the registry on by itself; {LOGIN} hides each of its lines"
            ));
        }
        let mut actions = steps.clone().filter_map(|step| step["uses"].as_str());
        if is_of_another && actions.any(|uses| uses.starts_with("./")) {
            faults.push(format!(
                "job {name} checks another commit out, which may be without the action that it uses"
            ));
        }
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
    let commit = pinned(&text);
    for loose in ["v7", &commit[..8]] {
        assert!(after(commit, loose).contains("not a full commit"), "{loose}");
    }
    assert!(after("permissions: {}\n", "").contains("permissions"));
    assert!(after("concurrency:\n", "other:\n").contains("concurrency"));
    assert!(after("cancel-in-progress: false", "cancel-in-progress: true").contains("cut off"));
    let by_itself = "echo \"REGISTRY_PASSWORD=$PASSWORD\" >> \"$GITHUB_ENV\"";
    assert!(after("cargo xtask ci plan", by_itself).contains("hides each of its lines"));
    let another = "fetch-depth: 0\n          ref: other\n";
    assert!(after("fetch-depth: 0\n", another).contains("checks another commit out"));
    let skips = "  deliver:\n    if: github.event.created\n";
    assert!(after("  deliver:\n", skips).contains("take the place"));
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

#[test]
fn runs_of_one_branch_take_turns_on_gitlab() {
    let text = fs::read_to_string(root().join(".gitlab-ci.yml")).expect("read the file");
    let pipeline: Value = serde_saphyr::from_str(&text).expect("YAML");
    let turns = &pipeline[".verbs"]["resource_group"];
    assert_eq!(*turns, "deliver-$CI_COMMIT_BRANCH");
    assert_eq!(pipeline["default"]["interruptible"], false);
    // By default, a push cancels even those that have not begun.
    assert_eq!(
        pipeline["workflow"]["auto_cancel"]["on_new_commit"],
        "interruptible"
    );
    for stage in pipeline["stages"].as_array().expect("stages") {
        let job = &pipeline[stage.as_str().expect("a name")];
        assert_eq!(job["extends"], ".verbs", "{stage}");
    }
}
