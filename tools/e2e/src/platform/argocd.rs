//! Argo CD in a cluster: the pinned upstream manifests with this repository's configuration, then
//! the root Application.

mod polling;
mod processes;
pub(crate) mod readers;
mod whole;

pub(crate) use polling::Polling;
pub(crate) use processes::{Processes, restart};
pub(crate) use whole::whole;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api,
    api::{Patch, PatchParams},
    core::{ApiResource, DynamicObject, GroupVersionKind},
};
use serde_json::json;

use crate::platform::addons; // wing: addons
use crate::{
    cluster::Cluster,
    environment::Environment,
    git::checkout::Checkout,
    platform::kustomize,
    run::{Harness, StepHandle},
    wait::{Verdict, eventually},
    world::World,
};

pub(crate) const NAMESPACE: &str = "argocd";
/// The API group of its objects.
pub(crate) const GROUP: &str = "argoproj.io";
/// The project of all Applications but the root.
pub(crate) const PROJECT: &str = "message-board";
const CONFIGURATION: &str = "infra/argocd";
/// What only this machine adds to it.
const LOCAL: &str = "infra/local/argocd";
/// The hub's, and what it runs on its targets.
const HUB: [&str; 2] = ["infra/hub", "infra/local/hub"];
const CLUSTERS: &str = "infra/local/clusters";
/// The file of upstream's manifests, in the kustomization by its address and in the supply by this
/// name.
const INSTALL: &str = "install.yaml";

const ESTABLISHED: Duration = Duration::from_secs(30);

/// Installs Argo CD and waits until every part of it is ready.
pub(crate) async fn install(
    harness: &Harness,
    cluster: &Cluster,
    world: &World,
    step: &StepHandle,
) -> Result<()> {
    let environment = cluster.environment;
    let log = harness.run.log(&format!("argocd-{environment}"));
    step.doing("render the manifests");
    let manifests = configuration(harness, environment, begin_with(environment, world)).await?;
    let (definitions, rest) = split(&manifests);
    step.doing("apply the manifests");
    cluster
        .apply_over(harness, &definitions, &log)
        .await
        .context("apply Argo CD's resource definitions")?;
    eventually(step, "Argo CD's objects", ESTABLISHED, async || {
        // Objects of a kind that was defined a moment ago may still be refused.
        cluster.apply_over(harness, &rest, &log).await.map(Verdict::Ready)
    })
    .await?;
    let secrets: Api<Secret> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let secret = STANDARD.encode(&world.forge.argocd_webhook_secret);
    let patch = Patch::Merge(json!({ "data": { "webhook.gogs.secret": secret } }));
    secrets
        .patch("argocd-secret", &PatchParams::default(), &patch)
        .await
        .context("tell Argo CD the secret of the forge's webhooks")?;
    admit_readers(harness, cluster, world).await?;
    whole(step, cluster).await
}

/// Gives it the configuration again that it began with.
pub(crate) async fn configure(harness: &Harness, cluster: &Cluster, world: &World) -> Result<()> {
    reconfigure(harness, cluster, world, begin_with(cluster.environment, world)).await
}

/// Applies its configuration with what it looks at for these add-ons, and for no others.
pub(crate) async fn reconfigure(
    harness: &Harness,
    cluster: &Cluster,
    world: &World,
    of_addons: &[&str],
) -> Result<()> {
    let manifests = configuration(harness, cluster.environment, of_addons).await?;
    let log = harness.run.log(&format!("argocd-{}", cluster.environment));
    let applied = cluster.apply_over(harness, &manifests, &log).await;
    applied.context("change the configuration of Argo CD")?;
    admit_readers(harness, cluster, world).await
}

/// Lets a person look around who is to; the configuration lets nobody.
async fn admit_readers(harness: &Harness, cluster: &Cluster, world: &World) -> Result<()> {
    if world.readers {
        readers::admit(harness, cluster).await?;
    }
    Ok(())
}

/// The add-ons that a new cluster of an environment begins with.
#[allow(clippy::match_single_binding, reason = "a copy may be without add-ons")]
fn begin_with(environment: Environment, world: &World) -> &'static [&'static str] {
    match (environment, world.addons) {
        (with, true) if with == addons::environment() => &[addons::METRICS], // wing: addons
        _ => &[],
    }
}

/// What is applied of it in an environment.
async fn configuration(harness: &Harness, environment: Environment, of_addons: &[&str]) -> Result<String> {
    let folders: &[&str] = match of_addons {
        _ if environment.is_hub() => &HUB,
        [_, ..] => &addons::ARGOCD, // wing: addons
        _ => &[LOCAL],
    };
    let copy = harness.run.file(&format!("argocd-{environment}"));
    let folder = localised(harness, &copy, folders)?;
    // wing: addons
    if !of_addons.is_empty() {
        addons::looked_at(&copy, of_addons)?;
    }
    // end of wing
    let log = harness.run.log(&format!("argocd-{environment}"));
    kustomize::rendered(harness, &folder, &log).await
}

