//! The loop's first turn, before any cluster needs it: HEAD is pushed, CI builds the images, and
//! each environment is pinned to them.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use e2e_report::Milestone;

use crate::actors::Reviewer;
use crate::ci::{Ci, Settings, project};
use crate::cluster::argocd_url_for_forge;
use crate::environment::Environment;
use crate::git::checkout::{Checkout, Seed};
use crate::git::forge::{ForgeAccess, Webhook};
use crate::git::layout::{Home, Layout};
use crate::git::repositories::{application, folder, manifests};
use crate::platform::addons; // wing: addons
use crate::run::topology::Topology;
use crate::run::{Harness, StepHandle};
use crate::world::{World, secret};

/// From an empty compiler's folder, on two cores, beside starting clusters.
const BUILT_WITHIN: Duration = Duration::from_mins(20);
/// Without building: the verbs themselves may have to be compiled.
const PROMOTED_WITHIN: Duration = Duration::from_mins(5);

/// Make the repositories, start the CI, and bring HEAD through one release to each environment.
pub(crate) async fn first_release(step: &StepHandle, harness: &Harness, world: &World) -> Result<Ci> {
    let seed = Seed::of(&harness.run.repo).await?;
    step.doing(&seed.sentence());
    for home in world.layout.homes() {
        seed_repository(harness, world, home).await?;
    }
    // wing: addons
    if world.addons {
        addons::turn_on(&manifests(harness, world)).await?;
    }
    // end of wing
    if let Some(infra) = world.layout.infra() {
        move_manifests(harness, world, infra)
            .await
            .context("move the manifests into their repository")?;
    }
    let ci = start_ci(harness, world, Environment::hub()).await?;

    let (application, manifests) = (application(harness, world), manifests(harness, world));
    let reviewer = Reviewer::of(world);
    for &environment in Environment::all() {
        let is_built = environment == Environment::first();
        let within = if is_built { BUILT_WITHIN } else { PROMOTED_WITHIN };
        let pushed = Instant::now();
        let commit = application.push(environment.branch()).await?;
        let way = step.way(environment, &commit);
        way.mark(Milestone::Pushed, pushed);
        let passed = ci.passed(step, environment.branch(), &commit, within).await;
        ci.note(&way, environment, &commit, step);
        passed?;
        // Leaves the manifests' checkout at the merged commit: if that is the application's too,
        // the next branch is pushed at it.
        reviewer.release(step, environment, &commit, &manifests).await?;
    }
    Ok(ci)
}

/// A new repository on the forge, and its part of HEAD in a checkout, not pushed yet.
async fn seed_repository(harness: &Harness, world: &World, home: Home) -> Result<()> {
    let (organisation, branch) = (ForgeAccess::ORGANISATION, Environment::first().branch());
    world
        .forge
        .client()
        .create_repository(organisation, home.name, branch)
        .await
        .with_context(|| format!("create the repository {} on the forge", home.name))?;
    let (remote, token) = (home.remote(&world.forge.host_url), &world.forge.token);
    Checkout::of_head(
        &harness.run.repo,
        home.lacks,
        &folder(harness, home),
        &remote,
        token,
    )
    .await
    .map(drop)
}

/// What a person does who moves the manifests: name their new address, and push them before CI
/// proposes there.
async fn move_manifests(harness: &Harness, world: &World, infra: Home) -> Result<()> {
    let manifests = manifests(harness, world);
    let forge = &world.forge.cluster_url;
    let (old, new) = (Layout::One.manifests().remote(forge), infra.remote(forge));
    manifests
        .commit_replaced(
            "infra/local",
            &old,
            &new,
            "Read the manifests from their own repository",
        )
        .await?;
    manifests.push(Environment::first().branch()).await.map(drop)
}

/// Start the CI and have the forge call it, and every Argo CD, for each push. Also for a loop that
/// another process brought up: what was registered before is replaced. `hub` is where the hub's
/// runs, where there is one.
pub(crate) async fn start_ci(harness: &Harness, world: &World, hub: Environment) -> Result<Ci> {
    let secret = secret()?;
    let ci = Ci::start(Settings {
        listen_on: world.forge.host_ip_for_containers.clone(),
        secret: secret.clone(),
        remote: world.layout.application().remote(&world.forge.host_url),
        token: world.forge.token.clone(),
        cache: harness.cache.ci(),
        folder: harness.run.file("ci"),
        project: project(harness, world),
        system: harness.ci.clone(),
    })
    .await
    .context("start the CI")?;
    let argocd = match world.topology {
        Topology::Each => Environment::all().to_vec(),
        Topology::Hub => vec![hub],
    };
    let argocd = argocd.into_iter();
    let argocd: Vec<_> = argocd
        .map(|environment| format!("{}/api/webhook", argocd_url_for_forge(environment)))
        .collect();
    let to_ci = Webhook {
        url: ci.hook(),
        secret: &secret,
        branches: "*",
        events: &["push", "status"],
    };
    let of_proofs = Webhook {
        events: &["status"],
        ..to_ci.clone()
    };
    // Argo CD reads one branch, whatever the environment.
    let to_argocd = argocd.iter().map(|url| Webhook {
        url,
        secret: &world.forge.argocd_webhook_secret,
        branches: Environment::first().branch(),
        events: &["push"],
    });
    let (application, manifests) = (world.layout.application(), world.layout.manifests());
    for home in world.layout.homes() {
        let mut hooks = Vec::new();
        if home == application {
            hooks.push(to_ci.clone());
        } else {
            // What an environment has proven is said where the overlays are.
            hooks.push(of_proofs.clone());
        }
        if home == manifests {
            hooks.extend(to_argocd.clone());
        }
        let repository = world
            .forge
            .client()
            .repository(ForgeAccess::ORGANISATION, home.name);
        repository
            .set_webhooks(&hooks)
            .await
            .context("register the webhooks of CI and Argo CD on the forge")?;
    }
    Ok(ci)
}
