//! Somebody who changes manifests by hand: commits on `master` of the repository they are in, pushed.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::checkout::{Checkout, replaced_once};
use crate::env::Env;
use crate::environment::Environment;

/// Where the manifests are.
const INFRA: &str = "infra";
/// The first lines of an overlay's list.
const RESOURCES: &str = "resources:\n  - ../../base\n";

/// An operator of what is up.
pub(crate) struct Operator {
    manifests: Checkout,
}

impl Operator {
    pub(crate) fn of(env: &Env) -> Self {
        Self {
            manifests: env.manifests(),
        }
    }

    /// The newest commit of the manifests.
    pub(crate) async fn head(&self) -> Result<String> {
        self.manifests.catch_up().await
    }

    /// Write `new` for the one place that says `old` in a file under `infra/`, and push that. Gives the commit.
    pub(crate) async fn replace(&self, path: &str, old: &str, new: &str) -> Result<String> {
        self.edit(path, |text| replaced_once(path, &text, old, new)).await
    }

    /// Add lines to the end of a file under `infra/`, which is made if it is not there, and push that.
    pub(crate) async fn append(&self, path: &str, lines: &str) -> Result<String> {
        self.edit(path, |text| Ok(format!("{text}{lines}"))).await
    }

    /// Do whatever `edit` does to the text of a file under `infra/`, empty if it is not there, and push that.
    pub(crate) async fn edit(
        &self,
        path: &str,
        edit: impl FnOnce(String) -> Result<String>,
    ) -> Result<String> {
        let message = format!("Change {path}");
        self.commit(&message, |infra| {
            let file = infra.join(path);
            let text = if file.exists() {
                read(&file)?
            } else {
                String::new()
            };
            write(&file, &edit(text)?)
        })
        .await
    }

    /// Change a file under `infra/` in two commits and push the second one so long after the first. Gives both.
    pub(crate) async fn twice(
        &self,
        path: &str,
        [first, second]: [impl FnOnce(String) -> Result<String>; 2],
        apart: Duration,
    ) -> Result<[String; 2]> {
        self.manifests.catch_up().await?;
        let file = self.manifests.folder().join(INFRA).join(path);
        let message = format!("Change {path}");
        // Both are made first: nothing but the pushes lies between the merges.
        let first = self
            .manifests
            .commit_edit(&message, |_| write(&file, &first(read(&file)?)?))
            .await?;
        let second = self
            .manifests
            .commit_edit(&message, |_| write(&file, &second(read(&file)?)?))
            .await?;
        let branch = Environment::Staging.branch();
        self.manifests.push_commit(&first, branch).await?;
        tokio::time::sleep(apart).await;
        self.manifests.push_commit(&second, branch).await?;
        Ok([first, second])
    }

    /// Write `new` for the one place that says `old` in each of these files under `infra/`, and push that as one commit.
    pub(crate) async fn replace_each(&self, paths: &[&str], old: &str, new: &str) -> Result<String> {
        self.edit_each(paths, |path, text| replaced_once(path, &text, old, new))
            .await
    }

    /// Add lines to the end of each of these files under `infra/`, and push that as one commit.
    pub(crate) async fn append_each(&self, paths: &[&str], lines: &str) -> Result<String> {
        self.edit_each(paths, |_, text| Ok(text + lines)).await
    }

    async fn edit_each(
        &self,
        paths: &[&str],
        edit: impl Fn(&str, String) -> Result<String>,
    ) -> Result<String> {
        let message = format!("Change {}", paths.join(" and "));
        self.commit(&message, |infra| {
            paths.iter().try_for_each(|path| {
                let file = infra.join(path);
                write(&file, &edit(path, read(&file)?)?)
            })
        })
        .await
    }

    /// Add manifests, each a file by its name, to what an overlay under `infra/` brings, and push that.
    pub(crate) async fn add_manifests(&self, overlay: &str, manifests: &[(&str, &str)]) -> Result<String> {
        let message = format!("Add to {overlay}");
        self.commit(&message, |infra| {
            let folder = infra.join(overlay);
            let mut listed = RESOURCES.to_owned();
            for (name, manifest) in manifests {
                listed.push_str("  - ");
                listed.push_str(name);
                listed.push('\n');
                write(&folder.join(name), manifest)?;
            }
            let file = folder.join("kustomization.yaml");
            write(&file, &replaced_once(overlay, &read(&file)?, RESOURCES, &listed)?)
        })
        .await
    }

    /// Take back what a commit did, and push that.
    pub(crate) async fn revert(&self, commit: &str) -> Result<String> {
        self.manifests.catch_up().await?;
        self.manifests.commit_revert(commit).await?;
        self.manifests.push(Environment::Staging.branch()).await
    }

    /// Make all manifests what they were in an earlier commit, if they are not.
    pub(crate) async fn restore(&self, commit: &str) -> Result<()> {
        self.manifests.catch_up().await?;
        if self.manifests.commit_restored(INFRA, commit).await?.is_some() {
            self.manifests.push(Environment::Staging.branch()).await?;
        }
        Ok(())
    }

    async fn commit(&self, message: &str, edit: impl FnOnce(&Path) -> Result<()>) -> Result<String> {
        self.manifests.catch_up().await?;
        self.manifests
            .commit_edit(message, |folder| edit(&folder.join(INFRA)))
            .await?;
        self.manifests.push(Environment::Staging.branch()).await
    }
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("read {}", file.display()))
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("write {}", file.display()))
}
