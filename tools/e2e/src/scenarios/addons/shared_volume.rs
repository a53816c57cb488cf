//! What a bot's claim gives: pods on two nodes share a folder, and it outlives them.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use kube::api::{DeleteParams, ListParams, LogParams, Patch, PatchParams};
use kube::{Api, ResourceExt as _};
use serde_json::{Value, json};

use crate::cluster::{Cluster, volumes};
use crate::environment::NAMESPACE;
use crate::platform::argocd;
use crate::platform::rollout::is_ready;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::pods::node_of;
use crate::wait::{Verdict, eventually, gone};

const NAME: &str = "shares";
/// As tools/generators/templates/app/worker has it.
const CLAIM: &str =
    include_str!("../../../../../tools/generators/templates/app/worker/infra/app-name/base/volume.yaml");
/// Each writes its own name into the folder, and says whose names it sees there.
const PROGRAM: &str =
    "while true; do echo \"$HOSTNAME\" > \"/state/$HOSTNAME\"; echo seen: /state/*; sleep 1; done";
const STARTED: Duration = Duration::from_mins(1);
const SEEN: Duration = Duration::from_secs(20);
const GONE: Duration = Duration::from_mins(1);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("shared-volume", "pods on two nodes share a folder", 240),
    suite: Suite::Addons,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let cluster = testbed.first();
    if cluster.environment.nodes().len() < 2 {
        step.skip("it takes two nodes, and the first environment has one");
        return Ok(());
    }
    remove(testbed, step).await?;
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let mut claim: Value = serde_saphyr::from_str(CLAIM).context("read the claim of a worker")?;
    claim["metadata"] = json!({ "name": NAME });
    apply(&claims, &claim).await?;
    let deployments: Api<Deployment> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    apply(&deployments, &deployment(&image(cluster).await?)).await?;
    let first = ready(step, cluster, &BTreeSet::new()).await?;
    each_sees_all(step, cluster, &first, &first).await?;

    let again = json!({ "metadata": { "annotations": { "kubectl.kubernetes.io/restartedAt": "again" } } });
    let patch = Patch::Strategic(json!({ "spec": { "template": again } }));
    let restarted = deployments.patch(NAME, &PatchParams::default(), &patch).await;
    restarted.context("replace the pods that share a folder")?;
    let second = ready(step, cluster, &first).await?;
    let all = first.union(&second).cloned().collect();
    each_sees_all(step, cluster, &second, &all).await?;
    step.evidence(format!(
        "pods on two nodes have seen each other's files; the pods after them found all {}",
        all.len()
    ));
    remove(testbed, step).await
}

async fn apply<K>(api: &Api<K>, object: &Value) -> Result<()>
where
    K: Clone + std::fmt::Debug + serde::de::DeserializeOwned,
{
    let applied = api
        .patch(NAME, &PatchParams::apply("e2e").force(), &Patch::Apply(object))
        .await;
    applied.map(drop).with_context(|| format!("apply {object}"))
}

/// One with a shell, that every node has.
async fn image(cluster: &Cluster) -> Result<String> {
    let deployments: Api<Deployment> = Api::namespaced(cluster.client.clone(), argocd::NAMESPACE);
    let server = deployments.get("argocd-server").await;
    let spec = server
        .context("read Argo CD's Deployment")?
        .spec
        .and_then(|spec| spec.template.spec);
    let container = spec.and_then(|spec| spec.containers.into_iter().next());
    container
        .and_then(|container| container.image)
        .context("Argo CD has an image")
}

/// Confined as a bot is, on two nodes.
fn deployment(image: &str) -> Value {
    let labels = json!({ "app.kubernetes.io/name": NAME });
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": NAME, "labels": labels },
        "spec": {
            "replicas": 2,
            "strategy": { "rollingUpdate": { "maxUnavailable": 1, "maxSurge": 0 } },
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "automountServiceAccountToken": false,
                    "terminationGracePeriodSeconds": 0,
                    "affinity": { "podAntiAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": [
                        { "topologyKey": "kubernetes.io/hostname", "labelSelector": { "matchLabels": labels } },
                    ] } },
                    "securityContext": {
                        "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532,
                        "seccompProfile": { "type": "RuntimeDefault" },
                    },
                    "containers": [{
                        "name": NAME,
                        "image": image,
                        "command": ["sh", "-c", PROGRAM],
                        "volumeMounts": [{ "name": "state", "mountPath": "/state" }],
                        "securityContext": {
                            "allowPrivilegeEscalation": false,
                            "readOnlyRootFilesystem": true,
                            "capabilities": { "drop": ["ALL"] },
                        },
                    }],
                    "volumes": [{ "name": "state", "persistentVolumeClaim": { "claimName": NAME } }],
                },
            },
        },
    })
}

/// Waits until there are two that are none of those before, on two nodes.
async fn ready(step: &StepHandle, cluster: &Cluster, before: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let ours = ListParams::default().labels(&format!("app.kubernetes.io/name={NAME}"));
    let found = eventually(step, "two pods that share a folder", STARTED, async || {
        let listed = pods.list(&ours).await?;
        let new = listed
            .items
            .into_iter()
            .filter(|pod| is_ready(pod) && !before.contains(&pod.name_any()));
        let new: Vec<_> = new.collect();
        Ok(match new.len() {
            2 => Verdict::Ready(new),
            count => Verdict::Pending(format!("{count} are ready")),
        })
    })
    .await?;
    let nodes: BTreeSet<_> = found.iter().map(node_of).collect::<Result<_>>()?;
    ensure!(nodes.len() == 2, "both run on {nodes:?}");
    Ok(found.iter().map(kube::ResourceExt::name_any).collect())
}

/// Each of these pods sees all of these files.
async fn each_sees_all(
    step: &StepHandle,
    cluster: &Cluster,
    watching: &BTreeSet<String>,
    files: &BTreeSet<String>,
) -> Result<()> {
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    eventually(step, "the files of all", SEEN, async || {
        for pod in watching {
            let log = pods.logs(pod, &LogParams::default()).await?;
            let last = log.lines().last().unwrap_or_default();
            if let Some(missing) = files.iter().find(|file| !last.contains(*file)) {
                return Ok(Verdict::Pending(format!(
                    "{pod} does not see {missing}, only {last}"
                )));
            }
        }
        Ok(Verdict::Ready(()))
    })
    .await
}

/// With what was written.
async fn remove(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let cluster = testbed.first();
    let deployments: Api<Deployment> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    if deployments.get_opt(NAME).await?.is_some() {
        let deleted = deployments.delete(NAME, &DeleteParams::foreground()).await;
        deleted.context("delete the pods that share a folder")?;
        gone(
            step,
            "the pods that share a folder",
            GONE,
            &deployments,
            NAME,
            "they end",
        )
        .await?;
    }
    volumes::delete(&testbed.harness, step, cluster, NAMESPACE, NAME).await
}
