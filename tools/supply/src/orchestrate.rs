//! Gets all parts, two at a time: while one links or downloads, the other compiles.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Error, Result};

use crate::acquire::{Plan, Registries, plan, pull};
use crate::engine::Engine;
use crate::error::SupplyError;
use crate::get::build_tools;
use crate::needs::Group;
use crate::node_image::{forget_intermediates, whole_node};
use crate::options::{Extra, Mode, Options, Parts};
use crate::part::Held;
use crate::recipe;
use crate::recipes::{self, Image, admission, argocd, aws, forge, forge_pages};
use crate::versions::Versions;
use crate::work::make;
use crate::workshop::{Session, Workshop};
use crate::{docker, doctor, inventory, run};

/// Two clusters, the images of one release, and the compiled apps. What building needs is looked at
/// when it begins.
const RUN_MB: u64 = 6_000;
/// Compiler caches and module sources of all recipes at their largest, with the results.
const BUILD_MB: u64 = 20_000;
/// Images of all parts.
const PULL_MB: u64 = 6_000;
/// The AWS emulator's image, and what its recipe downloads.
const EMULATOR_MB: u64 = 3_000;
const WORKERS: usize = 2;

/// Makes the machine ready for a run of everything and for what `also` has, or says what is
/// missing.
pub fn ready_for_run(session: Session<'_>, options: &Options, also: &[Group]) -> Result<()> {
    let mut groups = needs_of_run(options.mode, session.logs)?;
    groups.extend(also);
    doctor::ready(session, &groups)?;
    session.cache.require_mb(RUN_MB, "a run")
}

/// What a run of everything needs. Where Docker is, images are most likely pulled: what their
/// recipes need is then looked at only when one of them must be built after all.
pub fn needs_of_run(mode: Mode, logs: &Path) -> Result<Vec<Group>> {
    let build = match mode {
        Mode::Build => true,
        Mode::Pull => false,
        Mode::Auto => docker::refused(logs)?.is_some(),
    };
    let mut groups = vec![Group::Tools, Group::Containers];
    if build {
        let recipes = recipes::images().map(|each| each.recipe);
        groups.extend(
            recipe::needs(recipes)
                .into_iter()
                .filter(|group| *group != Group::Tools),
        );
    }
    Ok(groups)
}

/// Gets everything a run of the end-to-end test needs. The caller holds the cache's lock.
pub fn supply(session: Session<'_>, engine: &Engine, options: &Options) -> Result<Parts> {
    let versions = Versions::load()?;
    let shop = Workshop::new(session, engine, &versions);
    let found = images(shop, options).and_then(|node_image| {
        Ok(Parts {
            tools: build_tools(shop)?,
            node_image,
            forge_image: versions.get("forge", "image")?.to_owned(),
            aws_image: versions.get("aws", "image")?.to_owned(),
            argocd_manifests: make(shop, "argocd-manifests", argocd::manifests)?,
            cosign: options
                .admission
                .then(|| make(shop, "cosign", admission::build_cosign))
                .transpose()?,
            addons: addons(&versions, options)?,
        })
    });
    session.cache.drop_scratch_after(&found)?;
    found
}

/// The images of add-ons, if they were asked for.
fn addons(versions: &Versions, options: &Options) -> Result<Vec<String>> {
    let of_addons = |each: &Image| options.addons && each.image.extra == Some(Extra::Addons);
    recipes::images()
        .filter(of_addons)
        .map(|each| Ok(each.image.part.image(versions)?.to_owned()))
        .collect()
}

/// Only the image of the AWS emulator, with which the backend is tested.
pub fn aws_image(session: Session<'_>, engine: &Engine, options: &Options) -> Result<String> {
    let versions = Versions::load()?;
    let shop = Workshop::new(session, engine, &versions);
    let image = aws::PART.image(&versions)?.to_owned();
    // An image that is there can be used while another run has the cache.
    if matches!(aws::PART.held(shop)?, Held::Nothing | Held::Stale) {
        let _lock = session.cache.lock()?;
        let emulator = |each: &Image| each.recipe.name == aws::PART.name;
        let got = get(shop, options, recipes::images().filter(emulator), EMULATOR_MB);
        session.cache.drop_scratch_after(&got)?;
        got?;
    }
    Ok(image)
}

