//! What the objects of a cluster say, as Argo CD and Kubernetes write them.

use serde_json::{Value, json};

use super::*;

const IMAGE: &str = "registry.invalid/board@sha256:aa";

fn application(sync: &str, health: &str, phase: &str, synced: &str) -> Application {
    let application = json!({
        "metadata": { "name": "board" },
        "spec": { "destination": { "namespace": "message-board" } },
        "status": {
            "sync": { "status": sync, "revision": "c1" },
            "health": { "status": health },
            "operationState": { "phase": phase, "message": "why", "syncResult": { "revision": synced } },
            "reconciledAt": "2026-11-28T18:00:00Z",
        },
    });
    serde_json::from_value(application).unwrap()
}

fn pod(image: &str, ready: &str, restarts: u32, state: &str) -> Value {
    json!({
        "metadata": { "name": "board-1", "labels": { "pod-template-hash": "7d4" } },
        "spec": { "containers": [{ "name": "board", "image": image }] },
        "status": {
            "conditions": [{ "type": "Ready", "status": ready }],
            "containerStatuses": [{ "restartCount": restarts, "state": { state: {} } }],
        },
    })
}

fn pods(values: &[Value]) -> Vec<Pod> {
    let pods = values.iter().cloned().map(serde_json::from_value);
    pods.collect::<Result<_, _>>().unwrap()
}

fn deployment(image: &str, observed: i64) -> Deployment {
    let deployment = json!({
        "metadata": { "name": "board", "generation": 3 },
        "spec": {
            "replicas": 2,
            "selector": { "matchLabels": { "app.kubernetes.io/name": "board" } },
            "template": { "spec": { "containers": [{ "name": "board", "image": image }] } },
        },
        "status": { "observedGeneration": observed },
    });
    serde_json::from_value(deployment).unwrap()
}

#[test]
fn an_application_is_well_only_where_all_of_it_is_of_the_commit() {
    let sight = |sync, health, phase, synced| application(sync, health, phase, synced).sight();
    assert!(matches!(
        sight("Synced", "Healthy", "Succeeded", "c1"),
        Sight::Healthy(_)
    ));
    // A commit that changed nothing of it.
    assert!(matches!(
        sight("Synced", "Healthy", "Succeeded", "c0"),
        Sight::Healthy(_)
    ));
    // One that failed, and was taken back.
    assert!(matches!(
        sight("Synced", "Healthy", "Failed", "c0"),
        Sight::Healthy(_)
    ));
    let failed = sight("OutOfSync", "Healthy", "Failed", "c1");
    assert_eq!(failed, Sight::SyncFailed("the sync failed: why".to_owned()));
    assert!(matches!(
        sight("Synced", "Degraded", "Succeeded", "c1"),
        Sight::Degraded(_)
    ));
    for (sync, health, phase) in [
        ("OutOfSync", "Healthy", "Succeeded"),
        ("Synced", "Progressing", "Succeeded"),
        ("Synced", "Healthy", "Running"),
        ("Unknown", "Healthy", "Succeeded"),
    ] {
        assert!(
            matches!(sight(sync, health, phase, "c1"), Sight::Unsettled(_)),
            "{sync} {health} {phase}"
        );
    }
    let mut asked = application("Synced", "Healthy", "Succeeded", "c1");
    asked.operation = Some(json!({ "sync": {} }));
    assert!(matches!(asked.sight(), Sight::Unsettled(_)));
}

