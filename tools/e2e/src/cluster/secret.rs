//! Secrets that somebody gives a cluster by hand.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};

use super::Cluster;

impl Cluster {
    /// Makes a Secret of these texts by their keys, or has the one that is there say them; `labels`
    /// are an object.
    pub(crate) async fn give_secret(
        &self,
        namespace: &str,
        name: &str,
        labels: Value,
        texts: &[(&str, &str)],
    ) -> Result<()> {
        let bytes = |text: &str| ByteString(text.as_bytes().to_vec());
        let data: BTreeMap<_, _> = texts.iter().map(|(key, text)| (key, bytes(text))).collect();
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": { "name": name, "labels": labels },
            "data": data,
        });
        let secrets: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        let given = secrets
            .patch(name, &PatchParams::apply("e2e").force(), &Patch::Apply(secret))
            .await;
        given
            .map(drop)
            .with_context(|| format!("give {} the Secret {name}", self.name))
    }
}
