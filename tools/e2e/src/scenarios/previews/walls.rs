//! What the accounts of previews may not do, tried by them.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::Api;
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use serde_json::json;

use crate::environment::NAMESPACE;
use crate::platform::argocd::{NAMESPACE as ARGOCD, resource};
use crate::platform::previews::PREFIX;
use crate::run::Testbed;

const KEEPER: &str = "system:serviceaccount:previews:previews";

/// Neither account may write for the environment, nor make a namespace of another kind, nor change
/// what the Application of this preview deploys.
pub(super) async fn hold(testbed: &Testbed, number: u64) -> Result<()> {
    let cluster = testbed.first();
    let argocd = cluster.seen_by("system:serviceaccount:previews:argocd").await?;
    let accounts: Api<ServiceAccount> = Api::namespaced(argocd, NAMESPACE);
    let account = serde_json::from_value(json!({ "metadata": { "name": "stranger" } }));
    let account = account.context("an account")?;
    let refused = accounts.create(&PostParams::default(), &account).await;
    ensure!(refused.is_err(), "Argo CD of previews writes for the environment");
    let keeper = cluster.seen_by(KEEPER).await?;
    let namespaces: Api<Namespace> = Api::all(keeper.clone());
    for (name, level, why) in [
        ("other", "restricted", "in namespaces of previews only"),
        ("preview-4711", "privileged", "is a restricted one"),
    ] {
        let labels = json!({ "pod-security.kubernetes.io/enforce": level });
        let namespace = json!({ "metadata": { "name": name, "labels": labels } });
        let namespace = serde_json::from_value(namespace).context("a namespace")?;
        let refused = namespaces.create(&PostParams::default(), &namespace).await;
        let said = refused.err().map(|error| error.to_string()).unwrap_or_default();
        ensure!(said.contains(why), "the keeper makes {name}: {said}");
    }
    let applications = Api::namespaced_with(keeper, ARGOCD, &resource("Application"));
    deploys_as_before(&applications, &format!("{PREFIX}{number}")).await
}

/// By each of the ways in which Argo CD is told what to deploy.
async fn deploys_as_before(applications: &Api<DynamicObject>, name: &str) -> Result<()> {
    let elsewhere = json!({ "repoURL": "https://example.invalid/other.git", "path": "." });
    let (spec, operation, status) = (
        "may not change what an Application deploys",
        "may not choose what a sync deploys",
        "may not write the status",
    );
    for (changes, why) in [
        (
            json!({ "spec": { "source": { "targetRevision": "refs/pull/1/head" } } }),
            spec,
        ),
        (json!({ "spec": { "project": "default" } }), spec),
        (
            json!({ "operation": { "sync": { "source": elsewhere } } }),
            operation,
        ),
        (
            json!({ "operation": { "sync": { "revision": "refs/pull/1/head" } } }),
            operation,
        ),
        (
            json!({ "operation": { "sync": { "manifests": ["{}"] } } }),
            operation,
        ),
        (
            json!({ "status": { "operationState": { "syncResult": { "source": elsewhere } } } }),
            status,
        ),
        (
            json!({ "status": { "operationState": { "phase": "Running" } } }),
            status,
        ),
        (json!({ "status": { "operationState": null } }), status),
        (json!({ "status": { "sync": { "revision": "other" } } }), status),
    ] {
        let refused = applications
            .patch(name, &PatchParams::default(), &Patch::Merge(&changes))
            .await;
        let said = refused.err().map(|error| error.to_string()).unwrap_or_default();
        ensure!(
            said.contains(why),
            "the keeper changes {name} by {changes}: {said}"
        );
    }
    // What it does all day is let through; the sync that it has started is the proof of the first.
    let trial = PatchParams {
        dry_run: true,
        ..PatchParams::default()
    };
    let end = Patch::Merge(json!({ "status": { "operationState": { "phase": "Terminating" } } }));
    let ended = applications.patch(name, &trial, &end).await;
    ended.context("the keeper cannot end a sync").map(drop)
}
