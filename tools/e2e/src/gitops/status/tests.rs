//! What each state of an Application means.

use std::time::Duration;

use super::*;
use serde_json::{Value, json};

fn status(phase: &str, operation: &str, sync: &str, compared: &str, health: &str) -> Value {
    json!({
        "sync": {"status": sync, "revision": compared, "comparedTo": {}},
        "health": {"status": health},
        "operationState": {
            "phase": phase, "message": "what Argo CD says", "retryCount": 0,
            "startedAt": "2026-11-21T10:39:19Z", "finishedAt": null,
            "syncResult": {"revision": operation, "resources": [
                {"kind": "Job", "name": "backend-migrate", "hookPhase": "Failed", "message": "backoff limit"},
            ]},
        },
    })
}

fn judged(status: &Value) -> Verdict<()> {
    judge(&serde_json::from_value(status.clone()).unwrap(), "new")
}

#[test]
fn live_is_synced_healthy_and_succeeded_at_the_revision() {
    assert!(matches!(
        judged(&status("Succeeded", "new", "Synced", "new", "Healthy")),
        Verdict::Ready(())
    ));
}

#[test]
fn anything_less_is_not_yet() {
    for (phase, operation, sync, compared, health) in [
        ("Succeeded", "old", "Synced", "old", "Healthy"),
        ("Succeeded", "old", "Synced", "new", "Healthy"),
        ("Succeeded", "new", "OutOfSync", "new", "Healthy"),
        ("Succeeded", "new", "Synced", "newer", "Healthy"),
        ("Succeeded", "new", "Synced", "new", "Progressing"),
        ("Running", "new", "OutOfSync", "new", "Healthy"),
        ("Failed", "old", "OutOfSync", "old", "Healthy"),
    ] {
        let state = status(phase, operation, sync, compared, health);
        assert!(matches!(judged(&state), Verdict::Pending(_)), "{state}");
    }
    assert!(matches!(judged(&json!({})), Verdict::Pending(_)));
    assert!(matches!(judge(&Status::default(), "new"), Verdict::Pending(_)));
}

#[test]
fn a_failed_sync_is_seen_at_once_and_names_the_hook() {
    let Verdict::Failed(why) = judged(&status("Failed", "new", "OutOfSync", "new", "Healthy")) else {
        panic!("a failed sync must end the wait")
    };
    assert!(
        why.contains("what Argo CD says") && why.contains("Job backend-migrate: backoff limit"),
        "{why}"
    );
}

#[test]
fn steady_is_only_what_needs_nothing_more() {
    let steady = |phase: &str, sync: &str, health: &str| {
        let state: Status = serde_json::from_value(status(phase, "new", sync, "new", health)).unwrap();
        state.is_steady()
    };
    assert!(steady("Succeeded", "Synced", "Healthy"));
    assert!(!steady("Running", "Synced", "Healthy"));
    assert!(!steady("Failed", "Synced", "Healthy"));
    assert!(!steady("Succeeded", "OutOfSync", "Healthy"));
    assert!(!steady("Succeeded", "Synced", "Degraded"));
    assert!(!Status::default().is_steady());
}

#[test]
fn the_times_of_a_sync_are_read() {
    let state = status("Running", "new", "OutOfSync", "old", "Healthy");
    let state: Status = serde_json::from_value(state).unwrap();
    let operation = state.operation_state.unwrap();
    let started = operation.started_at.expect("a time").0;
    assert_eq!(started.to_string(), "2026-11-21T10:39:19Z");
    assert!(operation.finished_at.is_none());
}

#[test]
fn a_sync_that_failed_since_a_moment_was_under_way_then_and_one_that_was_over_was_not() {
    let ended = |phase: &str| {
        let mut state = status(phase, "new", "Unknown", "new", "Healthy");
        state["operationState"]["finishedAt"] = json!("2026-11-21T10:39:30Z");
        serde_json::from_value::<Status>(state).unwrap()
    };
    let failed = ended("Error");
    let finished = failed.operation_state.as_ref().unwrap().finished_at.as_ref();
    let (second, finished) = (Duration::from_secs(1), SystemTime::from(finished.unwrap().0));
    for moment in [finished - second, finished, finished + second / 2] {
        assert!(failed.is_syncing_since("new", moment), "{moment:?}");
        assert!(!failed.is_syncing_since("newer", moment), "{moment:?}");
    }
    assert!(!failed.is_syncing_since("new", finished + second));
    assert!(!ended("Succeeded").is_syncing_since("new", finished));
    let running: Status =
        serde_json::from_value(status("Running", "new", "OutOfSync", "old", "Healthy")).unwrap();
    assert!(running.is_syncing_since("new", finished + second));
}

#[test]
fn a_complaint_is_shown_while_waiting() {
    let state = json!({"conditions": [{"type": "ComparisonError", "message": "repository not found"}]});
    let Verdict::Pending(why) = judged(&state) else {
        panic!("may pass")
    };
    assert_eq!(why, "ComparisonError: repository not found");
}

#[test]
fn what_was_taken_back_leaves_the_failed_operation_and_nothing_to_do() {
    let reverted = status("Failed", "bad", "Synced", "new", "Healthy");
    assert!(matches!(judged(&reverted), Verdict::Ready(())));
    let state: Status = serde_json::from_value(reverted).unwrap();
    assert!(state.is_steady());
    let state: Status = serde_json::from_value(status("Failed", "new", "Synced", "new", "Healthy")).unwrap();
    assert!(!state.is_steady());
}

#[test]
fn a_rollout_is_caught_only_between_its_sync_and_its_end() {
    let rolling = |phase: &str, health: &str| {
        let state: Status = serde_json::from_value(status(phase, "new", "Synced", "new", health)).unwrap();
        state.is_rolling_out("new")
    };
    assert!(rolling("Succeeded", "Progressing"));
    assert!(!rolling("Running", "Progressing"));
    assert!(!rolling("Succeeded", "Healthy"));
}

#[test]
fn a_comparison_that_failed_is_none() {
    let compared = |sync: &str| {
        let state = status("Error", "new", sync, "new", "Healthy");
        serde_json::from_value::<Status>(state).unwrap().is_compared()
    };
    assert!(compared("Synced") && compared("OutOfSync"));
    assert!(!compared("Unknown") && !Status::default().is_compared());
}

#[test]
fn what_was_taken_over_is_live_without_an_operation() {
    let adopted = |sync: &str, health: &str| {
        let mut status = status("Succeeded", "new", sync, "new", health);
        status["operationState"] = Value::Null;
        status
    };
    assert!(matches!(
        judged(&adopted("Synced", "Healthy")),
        Verdict::Ready(())
    ));
    for (sync, health) in [
        ("OutOfSync", "Healthy"),
        ("Synced", "Progressing"),
        ("Unknown", "Healthy"),
    ] {
        let state = adopted(sync, health);
        assert!(matches!(judged(&state), Verdict::Pending(_)), "{state}");
    }
    let elsewhere: Status = serde_json::from_value(adopted("Synced", "Healthy")).unwrap();
    assert!(matches!(judge(&elsewhere, "newer"), Verdict::Pending(_)));
    assert!(elsewhere.is_adopted() && elsewhere.is_steady());
}