/// Tells the hub what to run on its targets.
pub(crate) async fn apply_clusters(harness: &Harness, hub: &Cluster) -> Result<()> {
    kustomize::apply_over(harness, hub, CLUSTERS, &harness.run.log("argocd-hub")).await
}

/// Applies the root Application of the cluster's environment, as the manifests' repository has it;
/// everything else follows from Git.
pub(crate) async fn apply_root(harness: &Harness, manifests: &Checkout, cluster: &Cluster) -> Result<()> {
    let environment = cluster.environment;
    let path = format!("infra/local/root/{environment}.yaml");
    let root = manifests.file_at("HEAD", &path).await?;
    let log = harness.run.log(&format!("argocd-{environment}"));
    cluster
        .apply_over(harness, &root, &log)
        .await
        .with_context(|| format!("apply the root Application of {environment}"))
}

/// How a kind of its objects is asked for.
pub(crate) fn resource(kind: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk(GROUP, "v1alpha1", kind))
}

/// Its objects of a kind on this cluster, which says nothing of what they hold.
pub(crate) fn objects(cluster: &Cluster, kind: &str) -> Api<DynamicObject> {
    Api::namespaced_with(cluster.client.clone(), NAMESPACE, &resource(kind))
}

/// The repositories that the project of the Applications allows.
pub(crate) async fn allowed_repositories(cluster: &Cluster) -> Result<Vec<String>> {
    let project = objects(cluster.argocd(), "AppProject")
        .get(PROJECT)
        .await
        .with_context(|| format!("read the AppProject {PROJECT} on {}", cluster.environment))?;
    serde_json::from_value(project.data["spec"]["sourceRepos"].clone())
        .context("the project names no repositories")
}

/// A copy of the configuration that reads the supplied manifests in place of upstream's address.
/// The last of `more` is what is to be rendered.
fn localised(harness: &Harness, copy: &Path, more: &[&str]) -> Result<PathBuf> {
    for folder in [CONFIGURATION].iter().chain(more) {
        copy_files(&harness.run.repo.join(folder), &copy.join(folder))?;
    }
    let configuration = copy.join(CONFIGURATION);
    let manifests = harness.parts.argocd_manifests.join(INSTALL);
    fs::copy(&manifests, configuration.join(INSTALL))
        .with_context(|| format!("copy {}", manifests.display()))?;
    let kustomization = configuration.join("kustomization.yaml");
    let text =
        fs::read_to_string(&kustomization).with_context(|| format!("read {}", kustomization.display()))?;
    let text = with_local_manifests(&text)?;
    fs::write(&kustomization, text).with_context(|| format!("write {}", kustomization.display()))?;
    Ok(copy.join(more.last().unwrap_or(&CONFIGURATION)))
}

fn copy_files(source: &Path, copy: &Path) -> Result<()> {
    fs::create_dir_all(copy).with_context(|| format!("make {}", copy.display()))?;
    for entry in fs::read_dir(source).with_context(|| format!("list {}", source.display()))? {
        let entry = entry
            .with_context(|| format!("list {}", source.display()))?
            .path();
        let name = entry.file_name().context("a listed file has a name")?;
        if entry.is_dir() {
            copy_files(&entry, &copy.join(name))?;
        } else {
            fs::copy(&entry, copy.join(name)).with_context(|| format!("copy {}", entry.display()))?;
        }
    }
    Ok(())
}

fn with_local_manifests(kustomization: &str) -> Result<String> {
    let is_remote =
        |line: &str| line.contains("https://") && line.trim_end().ends_with(&format!("/{INSTALL}"));
    let lines = kustomization.lines();
    if lines.clone().filter(|line| is_remote(line)).count() != 1 {
        bail!("{CONFIGURATION}/kustomization.yaml does not name upstream's {INSTALL} in exactly one line");
    }
    let lines = lines.map(|line| {
        if is_remote(line) {
            format!("  - {INSTALL}")
        } else {
            line.to_owned()
        }
    });
    Ok(lines.collect::<Vec<_>>().join("\n") + "\n")
}

/// Resource definitions, and the rest.
fn split(manifests: &str) -> (String, String) {
    let is_definition = |document: &&str| {
        document
            .lines()
            .any(|line| line == "kind: CustomResourceDefinition")
    };
    let (definitions, rest): (Vec<_>, Vec<_>) = manifests.split("\n---\n").partition(is_definition);
    (definitions.join("\n---\n"), rest.join("\n---\n"))
}

#[cfg(test)]
mod tests;
