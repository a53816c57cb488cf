//! Single tools, for those who need no engine of containers and no other part.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::Tools;
use crate::cache::Cache;
use crate::error::SupplyError;
use crate::orchestrate::drop_scratch;
use crate::recipes::checks::{self, Kubeconform};
use crate::recipes::pipelines::{self, GitLabRunner, Linters};
use crate::recipes::{cloud, tools};
use crate::versions::Versions;
use crate::workshop::{Progress, Workshop};

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

/// Only what the templates of AWS are checked and deployed with: a folder for `PYTHONPATH`, with the programs in its `bin`.
pub fn cloud(cache: &Cache, install: bool, progress: &dyn Progress, logs: &Path) -> Result<PathBuf> {
    alone_if(install, cache, progress, logs, cloud::build_cloud)
}

pub(crate) fn build_tools(shop: Workshop<'_>) -> Result<Tools> {
    Ok(Tools {
        kind: tools::build_kind(shop)?,
        kubectl: tools::build_kubectl(shop)?,
        kustomize: tools::build_kustomize(shop)?,
    })
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
