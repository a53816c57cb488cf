//! What the manifests say of AWS, so that a fork with an account and a region of its own runs here
//! unchanged.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::environment::{API, Environment};

/// Where both stand, the same in all environments.
fn overlay() -> String {
    format!("infra/{API}/overlays/{}", Environment::first())
}

/// The account that the manifests are written for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// Host of the registry that the overlays name. Its images are in the forge.
    pub(crate) registry: String,
    /// Its number.
    pub(crate) id: String,
    /// Where the servers look for their table, as `eu-central-1`.
    pub(crate) region: String,
}

impl Account {
    /// Reads the overlays of the repository at `repo`.
    pub(crate) fn read(repo: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = repo.join(overlay()).join(name);
            let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
            serde_saphyr::from_str::<Value>(&text).with_context(|| format!("understand {}", path.display()))
        };
        Self::of(&read("kustomization.yaml")?, &read("environment.yaml")?)
    }

    fn of(kustomization: &Value, environment: &Value) -> Result<Self> {
        let image = kustomization.pointer("/images/0/newName").and_then(Value::as_str);
        let variables = environment.pointer("/spec/template/spec/containers/0/env");
        let region = variables
            .and_then(Value::as_array)
            .and_then(|variables| variables.iter().find(|variable| variable["name"] == "AWS_REGION"))
            .and_then(|variable| variable["value"].as_str());
        let registry = image
            .and_then(|image| image.split_once('/'))
            .with_context(|| format!("{} names no registry", overlay()))?
            .0;
        Ok(Self {
            id: registry.split('.').next().unwrap_or_default().to_owned(),
            registry: registry.to_owned(),
            region: region
                .with_context(|| format!("{} sets no AWS_REGION", overlay()))?
                .to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_repository_says_which() {
        let account = Account::read(&crate::run_dir::repo_root().unwrap()).unwrap();
        assert!(account.registry.contains(&account.region), "{account:?}");
        assert!(
            account.id.len() == 12 && account.id.parse::<u64>().is_ok(),
            "{account:?}"
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = Account::of(&json!({ "images": [{ "newName": "backend" }] }), &json!({})).unwrap_err();
        assert!(error.to_string().contains("no registry"), "{error}");
        let error =
            Account::of(&json!({ "images": [{ "newName": "host/backend" }] }), &json!({})).unwrap_err();
        assert!(error.to_string().contains("AWS_REGION"), "{error}");
    }
}
