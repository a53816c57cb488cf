//! Whom the interface of Argo CD shows anything: nobody, as in an account of AWS; or, where a
//! person is to look around, whoever reaches its port on this machine.

use std::fs;

use anyhow::{Context as _, Result};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::NAMESPACE;
use crate::{cluster::Cluster, run::Harness};

/// What lets readers in: the differences from its configuration.
const ADMITTED: &str = "infra/local/readers.yaml";

/// Lets everybody look who reaches the interface, and nobody change anything.
pub(crate) async fn admit(harness: &Harness, cluster: &Cluster) -> Result<()> {
    let path = harness.run.repo.join(ADMITTED);
    let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    for (name, data) in settings(&text)? {
        change(cluster, &name, &data).await?;
    }
    Ok(())
}

/// Lets nobody in any more. Argo CD reads both settings at each request.
pub(crate) async fn turn_away(cluster: &Cluster) -> Result<()> {
    change(
        cluster,
        "argocd-cm",
        &json!({ "users.anonymous.enabled": "false" }),
    )
    .await?;
    change(cluster, "argocd-rbac-cm", &json!({ "policy.default": null })).await
}

/// The name of each `ConfigMap` in a text of manifests, and what of it is set.
fn settings(text: &str) -> Result<Vec<(String, Value)>> {
    let documents = text.split("\n---\n");
    let read = documents.map(|document| {
        let object: Value = serde_saphyr::from_str(document).context("understand the YAML")?;
        let name = object.pointer("/metadata/name").and_then(Value::as_str);
        let name = name.context("an object has no name")?.to_owned();
        Ok((name, object["data"].clone()))
    });
    read.collect::<Result<_>>()
        .with_context(|| format!("read the settings in {ADMITTED}"))
}

async fn change(cluster: &Cluster, name: &str, data: &Value) -> Result<()> {
    let maps: Api<ConfigMap> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let patch = Patch::Merge(json!({ "data": data }));
    let changed = maps.patch(name, &PatchParams::default(), &patch).await;
    changed
        .map(drop)
        .with_context(|| format!("change {name} of Argo CD on {}", cluster.environment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_are_admitted_without_a_login_and_may_change_nothing() {
        let path = crate::run::run_dir::repo_root().unwrap().join(ADMITTED);
        let settings = settings(&fs::read_to_string(path).unwrap()).unwrap();
        let expected = [
            ("argocd-cm", json!({ "users.anonymous.enabled": "true" })),
            ("argocd-rbac-cm", json!({ "policy.default": "role:readonly" })),
        ];
        assert_eq!(settings, expected.map(|(name, data)| (name.to_owned(), data)));
    }
}
