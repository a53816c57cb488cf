//! The image of a controller, made as a person does it: by `cargo xtask ci controller`.

use std::time::Duration;

use anyhow::{Context as _, Result};
use k8s_openapi::api::apps::v1::Deployment;
use xshell::Shell;

use crate::ci::{project, release_verb};
use crate::environment::Environment;
use crate::git::checkout::Checkout;
use crate::host::process::Tool;
use crate::run::Harness;
use crate::world::World;

/// What the manifests name before it was built.
pub(crate) const UNBUILT: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// From an empty compiler's folder, on two cores that build other images too.
const BUILT: Duration = Duration::from_mins(15);

/// Builds that of HEAD, pushes it to the forge, and gives its digest.
pub(crate) async fn pushed(harness: &Harness, world: &World, name: &str) -> Result<String> {
    let folder = harness.cache.ci().join("checkout-controllers");
    let remote = world.layout.application().remote(&world.forge.host_url);
    let checkout = Checkout::kept(&harness.run.repo, &folder, &remote).await?;
    let project = project(harness, world);
    let shell = Shell::new().context("open a shell")?;
    let verb = release_verb(&shell, &project, checkout.folder(), &["ci", "controller", name])?
        .env("RELEASE_BRANCH", Environment::first().branch())
        .env("CARGO_TARGET_DIR", harness.cache.ci().join("target-controllers"))
        .envs(&project.machine);
    let log = harness.run.log(&format!("{name}-image"));
    let said = Tool::new(verb, &log, BUILT).read().await;
    let said = said.with_context(|| format!("build and push the image of {name}"))?;
    let digest = said.lines().find_map(|line| line.strip_prefix("digest "));
    let digest = digest.with_context(|| format!("`ci controller {name}` names no digest:\n{said}"))?;
    Ok(digest.trim().to_owned())
}

/// The digest of the image that a controller runs.
pub(crate) fn digest(deployment: &Deployment) -> Result<String> {
    let template = deployment.spec.as_ref().map(|spec| &spec.template);
    let pod = template.and_then(|template| template.spec.as_ref());
    let container = pod.and_then(|pod| pod.containers.first());
    let image = container.and_then(|container| container.image.as_deref());
    let digest = image.and_then(|image| image.split_once('@'));
    let (_, digest) = digest.context("its image has no digest")?;
    Ok(digest.to_owned())
}
