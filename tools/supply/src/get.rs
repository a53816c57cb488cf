//! Gets programs and files that need no container engine, each alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::cache::Cache;
use crate::doctor;
use crate::error::SupplyError;
use crate::options::Tools;
use crate::recipe::{FilesRecipe, Output, Recipe, needs};
use crate::recipes::pipelines::{self, GitLabRunner, Linters};
use crate::recipes::{cloud, kubectl, tools};
use crate::versions::Versions;
use crate::work::make;
use crate::workshop::{Progress, Workshop};

/// The files of several recipes, by the recipe's name: where each lies, as JSON. What the machine
/// must bring for all of them is looked at first. Without `install` what is not there is an error.
pub fn files(
    recipes: &[&Recipe],
    cache: &Cache,
    install: bool,
    progress: &dyn Progress,
    logs: &Path,
) -> Result<BTreeMap<String, Value>> {
    doctor::ready(&needs(recipes.iter().copied()), install, progress, logs)?;
    let one = |recipe: &Recipe| {
        let Output::Files(FilesRecipe { make, always, .. }) = recipe.output else {
            bail!("{} is an image; `cargo xtask supply build` makes it", recipe.name);
        };
        let found = get_if(install || always, cache, progress, logs, make);
        let found = found.with_context(|| format!("get {}", recipe.makes))?;
        Ok((recipe.name.to_owned(), found))
    };
    recipes.iter().map(|recipe| one(recipe)).collect()
}

/// act, which runs GitHub's workflows on this machine. Without `install` one that is not there is
/// an error, here and below.
pub fn act(cache: &Cache, install: bool, progress: &dyn Progress, logs: &Path) -> Result<PathBuf> {
    get_if(install, cache, progress, logs, pipelines::build_act)
}

/// What runs GitLab's pipelines on this machine.
pub fn gitlab_runner(
    cache: &Cache,
    install: bool,
    progress: &dyn Progress,
    logs: &Path,
) -> Result<GitLabRunner> {
    get_if(install, cache, progress, logs, pipelines::build_gitlab_runner)
}

/// What checks CI files.
pub fn linters(cache: &Cache, install: bool, progress: &dyn Progress, logs: &Path) -> Result<Linters> {
    get_if(install, cache, progress, logs, pipelines::build_linters)
}

/// What the templates of AWS are checked and deployed with: a folder for `PYTHONPATH`, with the
/// programs in its `bin`.
pub fn cloud(cache: &Cache, install: bool, progress: &dyn Progress, logs: &Path) -> Result<PathBuf> {
    get_if(install, cache, progress, logs, cloud::build_cloud)
}

/// The programs of the host that clusters need.
pub(crate) fn build_tools(shop: Workshop<'_>) -> Result<Tools> {
    Ok(Tools {
        kind: make(shop, "kind", tools::build_kind)?,
        kubectl: make(shop, "kubectl", kubectl::build)?,
        kustomize: make(shop, "kustomize", tools::build_kustomize)?,
    })
}

/// Work that needs no engine. A run beside this one is in the way only if something must be built.
fn get<T>(
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
        notes: None,
    });
    cache.drop_scratch_after(&built)?;
    built
}

fn get_if<T>(
    install: bool,
    cache: &Cache,
    progress: &dyn Progress,
    logs: &Path,
    work: impl Fn(Workshop<'_>) -> Result<T>,
) -> Result<T> {
    if install {
        get(cache, progress, logs, work)
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
        notes: None,
    })
}

/// The caller may hold the lock itself.
fn is_ours(error: &anyhow::Error) -> bool {
    let own = std::process::id().to_string();
    matches!(error.downcast_ref(), Some(SupplyError::Locked { holder, .. }) if *holder == own)
}
