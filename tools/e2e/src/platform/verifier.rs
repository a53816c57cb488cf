//! The verifier of an environment, brought in as a person does it: its image is built and pushed,
//! its digest written into the manifests, and those applied beside Argo CD.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::Deployment;
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::json;

use crate::{
    cluster::Cluster,
    environment::Environment,
    git::checkout::replaced_once,
    platform::{
        controller_image::{self, UNBUILT, pushed},
        kustomize, rollout,
    },
    run::{StepHandle, Testbed},
};

/// Its namespace, its Deployment, and its image.
pub(crate) const NAME: &str = "verifier";
/// The configuration with what only this machine adds to it.
const LOCAL: &str = "infra/local/verifier";
/// What they name as what Argo CD reads, where that is one repository with the code.
const REPOSITORY: &str = "value: gitops-loop/gitops-loop\n";
/// The Secret that has the token of the forge, and its key.
pub(crate) const TOKEN: (&str, &str) = ("forge", "token");

/// What one run of CI may take.
const CI_RUN: Duration = Duration::from_mins(4);

/// Installs it in the cluster of the first environment, if it is not there.
pub(crate) async fn ensure(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let cluster = testbed.first();
    let deployments: Api<Deployment> = Api::namespaced(cluster.client.clone(), NAME);
    if deployments.get_opt(NAME).await?.is_some() {
        return Ok(());
    }
    step.doing("build the image of the verifier");
    let digest = pushed(&testbed.harness, &testbed.world, NAME).await?;
    step.doing("apply the verifier");
    install(testbed, cluster, &digest).await?;
    rollout::finished(step, &deployments, NAME).await
}

/// Brings it in and switches the gate on, unless that was done before.
pub(crate) async fn ensure_gate(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    ensure(testbed, step).await?;
    let first = Environment::first();
    let application = testbed.application();
    application.catch_up().await?;
    let named = format!("branch = \"{}\"\n", first.branch());
    let on = format!("{named}verify = true\n");
    let text =
        std::fs::read_to_string(application.folder().join(::project::FILE)).context("read the project")?;
    if text.contains(&on) {
        return Ok(());
    }
    application.commit_text(::project::FILE, &named, &on).await?;
    let commit = application.push(first.branch()).await?;
    testbed
        .ci
        .passed(step, first.branch(), &commit, CI_RUN)
        .await
        .map(drop)
}

/// Lets it run, or not: then nothing is reported, and no report starts CI.
pub(crate) async fn set_running(testbed: &Testbed, step: &StepHandle, runs: bool) -> Result<()> {
    let deployments: Api<Deployment> = Api::namespaced(testbed.first().client.clone(), NAME);
    let wanted = i32::from(runs);
    let scale = Patch::Merge(json!({ "spec": { "replicas": wanted } }));
    deployments
        .patch(NAME, &PatchParams::default(), &scale)
        .await
        .context("scale the verifier")?;
    rollout::finished(step, &deployments, NAME).await
}

/// Lets it run again where it is, whatever a measurement has ended at.
pub(crate) async fn resume(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let deployments: Api<Deployment> = Api::namespaced(testbed.first().client.clone(), NAME);
    if deployments.get_opt(NAME).await?.is_some() {
        set_running(testbed, step, true).await?;
    }
    Ok(())
}

/// The digest of the image that it runs, which has the checks in it too.
pub(crate) async fn digest(cluster: &Cluster) -> Result<String> {
    let deployments: Api<Deployment> = Api::namespaced(cluster.client.clone(), NAME);
    controller_image::digest(&deployments.get(NAME).await?)
}

async fn install(testbed: &Testbed, cluster: &Cluster, digest: &str) -> Result<()> {
    let harness = &testbed.harness;
    let log = harness.run.log(NAME);
    let manifests = kustomize::rendered(harness, LOCAL, &log).await?;
    let manifests = replaced_once(LOCAL, &manifests, UNBUILT, digest)?;
    let repository = testbed.world.layout.manifests().path();
    let manifests = replaced_once(LOCAL, &manifests, REPOSITORY, &format!("value: {repository}\n"))?;
    cluster
        .apply(harness, &manifests, &log)
        .await
        .context("apply the verifier")?;
    give_token(testbed, cluster).await
}

/// Gives it a token of the forge, as a person does.
pub(crate) async fn give_token(testbed: &Testbed, cluster: &Cluster) -> Result<()> {
    let (name, key) = TOKEN;
    let token = testbed.world.forge.token.as_str();
    cluster.give_secret(NAME, name, json!({}), &[(key, token)]).await
}
