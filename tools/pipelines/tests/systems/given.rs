//! What the CI files are given: no key of AWS, and nothing at all where a stranger's pull request
//! starts them. Each rule is also shown a file it must refuse.

use std::fs;

use serde_json::Value;

use crate::root;
use crate::rules::{deliver, workflows};

/// Events that start a workflow with no more than its own text says. Others, as
/// `pull_request_target`, start it with the rights and secrets of the repository on the word of a
/// stranger. A status is written by whoever has that right in the repository, and starts the
/// workflow of the default branch.
const EVENTS: &[&str] = &[
    "merge_group",
    "pull_request",
    "push",
    "schedule",
    "status",
    "workflow_call",
    "workflow_dispatch",
];
/// A pull request starts the first, by it the second, and where it is queued the third.
const FOR_STRANGERS: &[&str] = &["pull_request", "workflow_call", "merge_group"];

/// Jobs of pull requests that may write something, and what: GitHub gives a token of the repository
/// to no run of a fork, whatever the job says, and the role that this one takes may push images of
/// previews alone (infra/aws/access.yaml).
const OF_OUR_OWN: &[(&str, &str)] = &[
    ("preview", "id-token"), // wing: previews
];

/// What of a workflow a stranger could use.
fn within_reach(text: &str) -> Vec<String> {
    let workflow: Value = serde_saphyr::from_str(text).expect("a workflow is YAML");
    let events = workflow["on"].as_object().expect("events by their names");
    let mut reach: Vec<_> = events
        .keys()
        .filter(|event| !EVENTS.contains(&event.as_str()))
        .map(|event| format!("{event} starts it"))
        .collect();
    if !events.keys().any(|event| FOR_STRANGERS.contains(&event.as_str())) {
        return reach;
    }
    let code = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    reach.extend(
        code.filter(|line| line.contains("secrets"))
            .map(|line| format!("a secret: {}", line.trim())),
    );
    for (name, job) in workflow["jobs"].as_object().expect("jobs") {
        let rights = job["permissions"].as_object().into_iter().flatten();
        let is_own = |right: &str| OF_OUR_OWN.contains(&(name.as_str(), right));
        let writes = rights.filter(|(right, level)| *level == "write" && !is_own(right));
        reach.extend(writes.map(|(right, _)| format!("job {name} may write {right}")));
    }
    reach
}

#[test]
fn what_a_pull_request_starts_gets_no_secret_and_may_write_nothing() {
    for (name, text) in workflows() {
        let reach = within_reach(&text);
        assert!(reach.is_empty(), "{name}: {}", reach.join("; "));
    }
    let text = deliver();
    for (good, bad, fault) in [
        (
            "\n  push:\n",
            "\n  pull_request:\n",
            "job deliver may write id-token",
        ),
        ("\n  push:\n", "\n  pull_request:\n", "FORGE_TOKEN"),
        (
            "\n  push:\n",
            "\n  workflow_call:\n",
            "job deliver may write contents",
        ),
        (
            "\n  push:\n",
            "\n  pull_request_target:\n",
            "pull_request_target starts it",
        ),
        ("\n  push:\n", "\n  workflow_run:\n", "workflow_run starts it"),
    ] {
        assert!(text.contains(good), "{good}");
        let reach = within_reach(&text.replacen(good, bad, 1)).join("; ");
        assert!(reach.contains(fault), "{bad}: {reach}");
    }
}

/// What is stored for CI, on whichever system: the password of a registry that is not ECR, and of a
/// key in a file; the token of another forge.
const STORED: &[&str] = &["COSIGN_PASSWORD", "FORGE_TOKEN", "REGISTRY_PASSWORD"];
/// Parts of the names by which AWS's clients and actions take a key that somebody stored.
const KEYS: &[&str] = &[
    "access-key",
    "access_key",
    "session-token",
    "session_token",
    "/.aws/",
];

/// Stored secrets that a CI file takes and has no need of.
fn needless_secrets(text: &str) -> Vec<String> {
    let of_aws = text.lines().filter(|line| {
        let line = line.to_lowercase();
        KEYS.iter().any(|key| line.contains(key))
    });
    let named = text.split("secrets.").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        &rest[..end.unwrap_or(rest.len())]
    });
    let unknown = named.filter(|name| !STORED.contains(name));
    of_aws
        .chain(unknown)
        .map(|found| found.trim().to_owned())
        .collect()
}

#[test]
fn no_ci_file_takes_a_key_of_aws() {
    let others = [".gitlab-ci.yml", "buildspec.yaml"].map(|name| {
        let text = fs::read_to_string(root().join(name)).expect("read a CI file");
        (name.to_owned(), text)
    });
    for (name, text) in workflows().into_iter().chain(others) {
        let needless = needless_secrets(&text);
        assert!(needless.is_empty(), "{name}: {}", needless.join("; "));
    }
    let text = deliver();
    let good = "role-to-assume: ${{ vars.AWS_ROLE }}";
    assert!(text.contains(good));
    for bad in [
        "aws-access-key-id: ${{ vars.KEY }}",
        "role-to-assume: ${{ secrets.AWS_ROLE }}",
    ] {
        assert!(
            !needless_secrets(&text.replace(good, bad)).is_empty(),
            "nobody minds {bad}"
        );
    }
}
