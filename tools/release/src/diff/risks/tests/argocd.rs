//! Deleting, pruning, Applications and projects.

use super::{found, harmless, risky};

#[test]
fn what_is_deleted_is_named() {
    for kind in [
        "Namespace",
        "Application",
        "PodDisruptionBudget",
        "NetworkPolicy",
        "Job",
        "Secret",
    ] {
        let object = format!("{{kind: {kind}, metadata: {{name: a, namespace: ns}}}}");
        assert_eq!(found(&object, ""), [format!("{kind}/ns/a: is deleted")]);
    }
    let old = "{apiVersion: batch/v1beta1, kind: CronJob, metadata: {name: a}}";
    let new = "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}}";
    assert_eq!(found(old, new), [""; 0], "a newer API of the same object");
    assert_eq!(found("", new), [""; 0], "an object that is new");
}

#[test]
fn what_argo_cd_would_delete_or_no_longer_do() {
    for (old, new, expected) in [
        (
            "Prune=false",
            "ServerSideApply=true",
            "loses the sync option `Prune=false`",
        ),
        (
            "Delete=confirm,Prune=confirm",
            "Prune=false",
            "loses the sync option `Delete=confirm`",
        ),
        (
            "Prune=false",
            "Prune=false,Replace=true",
            "gets the sync option `Replace=true`",
        ),
    ] {
        let object = |options: &str| {
            format!(
                "{{kind: Secret, metadata: {{name: a, annotations: {{argocd.argoproj.io/sync-options: \"{options}\"}}}}}}"
            )
        };
        assert_eq!(
            found(&object(old), &object(new)),
            [format!("Secret/a: {expected}")]
        );
        assert_eq!(found(&object(new), &object(old)), [""; 0]);
    }
    let hook = |hook: &str| format!("{{kind: Job, metadata: {{name: a, annotations: {{{hook}}}}}}}");
    let presync = hook("argocd.argoproj.io/hook: PreSync");
    assert_eq!(
        found(&presync, &hook("")),
        ["Job/a: is no longer the hook `PreSync`"]
    );
    assert_eq!(found(&hook(""), &presync), [""; 0]);
}

#[test]
fn an_application_that_reads_or_deletes_something_else() {
    risky(
        "Application",
        &[
            (
                "spec: {syncPolicy: {automated: {}}}",
                "spec: {syncPolicy: {automated: {prune: true}}}",
                "sets prune to true",
            ),
            (
                "spec: {syncPolicy: {automated: {}}}",
                "spec: {syncPolicy: {automated: {allowEmpty: true}}}",
                "sets allowEmpty to true",
            ),
            (
                "spec: {syncPolicy: {automated: {selfHeal: true}}}",
                "spec: {syncPolicy: {automated: {}}}",
                "sets selfHeal to false",
            ),
            (
                "spec: {syncPolicy: {automated: {}}}",
                "spec: {syncPolicy: {}}",
                "is no longer synced by itself",
            ),
        ],
    );
    let old = "{kind: Application, metadata: {name: a}, spec: {project: p, source: {repoURL: r, path: a, targetRevision: t}, destination: {namespace: n}}}";
    for (was, is, field) in [
        ("project: p", "project: default", "project: `default`"),
        ("repoURL: r", "repoURL: s", "repoURL: `s`"),
        ("path: a", "path: b", "path: `b`"),
        (
            "targetRevision: t",
            "targetRevision: HEAD",
            "targetRevision: `HEAD`",
        ),
        (
            "namespace: n",
            "namespace: m",
            "destination: `{\"namespace\":\"m\"}`",
        ),
    ] {
        let expected = format!("Application/a: has another {field}");
        assert_eq!(found(old, &old.replace(was, is)), [expected]);
    }
    assert_eq!(found("", old), ["Application/a: is new"]);
    assert_eq!(found(old, &old.replace("spec: {", "spec: {info: [], ")), [""; 0]);
}

#[test]
fn a_project_that_allows_more() {
    risky(
        "AppProject",
        &[
            (
                "spec: {sourceRepos: [a]}",
                "spec: {sourceRepos: [a, '*']}",
                "adds `*` to sourceRepos",
            ),
            (
                "spec: {destinations: []}",
                "spec: {destinations: [{namespace: '*'}]}",
                "adds `{\"namespace\":\"*\"}` to destinations",
            ),
            (
                "spec: {}",
                "spec: {clusterResourceWhitelist: [{kind: ClusterRole}]}",
                "adds `{\"kind\":\"ClusterRole\"}` to clusterResourceWhitelist",
            ),
            (
                "spec: {}",
                "spec: {namespaceResourceWhitelist: [{kind: Role}]}",
                "adds `{\"kind\":\"Role\"}` to namespaceResourceWhitelist",
            ),
            (
                "spec: {signatureKeys: [{keyID: k}]}",
                "spec: {}",
                "removes `{\"keyID\":\"k\"}` from signatureKeys",
            ),
        ],
    );
    let new = "{kind: AppProject, metadata: {name: a}, spec: {sourceRepos: [r]}}";
    assert_eq!(found("", new), ["AppProject/a: adds `r` to sourceRepos"]);
    harmless(
        "AppProject",
        &[("spec: {sourceRepos: [a, b]}", "spec: {sourceRepos: [b, a]}")],
    );
}
