//! Somebody who changes manifests by hand: commits on `master` of the repository they are in,
//! pushed.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::environment::Environment;
use crate::git::checkout::{Checkout, replaced_once};
use crate::git::kustomization_edits::with_item;
use crate::run::Testbed;

/// Where the manifests are.
const INFRA: &str = "infra";

/// An operator of what is up.
pub(crate) struct Operator {
    manifests: Checkout,
}

impl Operator {
    pub(crate) fn of(testbed: &Testbed) -> Self {
        Self {
            manifests: testbed.manifests(),
        }
    }

    /// The newest commit of the manifests.
    pub(crate) async fn head(&self) -> Result<String> {
        self.manifests.catch_up().await
    }

    /// Write `new` for the one place that says `old` in a file under `infra/`, and push that. Gives
    /// the commit.
    pub(crate) async fn replace(&self, path: &str, old: &str, new: &str) -> Result<String> {
        self.edit(path, |text| replaced_once(path, &text, old, new)).await
    }

    /// Add these to the `patches` of a kustomization under `infra/`, and push that.
    pub(crate) async fn patch(&self, path: &str, patches: &[Value]) -> Result<String> {
        self.patch_each(&[path], patches).await
    }

    /// Add these to the `patches` of each of these kustomizations under `infra/`, and push that as
    /// one commit.
    pub(crate) async fn patch_each(&self, paths: &[impl AsRef<str>], patches: &[Value]) -> Result<String> {
        let add = |text: String, patch: &Value| with_item(&text, "patches", patch);
        self.edit_each(paths, |_, text| patches.iter().try_fold(text, add))
            .await
    }

    /// Do whatever `edit` does to the text of a file under `infra/`, and push that.
    pub(crate) async fn edit(
        &self,
        path: &str,
        edit: impl FnOnce(String) -> Result<String>,
    ) -> Result<String> {
        let message = format!("Change {path}");
        self.commit(&message, |infra| {
            let file = infra.join(path);
            write(&file, &changed(path, read(&file)?, edit)?)
        })
        .await
    }

    /// Change a file under `infra/` in two commits and push the second one so long after the first.
    /// Gives both.
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
        let branch = Environment::first().branch();
        self.manifests.push_commit(&first, branch).await?;
        tokio::time::sleep(apart).await;
        self.manifests.push_commit(&second, branch).await?;
        Ok([first, second])
    }

    /// Do whatever `edit` does to the text of each of these files under `infra/`, given their
    /// paths, and push that as one commit.
    pub(crate) async fn edit_each(
        &self,
        paths: &[impl AsRef<str>],
        edit: impl Fn(&str, String) -> Result<String>,
    ) -> Result<String> {
        let paths: Vec<_> = paths.iter().map(AsRef::as_ref).collect();
        let message = format!("Change {}", paths.join(" and "));
        self.commit(&message, |infra| {
            paths.iter().try_for_each(|path| {
                let file = infra.join(path);
                write(&file, &changed(path, read(&file)?, |text| edit(path, text))?)
            })
        })
        .await
    }

    /// Add manifests, each a file by its name, to what an overlay under `infra/` brings, and push
    /// that.
    pub(crate) async fn add_manifests(&self, overlay: &str, manifests: &[(&str, &str)]) -> Result<String> {
        let message = format!("Add to {overlay}");
        self.commit(&message, |infra| {
            let folder = infra.join(overlay);
            let file = folder.join("kustomization.yaml");
            let mut text = read(&file)?;
            for (name, manifest) in manifests {
                text = changed(overlay, text, |text| with_item(&text, "resources", &json!(name)))?;
                write(&folder.join(name), manifest)?;
            }
            write(&file, &text)
        })
        .await
    }

    /// Take back what a commit did, and push that.
    pub(crate) async fn revert(&self, commit: &str) -> Result<String> {
        self.manifests.catch_up().await?;
        self.manifests.commit_revert(commit).await?;
        self.manifests.push(Environment::first().branch()).await
    }

    /// Make all manifests what they were in an earlier commit, if they are not.
    pub(crate) async fn restore(&self, commit: &str) -> Result<()> {
        self.manifests.catch_up().await?;
        if self.manifests.commit_restored(INFRA, commit).await?.is_some() {
            self.manifests.push(Environment::first().branch()).await?;
        }
        Ok(())
    }

    async fn commit(&self, message: &str, edit: impl FnOnce(&Path) -> Result<()>) -> Result<String> {
        self.manifests.catch_up().await?;
        self.manifests
            .commit_edit(message, |folder| edit(&folder.join(INFRA)))
            .await?;
        self.manifests.push(Environment::first().branch()).await
    }
}

fn changed(path: &str, text: String, edit: impl FnOnce(String) -> Result<String>) -> Result<String> {
    edit(text).with_context(|| format!("change {path}"))
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("read {}", file.display()))
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("write {}", file.display()))
}
