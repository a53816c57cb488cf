//! The settings of Argo CD that are compared: those of `infra/argocd`, what upstream ships in their
//! place, and ours with others added.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::api::rbac::v1::ClusterRoleBinding;
use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::generated::{self, NAME, OURS};
use crate::cluster::Cluster;
use crate::environment::NAMESPACE as APPS;
use crate::platform::argocd::{self, NAMESPACE as ARGOCD};
use crate::run::{StepHandle, Testbed};

/// Who sets what only this measurement sets: what a manager no longer applies goes.
const MANAGER: &str = "scale";
const CONFIG: &str = "argocd-cm";
const PARAMETERS: &str = "argocd-cmd-params-cm";
const CLUSTER: &str = "in-cluster";

/// What `infra/argocd` sets and upstream does not, as far as many apps notice.
const NOT_UPSTREAM: [(&str, &[&str]); 2] = [
    (
        CONFIG,
        &[
            "timeout.reconciliation",
            "timeout.reconciliation.jitter",
            "resource.inclusions",
        ],
    ),
    (
        PARAMETERS,
        &[
            "controller.sync.wave.delay.seconds",
            "controller.self.heal.backoff.cap.seconds",
        ],
    ),
];

/// One of the contenders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Settings {
    Ours,
    Upstream,
    /// Ours, with these in addition.
    With(Vec<Pair>),
}

/// A key of one of the two `ConfigMap`s, and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    key: String,
    value: String,
}

impl std::str::FromStr for Pair {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (key, value) = text.split_once('=').context("say KEY=VALUE")?;
        let known = ["controller.", "reposerver.", "timeout."];
        ensure!(
            known.iter().any(|start| key.starts_with(start)) && !value.is_empty(),
            "`{text}` sets none of {}",
            known.map(|start| format!("{start}…")).join(", ")
        );
        Ok(Self {
            key: key.to_owned(),
            value: value.to_owned(),
        })
    }
}

impl Pair {
    fn of(&self) -> &'static str {
        if self.key.starts_with("timeout.") {
            CONFIG
        } else {
            PARAMETERS
        }
    }
}

