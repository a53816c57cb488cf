//! What a pod may be: the namespace rejects pods that break a rule, and running pods break none.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::core::v1::{Container, Pod};
use kube::Api;
use kube::api::{ListParams, PostParams};
use serde_json::{Value, json};

use super::guests;
use super::processes::{CAPABILITIES, Process, ROOT};
use crate::cluster::Cluster;
use crate::environment::NAMESPACE;
use crate::platform::admission;
use crate::platform::argocd::NAMESPACE as ARGOCD;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::pods::containerd_id;
use crate::world::iam_proxy::AUDIENCE;

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("pod-security", "no pod has more rights than it needs", 60),
    suite: Suite::Posture,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

/// Where what we install runs: the namespace, and which of its pods.
const OURS: [(&str, &str); 3] = [
    (NAMESPACE, ""),
    (ARGOCD, ""),
    ("kube-system", "app.kubernetes.io/name=kube-router"),
];

/// The admission controller's container, where there is one.
const GUARD: &str = "webhook";

/// A rule that a container breaks, and why it may.
struct Exception {
    container: &'static str,
    rule: &'static str,
    reason: &'static str,
}

/// Whoever runs with more than the rules allow. One that is no longer needed is a fault as well.
#[rustfmt::skip]
const EXCEPTIONS: &[Exception] = &[
    Exception { container: "argocd-application-controller", rule: TOKEN, reason: "it changes the cluster" },
    Exception { container: "argocd-server", rule: TOKEN, reason: "it takes webhooks and marks Applications" },
    Exception { container: "redis", rule: TOKEN, reason: "the container that makes its password keeps it as a Secret" },
    Exception { container: "secret-init", rule: TOKEN, reason: "it makes the password of Redis and keeps it as a Secret" },
    Exception { container: GUARD, rule: TOKEN, reason: "it reads whose signature counts" },
    Exception { container: "kube-router", rule: TOKEN, reason: "it reads policies and pods" },
    Exception { container: "kube-router", rule: ROOT, reason: "the kernel lets nobody else change its rules" },
    Exception { container: "kube-router", rule: CAPABILITIES, reason: "NET_ADMIN and NET_RAW, for the kernel's rules" },
];

const RESOURCES: &str = "requests and limits";
const TOKEN: &str = "no Kubernetes token";

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    for cluster in &testbed.clusters {
        violations_are_refused(cluster, step).await?;
        running_pods_keep_the_rules(testbed, cluster, step).await?;
    }
    Ok(())
}

/// One change each to a pod that may run, and what the refusal says.
#[rustfmt::skip]
fn violations() -> [(&'static str, &'static str, Value, &'static str); 7] {
    let (pod, container, context) = ("/spec", "/spec/containers/0", "/spec/containers/0/securityContext");
    [
        ("as root", context, json!({ "runAsUser": 0, "runAsNonRoot": false }), "runAsNonRoot"),
        ("privileged", context, json!({ "privileged": true, "allowPrivilegeEscalation": true }), "privileged"),
        ("with escalation", context, json!({ "allowPrivilegeEscalation": true }), "allowPrivilegeEscalation"),
        ("with a capability", context, json!({ "capabilities": { "drop": ["ALL"], "add": ["NET_ADMIN"] } }), "unrestricted capabilities"),
        ("without seccomp", "/spec/securityContext", json!({ "seccompProfile": null }), "seccompProfile"),
        ("with a folder of the node", pod, json!({ "volumes": [{ "name": "node", "hostPath": { "path": "/" } }] }), "hostPath"),
        ("on a port of the node", container, json!({ "ports": [{ "containerPort": 80, "hostPort": 80 }] }), "hostPort"),
    ]
}

async fn violations_are_refused(cluster: &Cluster, step: &StepHandle) -> Result<()> {
    step.doing("make pods that break a rule");
    let good = guests::manifest(cluster, "guest").await?;
    accepted(cluster, NAMESPACE, &good)
        .await
        .context("a pod that keeps the rules is refused")?;
    for (what, place, change, word) in violations() {
        let mut bad = good.clone();
        merge(bad.pointer_mut(place).context("the place is there")?, &change);
        // Elsewhere it may run: so it is the rule that refuses it here.
        accepted(cluster, "default", &bad)
            .await
            .with_context(|| format!("a pod {what} is refused without the rule too"))?;
        let refusal = match accepted(cluster, NAMESPACE, &bad).await {
            Ok(()) => bail!(
                "a pod {what} is accepted in {NAMESPACE} on {}",
                cluster.environment
            ),
            Err(error) => format!("{error:#}"),
        };
        ensure!(
            refusal.contains("violates PodSecurity \"restricted") && refusal.contains(word),
            "a pod {what} is refused for another reason: {refusal}"
        );
        step.evidence(format!("{}: a pod {what} is refused", cluster.environment));
    }
    Ok(())
}

/// Whether the API server would make this pod; it makes none.
async fn accepted(cluster: &Cluster, namespace: &str, pod: &Value) -> Result<()> {
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), namespace);
    let pod = serde_json::from_value(pod.clone()).context("describe a pod")?;
    let trial = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    pods.create(&trial, &pod).await?;
    Ok(())
}

fn merge(place: &mut Value, change: &Value) {
    for (key, value) in change.as_object().into_iter().flatten() {
        place[key] = value.clone();
    }
}

