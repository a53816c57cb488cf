//! Somebody who changes manifests by hand: commits on `master` of the repository they are in, pushed.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::checkout::Checkout;
use crate::env::Env;
use crate::environment::Environment;
use crate::first_release::manifests;

/// Where the manifests are.
const INFRA: &str = "infra";

/// An operator of what is up.
pub(crate) struct Operator {
    manifests: Checkout,
}

impl Operator {
    pub(crate) fn of(env: &Env) -> Self {
        Self {
            manifests: manifests(&env.ground, &env.world),
        }
    }

    /// The newest commit of the manifests.
    pub(crate) async fn head(&self) -> Result<String> {
        self.manifests.catch_up().await
    }

    /// Write `new` for the one place that says `old` in a file under `infra/`, and push that. Gives the commit.
    pub(crate) async fn replace(&self, path: &str, old: &str, new: &str) -> Result<String> {
        let message = format!("Change {path}");
        self.commit(&message, path, |text| {
            let found = text.matches(old).count();
            ensure!(found == 1, "{path} says {old:?} {found} times, not once");
            Ok(text.replace(old, new))
        })
        .await
    }

    /// Add lines to the end of a file under `infra/`, which is made if it is not there, and push that.
    pub(crate) async fn append(&self, path: &str, lines: &str) -> Result<String> {
        let message = format!("Add to {path}");
        self.commit(&message, path, |text| Ok(format!("{text}{lines}")))
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

    async fn commit(
        &self,
        message: &str,
        path: &str,
        edit: impl FnOnce(String) -> Result<String>,
    ) -> Result<String> {
        self.manifests.catch_up().await?;
        self.manifests
            .commit_edit(message, |folder| {
                let file = folder.join(INFRA).join(path);
                let text = if file.exists() {
                    fs::read_to_string(&file).with_context(|| format!("read {path}"))?
                } else {
                    String::new()
                };
                fs::write(&file, edit(text)?).with_context(|| format!("write {path}"))
            })
            .await?;
        self.manifests.push(Environment::Staging.branch()).await
    }
}
