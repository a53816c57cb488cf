//! What an add-on leaves in a cluster: every object that belongs to it, of whatever kind.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use kube::api::ListParams;
use kube::core::DynamicObject;
use kube::discovery::{Discovery, verbs};
use kube::{Api, ResourceExt as _};
use serde_json::Value;
use xshell::Shell;

use crate::cluster::Cluster;
use crate::gitops;
use crate::host::process::Tool;
use crate::platform::{addons, argocd, kustomize};
use crate::run::{StepHandle, Testbed};
use crate::wait::{Verdict, eventually};

const REMOVED: Duration = Duration::from_mins(2);
const DELETED: Duration = Duration::from_mins(1);
/// Of no add-on there are fewer.
const FEWEST: usize = 8;
/// Notes about the past, which go by themselves.
const PAST: [&str; 2] = ["Event", "Lease"];

/// By what an add-on is known.
pub(super) struct Traces {
    /// Words that the name, namespace or labels of an object have that belongs to it; also of the
    /// APIs that it serves.
    pub(super) words: &'static [&'static str],
    /// What Argo CD's settings and projects say where they know of it. Upstream's own settings name
    /// some of it too.
    pub(super) settings: &'static [&'static str],
    /// Kinds of which each object is its own.
    pub(super) kinds: &'static [&'static str],
}

impl Traces {
    /// Waits until nothing is left.
    pub(super) async fn none(&self, step: &StepHandle, cluster: &Cluster) -> Result<()> {
        eventually(step, "nothing left of the add-on", REMOVED, async || {
            let left = self.of(cluster).await?;
            Ok(if left.is_empty() {
                Verdict::Ready(())
            } else {
                Verdict::Pending(format!("{left:?}"))
            })
        })
        .await
    }

    /// How many there are of an add-on that is on.
    pub(super) async fn count(&self, cluster: &Cluster) -> Result<usize> {
        let found = self.of(cluster).await?;
        ensure!(
            found.len() >= FEWEST,
            "only {found:?} are found of an add-on that is on; this check sees nothing"
        );
        Ok(found.len())
    }

    /// All that there is in a cluster.
    async fn of(&self, cluster: &Cluster) -> Result<BTreeSet<String>> {
        let discovery = Discovery::new(cluster.client.clone()).run().await;
        let discovery = discovery.context("ask for the kinds of objects")?;
        let mut traces = BTreeSet::new();
        for group in discovery.groups() {
            if self.words.contains(&group.name()) {
                traces.insert(format!("the API {}", group.name()));
                continue;
            }
            for (resource, capabilities) in group.recommended_resources() {
                if !capabilities.supports_operation(verbs::LIST) || PAST.contains(&resource.kind.as_str()) {
                    continue;
                }
                let api: Api<DynamicObject> = Api::all_with(cluster.client.clone(), &resource);
                let listed = api.list(&ListParams::default()).await;
                let listed = listed.with_context(|| format!("list each {}", resource.kind))?;
                let ours = listed
                    .items
                    .iter()
                    .filter(|object| self.is_trace(&resource.kind, object));
                traces.extend(ours.map(|object| format!("{} {}", resource.kind, object.name_any())));
            }
        }
        Ok(traces)
    }

    fn is_trace(&self, kind: &str, object: &DynamicObject) -> bool {
        let labels = object.labels().values().map(String::as_str);
        let namespace = object.namespace().unwrap_or_default();
        let name = object.name_any();
        // Controllers of Kubernetes itself have an account each.
        if namespace == "kube-system" && kind == "ServiceAccount" || name.starts_with("system:controller:") {
            return false;
        }
        let mut texts = labels.chain([name.as_str(), namespace.as_str()]);
        let is_named = texts.any(|text| self.words.iter().any(|word| text.contains(word)));
        let knows = ["ConfigMap", "AppProject"].contains(&kind)
            && namespace == argocd::NAMESPACE
            && self.settings.iter().any(|word| says(&object.data, word));
        is_named || self.kinds.contains(&kind) || knows
    }
}

fn says(data: &Value, word: &str) -> bool {
    data.to_string().contains(word)
}

/// Waits until Argo CD has removed an Application, and what it had made before that.
pub(super) async fn without_application(step: &StepHandle, cluster: &Cluster, name: &str) -> Result<()> {
    eventually(step, "the end of its Application", REMOVED, async || {
        let found = gitops::list(cluster).await?;
        let still = found.iter().any(|application| application.name_any() == name);
        Ok(if still {
            Verdict::Pending("it is there".to_owned())
        } else {
            Verdict::Ready(())
        })
    })
    .await
}

/// Deletes what an administrator has applied for an add-on.
pub(super) async fn delete(testbed: &Testbed, cluster: &Cluster, name: &str) -> Result<()> {
    delete_folder(testbed, cluster, &addons::of_administrator(name)).await
}

/// Deletes what a folder comes to.
pub(super) async fn delete_folder(testbed: &Testbed, cluster: &Cluster, folder: &str) -> Result<()> {
    let harness = &testbed.harness;
    let log = harness.run.log("addons");
    let manifests = kustomize::rendered(harness, folder, &log).await?;
    let shell = Shell::new().context("open a shell")?;
    let delete = cluster.kubectl(harness, &shell, &["delete", "-f", "-"]);
    Tool::new(delete, &log, DELETED)
        .input(manifests)
        .run()
        .await
        .with_context(|| format!("delete {folder}"))
}
