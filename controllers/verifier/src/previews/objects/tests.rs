//! What Argo CD says, and what it means for a preview.

use std::path::Path;

use serde_json::json;

use super::*;

fn application(status: &Value) -> Application {
    let application = json!({
        "metadata": {
            "name": "preview-7",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "annotations": { COMMIT: "new" },
        },
        "status": status,
    });
    serde_json::from_value(application).unwrap()
}

/// A sync for `commit` that has come to `phase`, and how its objects are. Argo CD takes the field
/// `operation` away when it has ended, and not when it begins.
fn state(commit: &str, phase: &str, health: &str) -> State {
    let status = json!({
        "health": { "status": health, "message": "why" },
        "reconciledAt": "2026-01-01T00:00:09Z",
        "operationState": {
            "phase": phase, "message": "what", "finishedAt": "2026-01-01T00:00:08Z",
            "operation": { "info": [{ "name": COMMIT, "value": commit }] },
        },
    });
    let mut application = application(&status);
    if ["Running", "Terminating"].contains(&phase) {
        application.operation = Some(json!({}));
    }
    application.state("new")
}

#[test]
fn a_sync_counts_for_its_commit() {
    assert_eq!(application(&json!({})).state("new"), State::New);
    assert_eq!(state("new", "Succeeded", "Healthy"), State::Live);
    assert_eq!(state("old", "Succeeded", "Healthy"), State::New);
    assert_eq!(state("old", "Failed", "Degraded"), State::New);
    assert_eq!(state("old", "Running", "Healthy"), State::Overtaken);
    assert_eq!(state("new", "Running", "Healthy"), State::Busy("what".to_owned()));
    assert_eq!(
        state("new", "Failed", "Missing"),
        State::Failed("what".to_owned())
    );
    assert_eq!(state("new", "Succeeded", "Missing"), State::New);
    let degraded = State::Failed("it is not healthy. why".to_owned());
    assert_eq!(state("new", "Succeeded", "Degraded"), degraded);
}

#[test]
fn one_that_was_asked_for_and_one_that_is_to_end_are_waited_for() {
    let begins = State::Busy("it is about to be synced".to_owned());
    for status in [
        json!({}),
        json!({ "operationState": { "phase": "Failed", "finishedAt": "2026-01-01T00:00:08Z" } }),
    ] {
        let mut application = application(&status);
        application.operation = Some(json!({}));
        assert_eq!(application.state("new"), begins, "{status}");
    }
    let ends = state("old", "Terminating", "Healthy");
    assert!(
        matches!(&ends, State::Busy(words) if words.contains("is ended")),
        "{ends:?}"
    );
    // It had ended by itself: nobody goes on with it but together with the next one.
    let ended = json!({ "operationState": { "phase": "Terminating" } });
    assert_eq!(application(&ended).state("new"), State::New);
}

#[test]
fn health_from_before_the_sync_counts_for_nothing() {
    let status = json!({
        "health": { "status": "Healthy" },
        "reconciledAt": "2026-01-01T00:00:07Z",
        "operationState": {
            "phase": "Succeeded", "finishedAt": "2026-01-01T00:00:08Z",
            "operation": { "info": [{ "name": COMMIT, "value": "new" }] },
        },
    });
    assert!(matches!(application(&status).state("new"), State::Busy(_)));
}

#[test]
fn one_that_is_deleted_or_of_no_number_is_none() {
    let now = OffsetDateTime::parse("2026-01-01T01:00:00Z", &Rfc3339).unwrap();
    let preview = application(&json!({})).preview(now).unwrap().unwrap();
    assert_eq!(preview.age, Duration::from_hours(1));
    for metadata in [
        json!({ "name": "preview-7", "deletionTimestamp": "2026-01-01T00:00:00Z" }),
        json!({ "name": "preview-x" }),
        json!({ "name": "backend" }),
    ] {
        let one: Application = serde_json::from_value(json!({ "metadata": metadata })).unwrap();
        assert_eq!(one.preview(now).unwrap(), None, "{metadata}");
    }
}

#[test]
fn the_address_is_the_load_balancers_or_a_port_of_a_node() {
    let service = |status: Value| {
        let ports = json!([{ "port": 80, "nodePort": 30123 }]);
        let service = json!({ "spec": { "ports": ports }, "status": status });
        serde_json::from_value::<Service>(service).unwrap()
    };
    let balancer = service(json!({ "loadBalancer": { "ingress": [{ "hostname": "a.elb.example" }] } }));
    assert_eq!(balancer.address(None).as_deref(), Some("http://a.elb.example/"));
    let none = service(json!({ "loadBalancer": {} }));
    assert_eq!(none.address(None), None);
    assert_eq!(
        none.address(Some("10.0.0.1")).as_deref(),
        Some("http://10.0.0.1:30123/")
    );
}

/// The API server refuses a sync of ours that says more.
#[test]
fn a_sync_says_what_the_admission_policy_lets_through() {
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/previews/admission.yaml");
    let policy = std::fs::read_to_string(policy).unwrap();
    let sync = sync_of("head")["operation"]["sync"].clone();
    let fields: Vec<_> = sync.as_object().unwrap().keys().collect();
    assert!(policy.contains(&format!("field in {fields:?}")), "{fields:?}");
    let end = end_of_sync();
    assert_eq!(
        end,
        json!({ "status": { "operationState": { "phase": "Terminating" } } })
    );
    assert!(policy.contains(r#"field == "phase" && variables.sync[0].phase == "Terminating""#));
}
