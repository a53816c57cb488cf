//! The loop's first turn, before any cluster needs it: HEAD is pushed, CI builds both images, both environments are pinned.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use e2e_report::Milestone;
use pipelines::Project;

use crate::actors::Reviewer;
use crate::checkout::{Checkout, Seed};
use crate::ci::{Ci, Settings};
use crate::cluster::argocd_url_for_forge;
use crate::env::Ground;
use crate::environment::Environment;
use crate::forge::{Forge, Webhook};
use crate::progress::StepHandle;
use crate::world::{ForgeAccess, World, secret};

/// From an empty compiler's folder, on two cores, beside starting clusters.
const BUILT_WITHIN: Duration = Duration::from_mins(20);
/// Without building: the verbs themselves may have to be compiled.
const PROMOTED_WITHIN: Duration = Duration::from_mins(5);

/// The folder of this run in which the stories' developer works.
pub(crate) fn checkout(ground: &Ground, world: &World) -> Checkout {
    Checkout::open(&checkout_folder(ground), &world.forge.token)
}

fn checkout_folder(ground: &Ground) -> PathBuf {
    ground.run.file("checkout")
}

/// Make the repository, start the CI, and bring HEAD through one release to each environment.
pub(crate) async fn first_release(step: &StepHandle, ground: &Ground, world: &World) -> Result<Ci> {
    let seed = Seed::of(&ground.run.repo).await?;
    step.doing(&seed.sentence());
    let forge = forge(world);
    forge
        .create_repository(
            ForgeAccess::ORGANISATION,
            ForgeAccess::REPOSITORY,
            Environment::Staging.branch(),
        )
        .await
        .context("create the repository on the forge")?;
    let ci = start_ci(ground, world).await?;

    let folder = checkout_folder(ground);
    let checkout = Checkout::of_head(&ground.run.repo, &folder, &remote(world), &world.forge.token).await?;
    let reviewer = Reviewer::of(world);
    for (environment, within) in [
        (Environment::Staging, BUILT_WITHIN),
        (Environment::Production, PROMOTED_WITHIN),
    ] {
        let pushed = Instant::now();
        let commit = checkout.push(environment.branch()).await?;
        let way = step.way(environment, &commit);
        way.mark(Milestone::Pushed, pushed);
        let passed = ci.passed(step, environment.branch(), &commit, within).await;
        way.built(step, &ci);
        passed?;
        let proposal = reviewer.proposal(step, environment, &commit).await?;
        way.mark(Milestone::Proposed, Instant::now());
        // Leaves the checkout at the merged commit: that is what `production` is then pushed at.
        let release = reviewer.merge(step, environment, &proposal, &checkout).await?;
        way.mark(Milestone::Merged, release.asked);
    }
    Ok(ci)
}

/// Start the CI and have the forge tell it, and both Argo CDs, about pushes. Also for a loop that another process brought
/// up: what was registered before is replaced.
pub(crate) async fn start_ci(ground: &Ground, world: &World) -> Result<Ci> {
    let secret = secret()?;
    let ci = Ci::start(Settings {
        listen_on: world.forge.host_ip_for_containers.clone(),
        secret: secret.clone(),
        remote: remote(world),
        token: world.forge.token.clone(),
        cache: ground.cache.ci(),
        folder: ground.run.file("ci"),
        project: project(ground, world),
        system: ground.ci.clone(),
    })
    .await
    .context("start the CI")?;
    let argocd =
        Environment::ALL.map(|environment| format!("{}/api/webhook", argocd_url_for_forge(environment)));
    let mut hooks = vec![Webhook {
        url: ci.hook(),
        secret: &secret,
        branches: "*",
    }];
    // Argo CD reads one branch, whatever the environment.
    hooks.extend(argocd.iter().map(|url| Webhook {
        url,
        secret: &world.forge.argocd_webhook_secret,
        branches: Environment::Staging.branch(),
    }));
    let repository = forge(world).repository(ForgeAccess::ORGANISATION, ForgeAccess::REPOSITORY);
    repository
        .set_webhooks(&hooks)
        .await
        .context("register the webhooks of CI and Argo CD on the forge")?;
    Ok(ci)
}

fn forge(world: &World) -> Forge {
    Forge::new(&format!("{}/api/v1", world.forge.host_url), &world.forge.token)
}

fn remote(world: &World) -> String {
    format!(
        "{}/{}/{}.git",
        world.forge.host_url,
        ForgeAccess::ORGANISATION,
        ForgeAccess::REPOSITORY
    )
}

/// What docs/CI.md lists, as a hosted project would have it configured.
fn project(ground: &Ground, world: &World) -> Project {
    let forge = &world.forge;
    let (owner, name) = (ForgeAccess::ORGANISATION, ForgeAccess::REPOSITORY);
    let settings = [
        ("IMAGE_REGISTRY", format!("{}/{owner}", forge.registry)),
        ("REGISTRY_USER", forge.user.clone()),
        ("REGISTRY_INSECURE", "true".to_owned()),
        ("FORGE", "gitea".to_owned()),
        ("FORGE_API", format!("{}/api/v1", forge.host_url)),
        ("FORGE_REPO", format!("{owner}/{name}")),
        ("CONTAINER_ENGINE", ground.engine.program().to_owned()),
    ];
    let secrets = [
        ("REGISTRY_PASSWORD", forge.password.clone()),
        ("FORGE_TOKEN", forge.token.clone()),
    ];
    Project {
        settings: settings.map(named).into(),
        secrets: secrets.map(named).into(),
        machine: ground.engine.env().iter().cloned().collect(),
    }
}

fn named((name, value): (&str, String)) -> (String, String) {
    (name.to_owned(), value)
}
