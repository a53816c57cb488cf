//! A release that a cluster has missed. Argo CD tries a sync once; where the cluster did not
//! answer, it stays as it was when the cluster is back, healthy and on the old version.
//!
//! Only a sync that failed because the cluster could not be reached is repeated. Any other failure
//! is a fact about the release, and a migration that failed must not be run again by a machine.
//!
//! A webhook in the cluster that does not answer reads the same, and may never answer again. So a
//! sync is repeated a few times, and less and less often. Which time it is stands in the operation,
//! so that a controller that was restarted goes on counting, and any other sync begins anew.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::registration::MANAGER;

/// What Argo CD, and the client library that it is built with, say of a cluster that does not
/// answer.
const UNREACHABLE: &[&str] = &[
    "failed to discover server resources",
    "failed to get server version",
    "connection refused",
    "no route to host",
    "i/o timeout",
    "TLS handshake timeout",
    "context deadline exceeded",
];

/// How long after a failure the first attempt may begin: a cluster that comes back refuses for some
/// seconds, part by part. Before each further one it is twice as long.
const PAUSE: SignedDuration = SignedDuration::from_secs(10);
/// How often a sync is repeated: the last time more than ten minutes after it first failed.
const MOST: u32 = 6;
/// What an operation says of how often it was repeated.
const REPEATED: &str = "clusterset/repeated";

/// An Application, as far as this has to know it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Application {
    /// Its names.
    pub(crate) metadata: Metadata,
    /// Where it goes.
    pub(crate) spec: Spec,
    /// An operation that was asked for and has not begun.
    pub(crate) operation: Option<Value>,
    /// What Argo CD says of it.
    pub(crate) status: Status,
}

/// The names of an object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Metadata {
    /// Its own.
    pub(crate) name: String,
    /// That of its state.
    pub(crate) resource_version: String,
}

/// What is wanted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Spec {
    /// In which cluster.
    pub(crate) destination: Destination,
}

/// A cluster, by its name in Argo CD.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Destination {
    /// As in its Secret.
    pub(crate) name: String,
}

/// What Argo CD says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Status {
    sync: Compared,
    operation_state: Option<OperationState>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Compared {
    status: String,
    revision: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct OperationState {
    phase: String,
    message: String,
    finished_at: Option<Timestamp>,
    operation: Value,
    sync_result: Value,
}

/// What becomes of a sync that its cluster has missed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Missed {
    /// This operation is to be started, if the cluster answers.
    Due(Value),
    /// It was repeated as often as it may be. The last time this went wrong.
    GivenUp(String),
}

impl Application {
    /// What becomes of its last sync, if its cluster has missed that and it was given time since.
    pub(crate) fn missed(&self, now: Timestamp) -> Option<Missed> {
        let state = self.status.operation_state.as_ref()?;
        let ended = ["Failed", "Error"].contains(&state.phase.as_str());
        let sync = state.operation.get("sync")?;
        // A newer commit is synced without us.
        let is_newest = sync["revision"] == json!(self.status.sync.revision);
        let has_missed = self.operation.is_none()
            && ended
            && is_newest
            && self.status.sync.status != "Synced"
            && state.is_of_reach();
        if !has_missed {
            return None;
        }
        let repeated = state.repeated();
        if repeated >= MOST {
            return Some(Missed::GivenUp(state.message.clone()));
        }
        let pause = PAUSE * 2_i32.pow(repeated);
        let rested = state.finished_at.is_none_or(|at| now.duration_since(at) >= pause);
        rested.then(|| {
            Missed::Due(json!({
                "initiatedBy": {"username": MANAGER},
                "info": [{"name": REPEATED, "value": (repeated + 1).to_string()}],
                "sync": sync,
            }))
        })
    }
}

impl OperationState {
    /// Whether the cluster could not be reached.
    fn is_of_reach(&self) -> bool {
        let resources = self.sync_result["resources"].as_array().into_iter().flatten();
        let messages = resources.filter_map(|resource| resource["message"].as_str());
        let mut all = messages.chain([self.message.as_str()]);
        all.any(|message| UNREACHABLE.iter().any(|words| message.contains(words)))
    }

