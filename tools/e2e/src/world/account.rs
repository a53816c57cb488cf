//! What the manifests say of AWS, so that a fork with an account and a region of its own runs here
//! unchanged.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;
use taskkit::aws::partition::{PARAMETERS, Place};

use crate::environment::{API, Environment};

/// Where registry and region stand, the same in all environments.
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
    /// Reads the overlays of the repository at `repo`, and what the templates of AWS are told.
    pub(crate) fn read(repo: &Path) -> Result<Self> {
        let text = |path: &str| fs::read_to_string(repo.join(path)).with_context(|| format!("read {path}"));
        let read = |name: &str| {
            let path = format!("{}/{name}", overlay());
            serde_saphyr::from_str::<Value>(&text(&path)?).with_context(|| format!("understand {path}"))
        };
        let Place { account, .. } = Place::of_text(&text(PARAMETERS)?)?;
        Self::of(account, &read("kustomization.yaml")?, &read("environment.yaml")?)
    }

    fn of(id: String, kustomization: &Value, environment: &Value) -> Result<Self> {
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
            id,
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
        let account = Account::read(&crate::run::run_dir::repo_root().unwrap()).unwrap();
        assert!(
            account.id.len() == 12 && account.id.parse::<u64>().is_ok(),
            "{account:?}"
        );
        // A fork may have its images elsewhere.
        if account.registry.contains(".dkr.ecr.") {
            let registry = format!("{}.dkr.ecr.{}.", account.id, account.region);
            assert!(account.registry.starts_with(&registry), "{account:?}");
        }
    }

    #[test]
    fn a_registry_that_is_not_of_aws_says_nothing_of_the_account() {
        let id = "123456789012".to_owned();
        let kustomization = json!({ "images": [{ "newName": "registry.example.com/board/backend" }] });
        let env = json!([{ "name": "AWS_REGION", "value": "eu-west-1" }]);
        let pod = json!({ "spec": { "containers": [{ "env": env }] } });
        let environment = json!({ "spec": { "template": pod } });
        let account = Account::of(id.clone(), &kustomization, &environment).unwrap();
        assert_eq!(
            (account.id, account.registry),
            (id, "registry.example.com".to_owned())
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = |image: &str| {
            let kustomization = json!({ "images": [{ "newName": image }] });
            let account = Account::of(String::new(), &kustomization, &json!({}));
            account.unwrap_err().to_string()
        };
        assert!(error("backend").contains("no registry"));
        assert!(error("host/backend").contains("AWS_REGION"));
    }
}