async fn running_pods_keep_the_rules(testbed: &Testbed, cluster: &Cluster, step: &StepHandle) -> Result<()> {
    step.doing("look at what runs");
    let processes = Process::all(testbed, cluster).await?;
    let (mut faults, mut used) = (BTreeSet::new(), BTreeSet::new());
    let (mut seen, mut running) = (0, 0);
    let guarded = testbed.world.signing.is_some();
    let guard = guarded.then_some((admission::NAMESPACE, ""));
    for (namespace, labels) in OURS.into_iter().chain(guard) {
        let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), namespace);
        let pods = pods
            .list(&ListParams::default().labels(labels))
            .await
            .with_context(|| format!("list the pods in {namespace}"))?;
        ensure!(!pods.items.is_empty(), "nothing runs in {namespace}");
        for pod in pods {
            for (container, id) in containers(&pod) {
                let mut broken = described(&pod, container);
                if let Some(process) = id.as_ref().and_then(|id| processes.get(id)) {
                    running += 1;
                    broken.extend(process.faults());
                }
                seen += 1;
                for rule in broken {
                    let excused = EXCEPTIONS
                        .iter()
                        .find(|exception| exception.container == container.name && exception.rule == rule);
                    match excused {
                        Some(Exception { container, rule, .. }) => drop(used.insert((*container, *rule))),
                        None => drop(faults.insert(format!("{namespace}: {}: {rule}", container.name))),
                    }
                }
            }
        }
    }
    ensure!(faults.is_empty(), "{}: {faults:#?}", cluster.environment);
    ensure!(running > 5, "only {running} running containers were found");
    let exceptions = EXCEPTIONS.iter().filter(|of| guarded || of.container != GUARD);
    for Exception {
        container,
        rule,
        reason,
    } in exceptions
    {
        ensure!(
            used.contains(&(*container, *rule)),
            "the exception of {container} from “{rule}” is not needed"
        );
        step.evidence(format!("{container} is excused from “{rule}”: {reason}"));
    }
    step.evidence(format!(
        "{}: {seen} containers keep the rules, {running} of them by their processes",
        cluster.environment
    ));
    Ok(())
}

/// Each container of a pod, those that run first included, with the id of the running one.
fn containers(pod: &Pod) -> Vec<(&Container, Option<String>)> {
    let status = pod.status.as_ref();
    let statuses = status.and_then(|status| status.container_statuses.as_ref());
    let id = |container: &Container| {
        let status = statuses?.iter().find(|status| status.name == container.name)?;
        status.state.as_ref()?.running.as_ref()?;
        containerd_id(status).map(str::to_owned)
    };
    let spec = pod.spec.as_ref();
    let first = spec.and_then(|spec| spec.init_containers.as_ref());
    let all = spec.map(|spec| &spec.containers);
    let all = first.into_iter().chain(all).flatten();
    all.map(|container| (container, id(container))).collect()
}

/// Rules that can be seen in the description only.
fn described(pod: &Pod, container: &Container) -> Vec<&'static str> {
    let mut broken = Vec::new();
    let names = |list: Option<&BTreeMap<String, _>>, wanted: &[&str]| {
        wanted
            .iter()
            .all(|name| list.is_some_and(|list| list.contains_key(*name)))
    };
    let resources = container.resources.as_ref();
    // Without a limit of CPU a container takes what nobody else asks for; memory it would take from
    // others.
    if !names(
        resources.and_then(|all| all.requests.as_ref()),
        &["cpu", "memory"],
    ) || !names(resources.and_then(|all| all.limits.as_ref()), &["memory"])
    {
        broken.push(RESOURCES);
    }
    let volumes = pod.spec.as_ref().and_then(|spec| spec.volumes.as_ref());
    let with_token: BTreeSet<&str> = volumes
        .into_iter()
        .flatten()
        .filter(|volume| {
            let sources = volume.projected.as_ref().and_then(|all| all.sources.as_ref());
            sources
                .into_iter()
                .flatten()
                .filter_map(|source| source.service_account_token.as_ref())
                // One for AWS is no key to the cluster: the API server wants another audience.
                .any(|token| token.audience.as_deref() != Some(AUDIENCE))
        })
        .map(|volume| volume.name.as_str())
        .collect();
    let mounts = container.volume_mounts.iter().flatten();
    if mounts
        .into_iter()
        .any(|mount| with_token.contains(mount.name.as_str()))
    {
        broken.push(TOKEN);
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_asked_for_and_a_token_for_the_cluster_are_faults() {
        let token = |token: Value| json!({ "sources": [{ "serviceAccountToken": token }] });
        let for_aws = json!({ "path": "token", "audience": "sts.amazonaws.com" });
        let pod: Pod = serde_json::from_value(json!({
            "spec": {
                "volumes": [
                    { "name": "key", "projected": token(json!({ "path": "token" })) },
                    { "name": "aws", "projected": token(for_aws) },
                ],
                "containers": [
                    { "name": "bad", "volumeMounts": [{ "name": "key", "mountPath": "/key" }] },
                    { "name": "good", "volumeMounts": [{ "name": "aws", "mountPath": "/aws" }], "resources": {
                        "requests": { "cpu": "1m", "memory": "1Mi" }, "limits": { "memory": "1Mi" },
                    } },
                ],
            },
        }))
        .unwrap();
        let broken: Vec<_> = containers(&pod)
            .iter()
            .map(|(container, _)| described(&pod, container))
            .collect();
        assert_eq!(broken, [vec![RESOURCES, TOKEN], vec![]]);
    }
}
