//! Gets all parts, two at a time: while one links or downloads, the other compiles.

use std::collections::VecDeque;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result};
use xshell::Shell;

use crate::acquire::{Plan, Registries, plan, pull};
use crate::cache::Cache;
use crate::engine::{Engine, Kind};
use crate::error::SupplyError;
use crate::key::Key;
use crate::needs::Group;
use crate::part::{Held, Part, STAGE};
use crate::preload::preload;
use crate::recipes::checks::{self, Kubeconform};
use crate::recipes::pipelines::{self, GitLabRunner, Linters};
use crate::recipes::{PARTS, admission, argocd, aws, cloud, tools};
use crate::versions::Versions;
use crate::workshop::{Progress, Workshop, minutes};
use crate::{Options, Parts, Tools, doctor, run, stock};

/// Compiler caches and module sources of all recipes at their largest, with the results.
const BUILD_MB: u64 = 20_000;
/// Images of all parts.
const PULL_MB: u64 = 6_000;
/// The AWS emulator's image, and what its recipe downloads.
const EMULATOR_MB: u64 = 3_000;
const WORKERS: usize = 2;

/// The repository of node images that carry what each cluster runs.
const NODE: &str = "localhost/gitops-loop/node";

/// The node itself, and what is put into it.
const NODE_PARTS: [&str; 4] = ["node", "argocd", "redis", "kube-router"];

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

/// Only the programs of the host, for those who need no container.
pub fn tools(cache: &Cache, progress: &dyn Progress, logs: &Path) -> Result<Tools> {
    alone(cache, progress, logs, build_tools)
}

/// Only kustomize, with which the manifests are tested.
pub fn kustomize(cache: &Cache, progress: &dyn Progress, logs: &Path) -> Result<PathBuf> {
    alone(cache, progress, logs, tools::build_kustomize)
}

/// Only act, which runs GitHub's workflows on this machine. Without `install` one that is not there is an error, here and below.
pub fn act(cache: &Cache, install: bool, progress: &dyn Progress, logs: &Path) -> Result<PathBuf> {
    alone_if(install, cache, progress, logs, pipelines::build_act)
}

/// Only what runs GitLab's pipelines on this machine.
pub fn gitlab_runner(
    cache: &Cache,
    install: bool,
    progress: &dyn Progress,
    logs: &Path,
) -> Result<GitLabRunner> {
    alone_if(install, cache, progress, logs, pipelines::build_gitlab_runner)
}

/// Only what checks CI files.
pub fn linters(cache: &Cache, install: bool, progress: &dyn Progress, logs: &Path) -> Result<Linters> {
    alone_if(install, cache, progress, logs, pipelines::build_linters)
}

/// Only kubeconform and the schemas it holds manifests against.
pub fn kubeconform(
    cache: &Cache,
    install: bool,
    progress: &dyn Progress,
    logs: &Path,
) -> Result<Kubeconform> {
    alone_if(install, cache, progress, logs, checks::build_kubeconform)
}

/// Only gitleaks, which looks for secrets.
pub fn gitleaks(cache: &Cache, install: bool, progress: &dyn Progress, logs: &Path) -> Result<PathBuf> {
    alone_if(install, cache, progress, logs, checks::build_gitleaks)
}

/// Only the folder of schemathesis, with which the API is fuzzed: the program in its `bin`, which wants the folder as
/// `PYTHONPATH`.
pub fn schemathesis(cache: &Cache, install: bool, progress: &dyn Progress, logs: &Path) -> Result<PathBuf> {
    alone_if(install, cache, progress, logs, tools::install_schemathesis)
}

/// Only the folder of wapiti, with which the servers are scanned: the program in its `bin`, which wants the folder as
/// `PYTHONPATH`.
pub fn wapiti(cache: &Cache, install: bool, progress: &dyn Progress, logs: &Path) -> Result<PathBuf> {
    alone_if(install, cache, progress, logs, tools::install_wapiti)
}

