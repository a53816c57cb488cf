//! The migration Job: when it runs, that it ends, and that it works on the table its server uses.

use serde_json::Value;

use crate::environments;
use crate::object::{Object, find, of_kind};
use crate::render::{local_overlay, overlay};

/// The backend as each cluster gets it, with the environment's name.
fn backends() -> Vec<(&'static str, &'static [Object])> {
    let both = |name| {
        [
            (name, overlay("backend", name)),
            (name, local_overlay("backend", name)),
        ]
    };
    environments().flat_map(both).collect()
}

/// Seconds: no release goes live while a migration runs, so one that hangs has to end some day.
/// docs/MIGRATIONS.md names this limit.
const LONGEST: u64 = 24 * 60 * 60;

fn job(objects: &[Object]) -> &Object {
    find(objects, "Job", "backend-migrate")
}

#[test]
fn it_runs_before_the_sync_and_replaces_the_last_one() {
    for (_, objects) in backends() {
        assert_eq!(of_kind(objects, "Job").len(), 1);
        let job = job(objects);
        assert_eq!(job.annotation("argocd.argoproj.io/hook"), "PreSync");
        assert_eq!(
            job.annotation("argocd.argoproj.io/hook-delete-policy"),
            "BeforeHookCreation"
        );
        assert_eq!(
            job.annotation("argocd.argoproj.io/sync-options"),
            "ServerSideApply=false"
        );
        assert_eq!(
            *job.at("/spec/ttlSecondsAfterFinished"),
            Value::Null,
            "Argo CD waits for a Job that is gone"
        );
    }
}

#[test]
fn it_ends_and_a_failure_shows_at_once() {
    for (_, objects) in backends() {
        let job = job(objects);
        assert_eq!(*job.at("/spec/backoffLimit"), 0);
        assert_eq!(job.text("/spec/template/spec/restartPolicy"), "Never");
        let deadline = job.at("/spec/activeDeadlineSeconds").as_u64();
        assert!(
            deadline.is_some_and(|seconds| (1..=LONGEST).contains(&seconds)),
            "deadline is {deadline:?}"
        );
    }
}

#[test]
fn it_needs_nothing_that_its_own_application_brings() {
    for (environment, objects) in backends() {
        let template = job(objects).template().expect("a Job has a template");
        let account = template.text("/spec/serviceAccountName");
        assert!(
            of_kind(objects, "ServiceAccount").is_empty(),
            "accounts belong to platform"
        );
        find(overlay("platform", environment), "ServiceAccount", account);
        let text = template.0.to_string();
        for reference in [
            "configMap",
            "secret",
            "envFrom",
            "valueFrom",
            "persistentVolumeClaim",
        ] {
            assert!(!text.contains(reference), "the migration refers to a {reference}");
        }
    }
}

#[test]
fn it_is_the_same_image_on_the_same_table_as_its_server() {
    for (environment, objects) in backends() {
        let of = |object: &Object| {
            let template = object.template().expect("starts pods");
            let [container] = &template.containers()[..] else {
                panic!("{} has several containers", object.id())
            };
            container.clone()
        };
        let (job, server) = (of(job(objects)), of(find(objects, "Deployment", "backend")));
        assert_eq!(job.text("/image"), server.text("/image"));
        assert_eq!(job.env(), server.env());
        assert_eq!(job.env()["ENVIRONMENT"], environment);
        assert_eq!(*job.at("/args"), serde_json::json!(["migrate"]));
        assert_eq!(*server.at("/args"), serde_json::json!(["serve"]));
    }
}
