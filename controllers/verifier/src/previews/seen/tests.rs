//! What Argo CD says, and what it means for a preview.

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

/// A sync for `commit` that has come to `phase`, and how its objects are.
fn state(commit: &str, phase: &str, health: &str) -> State {
    let status = json!({
        "health": { "status": health, "message": "why" },
        "reconciledAt": "2026-01-01T00:00:09Z",
        "operationState": {
            "phase": phase, "message": "what", "finishedAt": "2026-01-01T00:00:08Z",
            "operation": { "info": [{ "name": COMMIT, "value": commit }] },
        },
    });
    application(&status).state("new")
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
