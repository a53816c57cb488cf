//! What else than a push of a branch starts the files.

use serde_json::Value;

use crate::rules::workflow;

/// What starts it.
fn events(file: &str) -> Value {
    let workflow: Value = serde_saphyr::from_str(&workflow(file)).expect("YAML");
    workflow["on"].clone()
}

#[test]
fn github_starts_the_workflow_for_what_an_environment_reports() {
    let text = workflow("verified.yaml");
    let filter = format!("startsWith(github.event.context, '{}')", project::VERIFIED);
    let places = text.matches(&filter).count();
    assert_eq!(places, 2, "{filter}: for the job, and for the group it waits in");
}

/// A report in a repository of the manifests starts nothing here by itself.
#[test]
fn a_repository_of_the_manifests_may_ask_for_what_a_report_starts() {
    let inputs = &events("verified.yaml")["workflow_dispatch"]["inputs"];
    for (name, input) in inputs.as_object().expect("inputs") {
        assert!(input["required"].is_null(), "{name} has to be said");
    }
}

/// A queue waits for a check that nothing starts until it gives up.
#[test]
fn a_merge_queue_is_checked_as_a_pull_request_is() {
    let events = events("check.yaml");
    for event in ["pull_request", "merge_group"] {
        assert!(events.get(event).is_some(), "{events}");
    }
}
