//! The admission controller of a cluster: it lets images into the message board's namespace that
//! are signed by the run's key.
//!
//! It is installed beside Argo CD and not by it, so that what is pushed to Git cannot take it away,
//! and before the first Application, so that nothing gets in before it.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::{
    ByteString,
    api::{
        apps::v1::Deployment,
        core::v1::{ConfigMap, Secret},
    },
};
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::json;
use xshell::{Shell, cmd};

use crate::{
    cluster::Cluster,
    harness::Harness,
    process::Tool,
    progress::StepHandle,
    wait::{Verdict, eventually},
    world::SigningKey,
};

pub(crate) const NAMESPACE: &str = "cosign-system";
/// By this name the API server calls it, and names it in each refusal.
pub(crate) const HOOK: &str = "policy.sigstore.dev";
/// Its Deployment, and its Service.
pub(crate) const CONTROLLER: &str = "webhook";
/// The configuration with what only this machine adds to it.
const LOCAL: &str = "infra/local/admission";
/// Named by the policy there.
const KEY: &str = "signing-key";
/// Where the controller keeps the policies it has understood.
const POLICIES: &str = "config-image-policies";
const POLICY: &str = "kind: ClusterImagePolicy";

const RENDER: Duration = Duration::from_secs(30);
const READY: Duration = Duration::from_mins(2);
const ASKED: Duration = Duration::from_mins(1);

/// Installs it and waits until it knows whose images to let in.
pub(crate) async fn install(
    harness: &Harness,
    cluster: &Cluster,
    signing: &SigningKey,
    step: &StepHandle,
) -> Result<()> {
    let log = harness.run.log(&format!("admission-{}", cluster.environment));
    let manifests = rendered(harness, &log).await?;
    let (policies, rest): (Vec<_>, Vec<_>) = manifests
        .split("\n---\n")
        .partition(|document| document.lines().any(|line| line == POLICY));
    step.doing("apply the manifests");
    cluster
        .apply(harness, &rest.join("\n---\n"), &log)
        .await
        .context("apply the admission controller")?;
    let secrets: Api<Secret> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let key = ByteString(signing.public.clone().into_bytes());
    let key = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": KEY }, "data": { "cosign.pub": key },
    });
    secrets
        .patch(KEY, &PatchParams::apply("e2e").force(), &Patch::Apply(key))
        .await
        .context("tell the admission controller the run's key")?;
    eventually(step, "admission controller", READY, async || ready(cluster).await).await?;
    eventually(step, "policy on images", ASKED, async || {
        // The controller itself looks at it, and until it has put its certificate everywhere,
        // nobody trusts its answer.
        cluster
            .apply(harness, &policies.join("\n---\n"), &log)
            .await
            .map(Verdict::Ready)
    })
    .await?;
    // The controller hands it to itself by this map.
    let maps: Api<ConfigMap> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    eventually(
        step,
        "what the controller has understood of it",
        ASKED,
        async || {
            let known = maps.get(POLICIES).await?.data.unwrap_or_default();
            Ok(if known.is_empty() {
                Verdict::Pending("not taken up yet".to_owned())
            } else {
                Verdict::Ready(())
            })
        },
    )
    .await
}

async fn rendered(harness: &Harness, log: &std::path::Path) -> Result<String> {
    let shell = Shell::new().context("open a shell")?;
    let (kustomize, folder) = (&harness.parts.tools.kustomize, harness.run.repo.join(LOCAL));
    Tool::new(cmd!(shell, "{kustomize} build {folder}"), log, RENDER)
        .quiet()
        .read()
        .await
        .with_context(|| format!("render {LOCAL}"))
}

async fn ready(cluster: &Cluster) -> Result<Verdict<()>> {
    let deployments: Api<Deployment> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let status = deployments.get(CONTROLLER).await?.status.unwrap_or_default();
    Ok(match status.ready_replicas.unwrap_or(0) {
        0 => Verdict::Pending("no replica is ready".to_owned()),
        _ => Verdict::Ready(()),
    })
}
