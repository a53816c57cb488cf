//! Gets all parts, two at a time: while one links or downloads, the other compiles.

use std::collections::VecDeque;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result};

use crate::acquire::{Plan, Registries, plan, pull};
use crate::alone::build_tools;
use crate::cache::Cache;
use crate::engine::Engine;
use crate::needs::Group;
use crate::node_image::{forget_intermediates, whole_node};
use crate::part::{Held, Part};
use crate::recipes::{PARTS, admission, argocd, aws};
use crate::versions::Versions;
use crate::workshop::{Progress, Workshop};
use crate::{Options, Parts, Tools, doctor, run, stock};

/// Compiler caches and module sources of all recipes at their largest, with the results.
const BUILD_MB: u64 = 20_000;
/// Images of all parts.
const PULL_MB: u64 = 6_000;
/// The AWS emulator's image, and what its recipe downloads.
const EMULATOR_MB: u64 = 3_000;
const WORKERS: usize = 2;

/// Gets everything a run of the end-to-end test needs. The caller holds the cache's lock.
pub fn supply(
    cache: &Cache,
    engine: &Engine,
    options: &Options,
    progress: &dyn Progress,
    logs: &Path,
) -> Result<Parts> {
    let versions = Versions::load()?;
    let shop = Workshop::new(cache, engine, &versions, progress, logs);
    let found = images(shop, options).and_then(|node_image| {
        let Tools {
            kind,
            kubectl,
            kustomize,
        } = build_tools(shop)?;
        Ok(Parts {
            kind,
            kubectl,
            kustomize,
            node_image,
            forge_image: versions.get("forge", "image")?.to_owned(),
            aws_image: versions.get("aws", "image")?.to_owned(),
            argocd_manifests: argocd::manifests(shop)?,
            cosign: options
                .admission
                .then(|| admission::build_cosign(shop))
                .transpose()?,
        })
    });
    drop_scratch(cache)?;
    found
}

/// Only the image of the AWS emulator, with which the backend is tested.
pub fn aws_image(
    cache: &Cache,
    engine: &Engine,
    options: &Options,
    progress: &dyn Progress,
    logs: &Path,
) -> Result<String> {
    let versions = Versions::load()?;
    let shop = Workshop::new(cache, engine, &versions, progress, logs);
    let image = aws::PART.image(&versions)?.to_owned();
    // An image that is there can be used while another run has the cache.
    if matches!(aws::PART.held(shop)?, Held::Nothing | Held::Stale) {
        let _lock = cache.lock()?;
        let got = get(shop, options, &[aws::PART], EMULATOR_MB);
        drop_scratch(cache)?;
        got?;
    }
    Ok(image)
}

/// Gets the image of each part, and gives the node image that carries Argo CD and kube-router.
pub(crate) fn images(shop: Workshop<'_>, options: &Options) -> Result<String> {
    let wanted = |part: &&Part| options.admission || part.name != admission::PART.name;
    let parts: Vec<Part> = PARTS.iter().filter(wanted).copied().collect();
    let built = get(shop, options, &parts, BUILD_MB)?;
    let node = whole_node(shop, options)?;
    if built {
        stock::drop_binaries_of_images(shop)?;
    }
    // Also in a run that had nothing to do: the clusters of an earlier one may have held the images they ran on.
    forget_intermediates(shop, &node)?;
    Ok(node)
}

/// Gets the images of `parts`, and says whether one was built; that takes `build_mb` of the disk.
fn get(shop: Workshop<'_>, options: &Options, parts: &[Part], build_mb: u64) -> Result<bool> {
    let registries = Registries::default();
    let mut jobs = VecDeque::new();
    for part in parts {
        match plan(shop, part, options, &registries)? {
            Plan::Keep => {}
            todo => jobs.push_back((part, todo)),
        }
    }
    let builds = jobs.iter().any(|(_, todo)| *todo == Plan::Build);
    if builds {
        let groups = [Group::Python, Group::Recipes];
        doctor::ready(&groups, options.install, shop.progress, shop.logs)?;
        shop.cache.require_mb(build_mb, "building the parts")?;
    } else if !jobs.is_empty() {
        shop.cache
            .require_mb(build_mb.min(PULL_MB), "pulling the parts")?;
    }
    run_all(shop, options, jobs)?;
    Ok(builds)
}

fn run_all(shop: Workshop<'_>, options: &Options, jobs: VecDeque<(&Part, Plan)>) -> Result<()> {
    let jobs = Mutex::new(jobs);
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let work = || -> Result<()> {
        while let Some((part, todo)) = next() {
            let done = match todo {
                Plan::Pull => pull(shop, part, options),
                Plan::Build | Plan::Keep => part.build(shop),
            };
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

/// Compilers' caches grow to many GB and are of no use once their results are kept. They are a million small files: removing
/// them takes a minute, in which a process of its own leaves everyone else alone.
pub(crate) fn drop_scratch(cache: &Cache) -> Result<()> {
    let scratch = cache.build();
    if scratch.exists() {
        let dropped = cache.dropped();
        fs::rename(&scratch, &dropped).with_context(|| format!("drop {}", scratch.display()))?;
    }
    let dropped = cache.all_dropped()?;
    if !dropped.is_empty() {
        Command::new("nice")
            .args(["-n", "19", "rm", "-rf"])
            .args(dropped)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("start removing the compilers' caches")?;
    }
    Ok(())
}