impl Settings {
    /// As people read it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Ours => "ours".to_owned(),
            Self::Upstream => "upstream's".to_owned(),
            Self::With(pairs) => {
                let pairs = pairs.iter().map(|Pair { key, value }| format!("{key}={value}"));
                format!("ours, {}", pairs.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// Whether Applications say which folders they read.
    pub(super) fn watches(&self) -> bool {
        *self != Self::Upstream
    }

    /// Makes a cluster's Argo CD run with them, with the rights to what is generated.
    pub(super) async fn set(&self, step: &StepHandle, testbed: &Testbed, cluster: &Cluster) -> Result<()> {
        step.doing(&format!(
            "{}: Argo CD with the settings: {}",
            cluster.environment,
            self.name()
        ));
        restore(testbed, cluster).await?;
        let log = testbed.harness.run.log(NAME);
        cluster
            .apply_over(&testbed.harness, &generated::place(), &log)
            .await?;
        match self {
            Self::Ours => own_namespaces(cluster, Some(namespaces())).await?,
            Self::With(pairs) => {
                own_namespaces(cluster, Some(namespaces())).await?;
                for map in [CONFIG, PARAMETERS] {
                    let of = pairs.iter().filter(|pair| pair.of() == map);
                    let data = of.map(|Pair { key, value }| (key.clone(), json!(value)));
                    own_settings(cluster, map, data.collect()).await?;
                }
            }
            Self::Upstream => {
                cluster
                    .apply_over(&testbed.harness, &generated::everything(), &log)
                    .await?;
                for (map, keys) in NOT_UPSTREAM {
                    let nothing = keys.iter().map(|key| ((*key).to_owned(), Value::Null));
                    take(&api::<ConfigMap>(cluster), map, nothing.collect()).await?;
                }
                let limits = ["namespaces", "clusterResources"].map(|key| (key.to_owned(), Value::Null));
                take(&api::<Secret>(cluster), CLUSTER, limits.into_iter().collect()).await?;
            }
        }
        argocd::restart(step, cluster).await
    }
}

/// Gives a cluster's Argo CD the configuration of the repository again; its processes read a part
/// of that only when they start.
pub(super) async fn restore(testbed: &Testbed, cluster: &Cluster) -> Result<()> {
    for map in [CONFIG, PARAMETERS] {
        own_settings(cluster, map, Map::new()).await?;
    }
    own_namespaces(cluster, None).await?;
    let bindings: Api<ClusterRoleBinding> = Api::all(cluster.client.clone());
    bindings
        .delete_collection(&DeleteParams::default(), &ListParams::default().labels(OURS))
        .await
        .context("take the right to everything from Argo CD")?;
    argocd::configure(&testbed.harness, cluster, &testbed.world).await
}

type Map = serde_json::Map<String, Value>;

fn api<K>(cluster: &Cluster) -> Api<K>
where
    K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>,
    K::DynamicType: Default,
{
    Api::namespaced(cluster.client.clone(), ARGOCD)
}

/// Has an object say what this measurement alone sets, and nothing else of it.
async fn own<K>(api: &Api<K>, kind: &str, name: &str, data: Map) -> Result<()>
where
    K: Clone + serde::de::DeserializeOwned + std::fmt::Debug,
{
    let wish = json!({ "apiVersion": "v1", "kind": kind, "metadata": { "name": name }, "data": data });
    let as_us = PatchParams::apply(MANAGER).force();
    let patched = api.patch(name, &as_us, &Patch::Apply(wish)).await;
    patched.map(drop).with_context(|| format!("change {name}"))
}

async fn own_settings(cluster: &Cluster, map: &str, data: Map) -> Result<()> {
    own(&api::<ConfigMap>(cluster), "ConfigMap", map, data).await
}

/// Lets the controller look at the generated namespace too, or no longer.
async fn own_namespaces(cluster: &Cluster, namespaces: Option<String>) -> Result<()> {
    let namespaces = namespaces.map(|names| ("namespaces".to_owned(), json!(ByteString(names.into_bytes()))));
    own(
        &api::<Secret>(cluster),
        "Secret",
        CLUSTER,
        namespaces.into_iter().collect(),
    )
    .await
}

/// Ours, with the generated one.
fn namespaces() -> String {
    format!("{ARGOCD},{APPS},{NAME}")
}

/// Removes keys, whoever set them.
async fn take<K>(api: &Api<K>, name: &str, nothing: Map) -> Result<()>
where
    K: Clone + serde::de::DeserializeOwned + std::fmt::Debug,
{
    let patch = Patch::Merge(json!({ "data": nothing }));
    let patched = api.patch(name, &PatchParams::default(), &patch).await;
    patched.map(drop).with_context(|| format!("change {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_argo_cd_does_not_read_here_are_refused() {
        let pair: Pair = "controller.status.processors=50".parse().unwrap();
        assert_eq!(pair.of(), PARAMETERS);
        let jitter: Pair = "timeout.reconciliation.jitter=60s".parse().unwrap();
        assert_eq!(jitter.of(), CONFIG);
        assert_eq!(
            Settings::With(vec![pair, jitter]).name(),
            "ours, controller.status.processors=50, timeout.reconciliation.jitter=60s"
        );
        for wrong in [
            "controller.status.processors",
            "server.insecure=false",
            "controller.x=",
        ] {
            assert!(wrong.parse::<Pair>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_upstream_lacks_is_what_ours_has() {
        let root = crate::run::run_dir::repo_root().unwrap();
        let ours = std::fs::read_to_string(root.join("infra/argocd/settings.yaml")).unwrap();
        for key in NOT_UPSTREAM.iter().flat_map(|(_, keys)| *keys) {
            assert!(ours.contains(&format!("\n  {key}: ")), "{key}");
        }
    }
}
