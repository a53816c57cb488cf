//! What tasks and tests get from the crate `supply`: programs and images, and the variables that lead tests to them.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Error, Result};
use supply::cache::Cache;
use supply::engine::{Engine, Service};
use supply::needs::Group;
use supply::{Options, Progress, doctor};
use xshell::Shell;

/// One plain line for each thing that is done.
pub(crate) struct Lines;

impl Progress for Lines {
    fn doing(&self, what: &str) {
        eprintln!("  {what}");
    }
}

/// Where logs of the supply go when no run of the e2e asks for them.
pub(crate) fn logs(sh: &Shell) -> PathBuf {
    sh.current_dir().join("target/supply/logs")
}

/// The cache, once this machine has what `groups` need.
fn cache(groups: &[Group], install: bool, logs: &Path) -> Result<Cache> {
    doctor::ready(groups, install, &Lines, logs)?;
    Cache::locate()
}

/// Where kustomize lies, which renders the manifests that are tested.
pub(crate) fn kustomize(sh: &Shell, install: bool) -> Result<PathBuf> {
    if let Some(given) = env::var_os("KUSTOMIZE") {
        return Ok(given.into());
    }
    let logs = logs(sh);
    let cache = cache(&[Group::Tools], install, &logs)?;
    // A run of the e2e may hold the cache for minutes; a kustomize that is there can be used all the same.
    let _lock = cache.lock().ok();
    supply::kustomize(&cache, &Lines, &logs).context("get kustomize, which renders the manifests")
}

/// The folder of schemathesis, with which the API is fuzzed.
pub(crate) fn schemathesis(sh: &Shell, install: bool) -> Result<PathBuf> {
    let logs = logs(sh);
    supply::schemathesis(&cache(&[Group::Python], install, &logs)?, install, &Lines, &logs)
        .context("get schemathesis, which fuzzes the API")
}

/// The folder of wapiti, with which the servers are scanned.
fn wapiti(sh: &Shell, install: bool) -> Result<PathBuf> {
    let logs = logs(sh);
    supply::wapiti(&cache(&[Group::Python], install, &logs)?, install, &Lines, &logs)
        .context("get wapiti, which scans the servers")
}

type Variables = Vec<(&'static str, OsString)>;

/// Variables that lead the tests to wapiti; where it cannot be had, why, if `excuse` takes that for a reason.
pub(crate) fn scanner(
    sh: &Shell,
    install: bool,
    excuse: impl Fn(Error) -> Result<String>,
) -> Result<Variables> {
    Ok(match wapiti(sh, install) {
        Ok(folder) => vec![
            ("WAPITI", folder.join("bin/wapiti").into()),
            ("WAPITI_MODULES", folder.into()),
        ],
        Err(reason) => vec![("WAPITI_MISSING", excuse(reason)?.into())],
    })
}

/// The folder of cfn-lint, AWS' command line and its emulators.
pub(crate) fn cloud(sh: &Shell, install: bool) -> Result<PathBuf> {
    let logs = logs(sh);
    supply::cloud(&cache(&[Group::Python], install, &logs)?, install, &Lines, &logs)
        .context("get the emulators of AWS")
}

/// Variables that lead the tests to kubeconform, its schemas and gitleaks; in place of one that cannot be had, why, if `excuse` takes
/// that for a reason.
pub(crate) fn checks(
    sh: &Shell,
    install: bool,
    excuse: impl Fn(Error) -> Result<String>,
) -> Result<Variables> {
    let logs = logs(sh);
    let kubeconform = cache(&[Group::Tools, Group::Python], install, &logs)
        .and_then(|cache| supply::kubeconform(&cache, install, &Lines, &logs));
    let mut variables = match kubeconform {
        Ok(found) => vec![
            ("KUBECONFORM", found.program.into_os_string()),
            ("KUBECONFORM_SCHEMAS", found.schemas.into_os_string()),
            ("ARGOCD_MANIFESTS", found.argocd.into_os_string()),
        ],
        Err(reason) => vec![("KUBECONFORM_MISSING", excuse(reason)?.into())],
    };
    variables.push(match gitleaks(sh, install) {
        Ok(program) => ("GITLEAKS", program.into_os_string()),
        Err(reason) => ("GITLEAKS_MISSING", excuse(reason)?.into()),
    });
    Ok(variables)
}

/// The path of gitleaks, which looks for secrets.
pub(crate) fn gitleaks(sh: &Shell, install: bool) -> Result<PathBuf> {
    if let Some(given) = env::var_os("GITLEAKS") {
        return Ok(given.into());
    }
    let logs = logs(sh);
    supply::gitleaks(&cache(&[Group::Tools], install, &logs)?, install, &Lines, &logs)
        .context("get gitleaks, which looks for secrets")
}

/// Gets the runners and linters of CI files; the tests find them in the cache.
pub(crate) fn pipelines(sh: &Shell, install: bool) -> Result<()> {
    let logs = logs(sh);
    let cache = cache(&[Group::Tools, Group::Python, Group::Pipelines], install, &logs)?;
    supply::act(&cache, install, &Lines, &logs).context("get act, which runs GitHub's workflows")?;
    supply::gitlab_runner(&cache, install, &Lines, &logs)
        .context("get gitlab-ci-local, which runs GitLab's pipelines")?;
    supply::linters(&cache, install, &Lines, &logs).context("get the linters of CI files")?;
    // The files call AWS's program.
    cloud(sh, install).map(|_| ())
}

/// The databases that run in containers: their image, and the engine that starts it, which answers as long as this lives.
pub(crate) struct Emulators {
    image: String,
    engine: Service,
}

impl Emulators {
    /// Variables by which the crate `testkit` finds both.
    pub(crate) fn variables(&self) -> [(&'static str, OsString); 2] {
        let socket = format!("unix://{}", self.engine.socket().display());
        [
            ("DOCKER_HOST", socket.into()),
            ("TESTKIT_AWS_IMAGE", self.image.clone().into()),
        ]
    }
}

/// Gets the image where it is not there yet, and makes the engine answer to this process alone.
pub(crate) fn emulators(sh: &Shell, install: bool) -> Result<Emulators> {
    let logs = logs(sh);
    let cache = Cache::locate()?;
    // The doctor asks for all that clusters need; an engine that works is enough here.
    let engine = Engine::probe(&cache, &logs).or_else(|_| {
        doctor::ready(&[Group::Containers], install, &Lines, &logs)?;
        Engine::probe(&cache, &logs)
    })?;
    let options = Options {
        install,
        ..Options::default()
    };
    Ok(Emulators {
        image: supply::aws_image(&cache, &engine, &options, &Lines, &logs)?,
        engine: engine.serve_apart(&logs)?,
    })
}