    /// How often we have repeated it already.
    fn repeated(&self) -> u32 {
        let mut info = self.operation["info"].as_array().into_iter().flatten();
        let ours = info.find(|one| one["name"] == REPEATED);
        let value = ours.and_then(|one| one["value"].as_str()?.parse().ok());
        value.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-28T12:00:30Z";

    fn application(message: &str, change: impl FnOnce(&mut Value)) -> Application {
        let mut value = json!({
            "metadata": {"name": "backend-blue", "resourceVersion": "7"},
            "spec": {"destination": {"name": "blue", "namespace": "message-board"}},
            "status": {
                "sync": {"status": "OutOfSync", "revision": "abc"},
                "operationState": {
                    "phase": "Failed",
                    "message": message,
                    "finishedAt": "2026-11-28T12:00:00Z",
                    "operation": {"initiatedBy": {"automated": true}, "sync": {"revision": "abc", "prune": true}},
                },
            },
        });
        change(&mut value);
        serde_json::from_value(value).unwrap()
    }

    fn missed(message: &str, change: impl FnOnce(&mut Value)) -> Option<Value> {
        match application(message, change).missed(NOW.parse().unwrap())? {
            Missed::Due(operation) => Some(operation),
            Missed::GivenUp(why) => panic!("given up: {why}"),
        }
    }

    const AWAY: &str =
        "failed to discover server resources for cluster https://blue: dial tcp: connect: no route to host";

    #[test]
    fn what_failed_because_the_cluster_was_away_is_repeated_as_it_was() {
        let operation = missed(AWAY, |_| ()).unwrap();
        assert_eq!(operation["sync"], json!({"revision": "abc", "prune": true}));
        assert_eq!(operation["initiatedBy"], json!({"username": "clusterset"}));
        let in_a_part = missed("one or more objects failed to apply", |app| {
            app["status"]["operationState"]["syncResult"] =
                json!({"resources": [{"message": "Post \"https://blue\": dial tcp: i/o timeout"}]});
        });
        assert!(in_a_part.is_some());
    }

    /// What Argo CD says where its own repo server is away, as while the hub is restarted.
    const NOT_RENDERED: &str = "ComparisonError: Failed to load target state: failed to generate manifest for \
        source 1 of 1: rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while \
        dialing: dial tcp 10.96.218.205:8081: connect: connection refused\"; Job backend-migrate: \
        job.batch/backend-migrate created";

    #[test]
    fn what_failed_because_the_hub_was_away_is_repeated_too() {
        assert!(missed(NOT_RENDERED, |_| ()).is_some());
    }

    #[test]
    fn a_release_that_failed_by_itself_is_not() {
        assert!(missed("Job backend-migrate failed: BackoffLimitExceeded", |_| ()).is_none());
    }

    #[test]
    fn nothing_is_repeated_that_goes_on_is_over_or_was_replaced() {
        let unchanged: [fn(&mut Value); 6] = [
            |app| app["status"]["operationState"]["phase"] = json!("Running"),
            |app| app["status"]["operationState"]["phase"] = json!("Succeeded"),
            |app| app["status"]["sync"]["status"] = json!("Synced"),
            |app| app["status"]["sync"]["revision"] = json!("def"),
            |app| app["operation"] = json!({"sync": {}}),
            |app| app["status"]["operationState"] = Value::Null,
        ];
        for change in unchanged {
            assert!(missed(AWAY, change).is_none());
        }
    }

    #[test]
    fn a_failure_of_a_moment_ago_is_given_time() {
        let soon =
            |app: &mut Value| app["status"]["operationState"]["finishedAt"] = json!("2026-11-28T12:00:25Z");
        assert!(missed(AWAY, soon).is_none());
    }

    /// What Argo CD says where a webhook's pods are away for good, while the API answers.
    const REFUSED: &str = "Internal error occurred: failed calling webhook \"policy.example\": failed to call webhook: \
        Post \"https://webhook.policy.svc:443/\": dial tcp 10.0.0.9:443: connect: connection refused";

    #[test]
    fn what_is_refused_each_time_is_repeated_less_and_less_often_and_then_given_up() {
        let mut app = application(REFUSED, |_| ());
        let mut now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        let begun = now;
        let mut waits = Vec::new();
        let why = loop {
            let failed = now;
            match app.missed(now) {
                Some(Missed::GivenUp(why)) => break why,
                Some(Missed::Due(_)) => panic!("repeated at once"),
                None => {}
            }
            let operation = loop {
                now += SignedDuration::from_secs(1);
                if let Some(Missed::Due(operation)) = app.missed(now) {
                    break operation;
                }
            };
            waits.push(now.duration_since(failed).as_secs());
            // It fails as before.
            let state = app.status.operation_state.as_mut().unwrap();
            state.operation = operation;
            state.finished_at = Some(now);
        };
        assert_eq!(waits, [10, 20, 40, 80, 160, 320]);
        assert!(now.duration_since(begun) > SignedDuration::from_mins(10));
        assert_eq!(why, REFUSED);
        // Nobody has to remember it.
        assert!(matches!(app.clone().missed(now), Some(Missed::GivenUp(_))));
        // A new revision is synced by Argo CD itself, whose operation says nothing of us.
        let state = app.status.operation_state.as_mut().unwrap();
        state.operation = json!({"initiatedBy": {"automated": true}, "sync": {"revision": "def"}});
        app.status.sync.revision = "def".to_owned();
        now += PAUSE;
        let Some(Missed::Due(operation)) = app.missed(now) else {
            panic!("not begun anew");
        };
        assert_eq!(operation["info"], json!([{"name": REPEATED, "value": "1"}]));
    }
}
