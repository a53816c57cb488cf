//! The admission controller of a cluster: it lets images into the message board's namespace that
//! are signed by the run's key.
//!
//! It is installed beside Argo CD and not by it, so that what is pushed to Git cannot take it away,
//! and before the first Application, so that nothing gets in before it.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::{apps::v1::Deployment, core::v1::ConfigMap};
use kube::Api;
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    environment::apps,
    platform::kustomize,
    run::{Harness, StepHandle},
    wait::{Verdict, eventually},
    world::SigningKey,
};

pub(crate) const NAMESPACE: &str = "cosign-system";
/// By this name the API server calls it, and names it in each refusal.
pub(crate) const HOOK: &str = "policy.sigstore.dev";
/// Its Deployment, and its Service.
pub(crate) const CONTROLLER: &str = "webhook";
/// The configuration with what only this machine adds to it.
const LOCAL: &str = "infra/local/admission";
/// Named by the policy there.
const KEY: &str = "signing-key";
/// Where the controller keeps the policies it has understood.
const POLICIES: &str = "config-image-policies";
const POLICY: &str = "kind: ClusterImagePolicy";

const READY: Duration = Duration::from_mins(2);
const ASKED: Duration = Duration::from_mins(1);

/// Installs it and waits until it knows whose images to let in.
pub(crate) async fn install(
    harness: &Harness,
    cluster: &Cluster,
    signing: &SigningKey,
    step: &StepHandle,
) -> Result<()> {
    let log = log(harness, cluster);
    let manifests = kustomize::rendered(harness, LOCAL, &log).await?;
    let (policy, rest) = policy_and_rest(&manifests)?;
    let rest = rest.join("\n---\n");
    step.doing("apply the manifests");
    cluster
        .apply_over(harness, &rest, &log)
        .await
        .context("apply the admission controller")?;
    cluster
        .give_secret(NAMESPACE, KEY, json!({}), &[("cosign.pub", &signing.public)])
        .await
        .context("tell the admission controller the run's key")?;
    eventually(step, "admission controller", READY, async || ready(cluster).await).await?;
    // A person repeats the whole command, over what the controller has written since.
    cluster
        .apply_over(harness, &rest, &log)
        .await
        .context("apply the admission controller again")?;
    know(harness, cluster, step, &of_apps(policy, &apps())?).await
}

/// Has it let in images of these apps too, each once it is signed.
pub(crate) async fn told_of(
    harness: &Harness,
    cluster: &Cluster,
    step: &StepHandle,
    added: &[String],
) -> Result<()> {
    let manifests = kustomize::rendered(harness, LOCAL, &log(harness, cluster)).await?;
    let (policy, _) = policy_and_rest(&manifests)?;
    let added = added.iter().map(String::as_str);
    let all: Vec<_> = apps().into_iter().chain(added).collect();
    know(harness, cluster, step, &of_apps(policy, &all)?).await
}

/// Applies the policy and waits until the controller has taken it up.
async fn know(harness: &Harness, cluster: &Cluster, step: &StepHandle, policy: &Value) -> Result<()> {
    let log = log(harness, cluster);
    eventually(step, "policy on images", ASKED, async || {
        // The controller itself looks at it, and until it has put its certificate everywhere,
        // nobody trusts its answer.
        cluster
            .apply_over(harness, &policy.to_string(), &log)
            .await
            .map(Verdict::Ready)
    })
    .await?;
    // The controller hands it to itself by this map.
    let maps: Api<ConfigMap> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let sources = sources(policy);
    eventually(
        step,
        "what the controller has understood of it",
        ASKED,
        async || {
            let known = maps.get(POLICIES).await?.data.unwrap_or_default();
            let missing = sources
                .iter()
                .find(|source| !known.values().any(|text| text.contains(*source)));
            Ok(match missing {
                Some(source) => Verdict::Pending(format!("{source} is not taken up yet")),
                None => Verdict::Ready(()),
            })
        },
    )
    .await
}

/// The policy, and the text of each other object.
fn policy_and_rest(manifests: &str) -> Result<(Value, Vec<&str>)> {
    let (policies, rest): (Vec<_>, Vec<_>) = manifests
        .split("\n---\n")
        .partition(|document| document.lines().any(|line| line == POLICY));
    let [policy] = policies.as_slice() else {
        bail!("{LOCAL} has {} policies on images, not one", policies.len());
    };
    let policy =
        serde_saphyr::from_str(policy).with_context(|| format!("understand the policy of {LOCAL}"))?;
    Ok((policy, rest))
}

/// The policy with its one authority made anew for each app: a signature lies beside its image.
fn of_apps(mut policy: Value, apps: &[&str]) -> Result<Value> {
    let authorities = policy.pointer_mut("/spec/authorities");
    let authorities = authorities.and_then(Value::as_array_mut);
    let authorities = authorities.context("the policy names no authorities")?;
    ensure!(authorities.len() == 1, "{LOCAL} names more than one authority");
    let any = authorities.swap_remove(0);
    let folder = any.pointer("/source/0/oci").and_then(Value::as_str);
    let (folder, _) = folder
        .and_then(|source| source.rsplit_once('/'))
        .context("the authority does not say where signatures lie")?;
    for app in apps {
        let mut authority = any.clone();
        authority["name"] = json!(app);
        authority["source"][0]["oci"] = json!(format!("{folder}/{app}"));
        authorities.push(authority);
    }
    Ok(policy)
}

/// Where signatures lie, for each authority.
fn sources(policy: &Value) -> Vec<String> {
    let authorities = policy["spec"]["authorities"].as_array().into_iter().flatten();
    let sources = authorities.filter_map(|authority| authority.pointer("/source/0/oci")?.as_str());
    // As JSON has it: the name of one app may begin like another's.
    sources.map(|source| format!("{source}\"")).collect()
}

fn log(harness: &Harness, cluster: &Cluster) -> PathBuf {
    harness.run.log(&format!("admission-{}", cluster.environment))
}

async fn ready(cluster: &Cluster) -> Result<Verdict<()>> {
    let deployments: Api<Deployment> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let status = deployments.get(CONTROLLER).await?.status.unwrap_or_default();
    Ok(match status.ready_replicas.unwrap_or(0) {
        0 => Verdict::Pending("no replica is ready".to_owned()),
        _ => Verdict::Ready(()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_app_has_an_authority_of_its_own_beside_its_images() {
        let policy = |authorities: &str| {
            let text = format!("a: 1\n---\n{POLICY}\nspec: {{authorities: [{authorities}]}}\n---\nb: 2");
            let (policy, rest) = policy_and_rest(&text).unwrap();
            assert_eq!(rest, ["a: 1", "b: 2"]);
            policy
        };
        let any = "{name: any, key: {secretRef: {name: k}}, source: [{oci: 'forge:3000/us/any'}]}";
        let made = of_apps(policy(any), &["bot", "robot"]).unwrap();
        assert_eq!(sources(&made), ["forge:3000/us/bot\"", "forge:3000/us/robot\""]);
        assert_eq!(made["spec"]["authorities"][1]["name"], "robot");
        assert_eq!(made["spec"]["authorities"][1]["key"]["secretRef"]["name"], "k");
        for bad in ["", "{name: any}", &format!("{any}, {any}")] {
            assert!(of_apps(policy(bad), &["bot"]).is_err(), "{bad}");
        }
        assert!(policy_and_rest("a: 1").is_err());
    }
}