/// Only what the templates of AWS are checked and deployed with: a folder for `PYTHONPATH`, with the programs in its `bin`. Without
/// `install` one that is not there is an error.
pub fn cloud(cache: &Cache, install: bool, progress: &dyn Progress, logs: &Path) -> Result<PathBuf> {
    let work = cloud::build_cloud;
    if install {
        alone(cache, progress, logs, work)
    } else {
        at_hand(cache, progress, logs, work)
    }
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

/// Work that needs no engine. A run beside this one is in the way only if something must be built.
fn alone<T>(
    cache: &Cache,
    progress: &dyn Progress,
    logs: &Path,
    work: impl Fn(Workshop<'_>) -> Result<T>,
) -> Result<T> {
    if let Ok(found) = at_hand(cache, progress, logs, &work) {
        return Ok(found);
    }
    let versions = Versions::load()?;
    let _lock = match cache.lock() {
        Err(error) if !is_ours(&error) => return Err(error),
        lock => lock.ok(),
    };
    let built = work(Workshop {
        cache,
        engine: None,
        versions: &versions,
        progress,
        logs,
        look_only: false,
    });
    drop_scratch(cache)?;
    built
}

fn alone_if<T>(
    install: bool,
    cache: &Cache,
    progress: &dyn Progress,
    logs: &Path,
    work: impl Fn(Workshop<'_>) -> Result<T>,
) -> Result<T> {
    if install {
        alone(cache, progress, logs, work)
    } else {
        at_hand(cache, progress, logs, work)
    }
}

/// What an earlier run left, or an error that says what is not there.
fn at_hand<T>(
    cache: &Cache,
    progress: &dyn Progress,
    logs: &Path,
    work: impl Fn(Workshop<'_>) -> Result<T>,
) -> Result<T> {
    work(Workshop {
        cache,
        engine: None,
        versions: &Versions::load()?,
        progress,
        logs,
        look_only: true,
    })
}

/// The caller may hold the lock itself.
fn is_ours(error: &anyhow::Error) -> bool {
    let own = std::process::id().to_string();
    matches!(error.downcast_ref(), Some(SupplyError::Locked { holder, .. }) if *holder == own)
}

pub(crate) fn build_tools(shop: Workshop<'_>) -> Result<Tools> {
    Ok(Tools {
        kind: tools::build_kind(shop)?,
        kubectl: tools::build_kubectl(shop)?,
        kustomize: tools::build_kustomize(shop)?,
    })
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

/// The node image with what each cluster runs in it, whether they were pulled or built.
fn whole_node(shop: Workshop<'_>, options: &Options) -> Result<String> {
    let target = node_name(shop, options)?;
    if id(shop, &target).is_err() {
        run::check_cancelled()?;
        let images = node_parts(options).map(|part| shop.versions.get(part, "image"));
        let images = images.collect::<Result<Vec<_>>>()?;
        let (node, inside) = images.split_first().context("a node is made of an image")?;
        preload(shop, node, inside, &target, &format!("{STAGE}=whole-node"))?;
    }
    Ok(target)
}

fn node_parts(options: &Options) -> impl Iterator<Item = &'static str> {
    let admission = options.admission.then_some(admission::PART.name);
    NODE_PARTS.into_iter().chain(admission)
}

/// Named by the contents of what goes into it.
pub(crate) fn node_name(shop: Workshop<'_>, options: &Options) -> Result<String> {
    let mut inputs = vec![include_str!("preload.rs").to_owned()];
    for part in node_parts(options) {
        inputs.push(id(shop, shop.versions.get(part, "image")?)?);
    }
    Ok(format!("{NODE}:{}", Key::of(inputs.iter().map(String::as_bytes))))
}

/// The id of an image that the engine holds.
pub(crate) fn id(shop: Workshop<'_>, image: &str) -> Result<String> {
    let sh = Shell::new().context("open a shell")?;
    let inspect = shop
        .engine()?
        .command(&sh, ["image", "inspect", "--format", "{{.Id}}", image]);
    shop.read("engine", minutes(1), inspect)
        .with_context(|| format!("inspect {image}"))
}

/// Removes node images of older parts, and untagged images that recipes left, but no image of the user's.
pub(crate) fn forget_intermediates(shop: Workshop<'_>, kept: &str) -> Result<()> {
    let sh = Shell::new().context("open a shell")?;
    let engine = shop.engine()?;
    let filter = format!("reference={NODE}");
    let list = engine.command(
        &sh,
        [
            "image",
            "ls",
            "--format",
            "{{.Repository}}:{{.Tag}}",
            "--filter",
            &filter,
        ],
    );
    let list = shop.read("prune", minutes(1), list)?;
    for image in list.lines().filter(|image| *image != kept) {
        // A node that still runs keeps its image.
        let _ = shop.run("prune", minutes(1), engine.command(&sh, ["image", "rm", image]));
    }
    let prune = engine.command(&sh, ["image", "prune", "--force"]);
    let prune = match engine.kind() {
        Kind::Podman => prune,
        Kind::Docker => prune.args(["--filter", &format!("label={STAGE}")]),
    };
    shop.run("prune", minutes(3), prune)
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