/// What makes the forge's pages usable for a person, where its image was built here: upstream's has
/// it.
pub fn forge_pages(session: Session<'_>, engine: &Engine) -> Result<Option<PathBuf>> {
    let versions = Versions::load()?;
    let shop = Workshop::new(session, engine, &versions);
    if forge::PART.held(shop)? != Held::Built {
        return Ok(None);
    }
    let look = Workshop {
        look_only: true,
        ..shop
    };
    if forge_pages::build(look).is_err() {
        doctor::ready(session, &[Group::Tools, Group::Python])?;
    }
    let pages = make(shop, "forge-pages", forge_pages::build);
    session.cache.drop_scratch_after(&pages)?;
    pages.map(Some)
}

/// Gets the image of each part, and gives the node image that carries Argo CD and kube-router.
pub(crate) fn images(shop: Workshop<'_>, options: &Options) -> Result<String> {
    let wanted = |each: &Image| options.want(each.image.extra);
    let built = get(shop, options, recipes::images().filter(wanted), BUILD_MB)?;
    let node = whole_node(shop, options)?;
    if built {
        inventory::drop_binaries_of_images(shop)?;
    }
    // Also in a run that had nothing to do: the clusters of an earlier one may have held the images
    // they ran on.
    forget_intermediates(shop, &node)?;
    Ok(node)
}

/// Gets `images`, and says whether one was built; that takes `build_mb` of the disk.
fn get(
    shop: Workshop<'_>,
    options: &Options,
    images: impl IntoIterator<Item = Image>,
    build_mb: u64,
) -> Result<bool> {
    let registries = Registries::default();
    let mut jobs = VecDeque::new();
    for image in images {
        match plan(shop, &image.image.part, options, &registries)? {
            Plan::Keep => make(shop, image.image.part.name, |_| Ok(()))?,
            todo => jobs.push_back((image, todo)),
        }
    }
    let to_build = jobs.iter().filter(|(_, todo)| *todo == Plan::Build);
    let needs = recipe::needs(to_build.map(|(image, _)| image.recipe));
    let builds = jobs.iter().any(|(_, todo)| *todo == Plan::Build);
    if builds {
        doctor::ready(shop.session(), &needs)
            .and_then(|()| shop.cache.require_mb(build_mb, "building the parts"))
            .map_err(|error| instead_of_pulling(error, &registries))?;
    } else if !jobs.is_empty() {
        shop.cache
            .require_mb(build_mb.min(PULL_MB), "pulling the parts")?;
    }
    run_all(shop, options, jobs).map_err(|error| instead_of_pulling(error, &registries))?;
    Ok(builds)
}

/// An error of what is built, with why it was not pulled.
fn instead_of_pulling(error: Error, registries: &Registries) -> Error {
    let of_another_kind =
        run::was_stopped(&error) || matches!(error.downcast_ref(), Some(SupplyError::NotPulled { .. }));
    let Some(why) = registries.refusals().filter(|_| !of_another_kind) else {
        return error;
    };
    error.context(format!(
        "images are built because registries did not give them ({why}); `--supply pull` insists on pulling"
    ))
}

fn run_all(shop: Workshop<'_>, options: &Options, jobs: VecDeque<(Image, Plan)>) -> Result<()> {
    let jobs = Mutex::new(jobs);
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let work = || -> Result<()> {
        while let Some((image, todo)) = next() {
            let part = &image.image.part;
            let done = make(shop, part.name, |shop| match todo {
                Plan::Pull => pull(shop, part, options),
                Plan::Build | Plan::Keep => part.build(shop),
            });
            if let Err(error) = done {
                // What the others would still compile is of no use now.
                run::stop();
                return Err(error.context(format!("get {}", part.name)));
            }
        }
        Ok(())
    };
    let outcomes: Vec<Result<()>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|_| Err(anyhow::anyhow!("a recipe panicked")))
            })
            .collect()
    });
    run::resume();
    let (stopped, failed): (Vec<_>, Vec<_>) = outcomes
        .into_iter()
        .filter_map(Result::err)
        .partition(run::was_stopped);
    failed.into_iter().chain(stopped).next().map_or(Ok(()), Err)
}