#[test]
fn a_deployment_is_well_only_with_all_pods_of_its_template_ready() {
    let (new, old) = (
        pod(IMAGE, "True", 0, "running"),
        pod("registry.invalid/board@sha256:bb", "True", 0, "running"),
    );
    let unready = pod(IMAGE, "False", 0, "running");
    let sight = |deployment: Deployment, values: &[Value]| deployment.sight(&pods(values));
    let well = sight(deployment(IMAGE, 3), &[new.clone(), new.clone()]);
    assert_eq!(well, Sight::Healthy("2 of 2 pods ready".to_owned()));
    for values in [
        vec![new.clone()],
        vec![new.clone(), old],
        vec![new.clone(), unready],
        vec![new.clone(); 3],
    ] {
        assert!(
            matches!(sight(deployment(IMAGE, 3), &values), Sight::Unsettled(_)),
            "{values:?}"
        );
    }
    let values = [new.clone(), new];
    assert!(matches!(
        sight(deployment(IMAGE, 2), &values),
        Sight::Unsettled(_)
    ));
    let moving = sight(deployment("registry.invalid/board:latest", 3), &values);
    assert!(
        matches!(&moving, Sight::Unsettled(why) if why.contains("digest")),
        "{moving:?}"
    );
}

#[test]
fn a_pod_that_was_evicted_is_none_and_where_none_is_wanted_nothing_is_shown() {
    let well = pod(IMAGE, "True", 0, "running");
    let mut evicted = pod(IMAGE, "False", 0, "terminated");
    evicted["status"]["phase"] = json!("Failed");
    let both = deployment(IMAGE, 3).sight(&pods(&[well.clone(), evicted.clone(), well]));
    assert_eq!(both, Sight::Healthy("2 of 2 pods ready".to_owned()));
    let mut none = deployment(IMAGE, 3);
    none.spec.replicas = Some(0);
    for values in [vec![], vec![evicted]] {
        assert!(matches!(none.sight(&pods(&values)), Sight::Unsettled(_)));
    }
}

#[test]
fn what_runs_before_the_containers_is_of_the_release_too() {
    let init = |image: &str| json!([{ "name": "prepare", "image": image }]);
    let sight = |wanted: &str, runs: &str| {
        let mut deployment = deployment(IMAGE, 3);
        deployment.spec.template.spec.init_containers = serde_json::from_value(init(wanted)).unwrap();
        let mut one = pod(IMAGE, "True", 0, "running");
        one["spec"]["initContainers"] = init(runs);
        deployment.sight(&pods(&[one.clone(), one]))
    };
    assert!(matches!(sight(IMAGE, IMAGE), Sight::Healthy(_)));
    for (wanted, runs) in [("prepare:latest", "prepare:latest"), (IMAGE, "prepare@sha256:bb")] {
        assert!(
            matches!(sight(wanted, runs), Sight::Unsettled(_)),
            "{wanted} {runs}"
        );
    }
}

#[test]
fn a_container_that_has_ended_counts_before_it_runs_again() {
    let ends = |restarts, state| pods(&[pod(IMAGE, "True", restarts, state)])[0].ends();
    assert_eq!(
        (ends(0, "running"), ends(0, "terminated"), ends(1, "running")),
        (0, 1, 1)
    );
    assert_eq!(ends(1, "waiting"), 1);
}

#[test]
fn the_port_for_http_is_found_by_its_name() {
    let service =
        |ports: Value| -> Service { serde_json::from_value(json!({ "spec": { "ports": ports } })).unwrap() };
    let both = json!([{ "name": "metrics", "port": 9090 }, { "name": "http", "port": 80 }]);
    assert_eq!(service(both).http(), Some(80));
    assert_eq!(service(json!([{ "port": 80 }])).http(), None);
}

#[test]
fn a_job_says_whose_it_is_and_how_it_ended() {
    let job = |conditions: Value| -> Job {
        let owners = json!([{ "name": "board-smoke" }]);
        let metadata = json!({ "name": "board-smoke-1", "ownerReferences": owners });
        serde_json::from_value(json!({ "metadata": metadata, "status": { "conditions": conditions } }))
            .unwrap()
    };
    let condition = |kind: &str, status: &str| json!({ "type": kind, "status": status });
    for (conditions, passed) in [
        (json!([]), None),
        (json!([condition("Complete", "True")]), Some(true)),
        (json!([condition("Failed", "True")]), Some(false)),
        (
            json!([condition("Failed", "False"), condition("Suspended", "True")]),
            None,
        ),
    ] {
        assert_eq!(job(conditions).passed(), passed);
    }
    assert_eq!(job(json!([])).owner(), "board-smoke");
}
