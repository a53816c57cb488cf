//! What a pod is given for its account: a token and where to find it, and never a key.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{Container, Pod, ServiceAccount};
use kube::api::{ListParams, PostParams};
use kube::{Api, ResourceExt as _};
use serde_json::json;

use crate::cluster::Cluster;
use crate::environment::{API, NAMESPACE, PAGE};
use crate::run::StepHandle;
use crate::scenarios::workloads::image_of;

const ROLE: &str = "eks.amazonaws.com/role-arn";
const TOKEN: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
const KEYS: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

/// The role that an account is annotated with.
pub(super) async fn role_of(cluster: &Cluster, account: &str) -> Result<String> {
    let accounts: Api<ServiceAccount> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let found = accounts.get(account).await;
    let found = found.with_context(|| format!("read the account {account}"))?;
    let role = found.annotations().get(ROLE);
    role.cloned()
        .with_context(|| format!("the account {account} has no {ROLE}"))
}

/// Looks at the pods of a cluster, and has the API server try some.
pub(super) async fn look(cluster: &Cluster, step: &StepHandle) -> Result<()> {
    no_pod_has_a_static_key(cluster, step).await?;
    a_pod_is_given_the_token_of_its_account(cluster).await
}

/// No pod of a cluster has a key of AWS, and those of the API have what its account is given.
async fn no_pod_has_a_static_key(cluster: &Cluster, step: &StepHandle) -> Result<()> {
    let pods: Api<Pod> = Api::all(cluster.client.clone());
    let pods = pods.list(&ListParams::default()).await.context("list all pods")?;
    let mut given = 0;
    for pod in &pods {
        let name = pod.name_any();
        for container in containers(pod) {
            for key in KEYS {
                ensure!(value(container, key).is_none(), "pod {name} has a static {key}");
            }
            given += usize::from(value(container, TOKEN).is_some());
        }
    }
    ensure!(given > 0, "no pod of {} has {TOKEN}", cluster.name);
    step.evidence(format!(
        "{}: none of {} pods has a key of AWS, and {given} containers have a token",
        cluster.name,
        pods.items.len()
    ));
    Ok(())
}

/// The API server gives a pod that is only tried the same: each container, also those that
/// initialise it, beside what it has of its own; and nothing where the account has no role.
async fn a_pod_is_given_the_token_of_its_account(cluster: &Cluster) -> Result<()> {
    let role = role_of(cluster, API).await?;
    let pod = tried(cluster, API).await?;
    let all = containers(&pod);
    ensure!(all.len() == 2, "{} containers came back", all.len());
    for container in all {
        let name = &container.name;
        ensure!(
            value(container, "AWS_ROLE_ARN") == Some(role.as_str()) && value(container, TOKEN).is_some(),
            "the container {name} is not told its role: {:?}",
            container.env
        );
        ensure!(
            value(container, "OWN") == Some("kept"),
            "the container {name} has lost what it had of its own"
        );
        let mounts = container.volume_mounts.iter().flatten();
        let file = value(container, TOKEN).unwrap_or_default();
        ensure!(
            mounts.clone().any(|mount| file.starts_with(&mount.mount_path)),
            "{file} is not mounted in {name}"
        );
    }
    let other = tried(cluster, PAGE).await?;
    let told = containers(&other)
        .iter()
        .any(|container| value(container, TOKEN).is_some());
    ensure!(
        !told,
        "a pod of {PAGE}, whose account has no role, is given a token"
    );
    Ok(())
}

/// A pod as the API server would store it.
async fn tried(cluster: &Cluster, account: &str) -> Result<Pod> {
    let image = image_of(cluster, account).await?;
    let container = |name: &str| {
        json!({
            "name": name, "image": image, "env": [{ "name": "OWN", "value": "kept" }],
            "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
        })
    };
    let pod = json!({
        "metadata": { "name": "identities-tried" },
        "spec": {
            "serviceAccountName": account,
            "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
            "initContainers": [container("first")],
            "containers": [container("main")],
        },
    });
    let pod = serde_json::from_value(pod).context("describe a pod")?;
    let only_try = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let made = pods.create(&only_try, &pod).await;
    made.with_context(|| format!("try a pod of the account {account}"))
}

fn containers(pod: &Pod) -> Vec<&Container> {
    let spec = pod.spec.iter();
    let each = spec.flat_map(|spec| {
        spec.containers
            .iter()
            .chain(spec.init_containers.iter().flatten())
    });
    each.collect()
}

fn value<'c>(container: &'c Container, name: &str) -> Option<&'c str> {
    let mut variables = container.env.iter().flatten();
    let variable = variables.find(|variable| variable.name == name)?;
    Some(variable.value.as_deref().unwrap_or_default())
}
