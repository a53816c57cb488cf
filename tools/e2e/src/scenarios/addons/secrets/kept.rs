//! The Secret that is kept as Secrets Manager has it, and what is said of that.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result};
use k8s_openapi::api::core::v1::{Event, Secret};
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use serde_json::json;

use crate::cluster::Cluster;
use crate::platform::verifier;
use crate::run::StepHandle;
use crate::wait::{Verdict, eventually};

/// Who keeps it; called as the Secret.
const KIND: &str = "ExternalSecret";

/// What the Secret has; none where it is not there.
pub(super) async fn token(cluster: &Cluster) -> Result<Option<String>> {
    let (name, key) = verifier::TOKEN;
    let secrets: Api<Secret> = Api::namespaced(cluster.client.clone(), verifier::NAME);
    let secret = secrets.get_opt(name).await.context("read the Secret")?;
    let value = secret.and_then(|secret| secret.data?.remove(key));
    let text = value.map(|value| String::from_utf8(value.0)).transpose();
    text.context("a token is text")
}

/// Waits until it has this token, and gives for how long.
pub(super) async fn until(
    step: &StepHandle,
    cluster: &Cluster,
    wanted: &str,
    within: Duration,
) -> Result<Duration> {
    let asked = Instant::now();
    eventually(step, "the token in the cluster", within, async || {
        let found = token(cluster).await?;
        Ok(match found.as_deref() {
            Some(found) if found == wanted => Verdict::Ready(()),
            Some(_) => Verdict::Pending("it is another one".to_owned()),
            None => Verdict::Pending("there is none".to_owned()),
        })
    })
    .await?;
    Ok(asked.elapsed())
}

fn api(cluster: &Cluster) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("external-secrets.io", "v1", KIND);
    let resource = ApiResource::from_gvk(&kind);
    Api::namespaced_with(cluster.client.clone(), verifier::NAME, &resource)
}

/// Has it looked at now, as a person has who does not want to wait.
pub(super) async fn look_now(cluster: &Cluster) -> Result<()> {
    let now = SystemTime::UNIX_EPOCH.elapsed().context("the clock is wrong")?;
    let now = now.as_millis().to_string();
    let annotation = Patch::Merge(json!({ "metadata": { "annotations": { "force-sync": now } } }));
    let (name, _) = verifier::TOKEN;
    let asked = api(cluster)
        .patch(name, &PatchParams::default(), &annotation)
        .await;
    asked.map(drop).context("have the secret looked at")
}

/// Has it looked at until it says that it cannot be kept, with an event that says `why`. Gives
/// both. One look is too few: what is changed in AWS counts a few seconds later.
pub(super) async fn fails(
    step: &StepHandle,
    cluster: &Cluster,
    why: &str,
    within: Duration,
) -> Result<String> {
    eventually(step, &format!("a refusal: {why}"), within, async || {
        let reason = ready(cluster).await?.err();
        let events: Api<Event> = Api::namespaced(cluster.client.clone(), verifier::NAME);
        let events = events.list(&ListParams::default()).await.context("list events")?;
        let of_secret = events.items.into_iter().filter(|event| {
            event.involved_object.kind.as_deref() == Some(KIND) && event.type_.as_deref() == Some("Warning")
        });
        let words: Vec<_> = of_secret.filter_map(|event| event.message).collect();
        let said = words.iter().find(|words| words.contains(why));
        Ok(match (reason, said) {
            (Some(reason), Some(said)) => Verdict::Ready(format!("{reason}: {said}")),
            (reason, _) => {
                look_now(cluster).await?;
                Verdict::Pending(format!("{reason:?}, {words:?}"))
            }
        })
    })
    .await
}

/// Waits until it is kept again.
pub(super) async fn works(step: &StepHandle, cluster: &Cluster, within: Duration) -> Result<()> {
    eventually(step, "a secret that is kept", within, async || {
        Ok(match ready(cluster).await? {
            Ok(()) => Verdict::Ready(()),
            Err(reason) => Verdict::Pending(reason),
        })
    })
    .await
}

/// When it was last read in AWS, as it says.
pub(super) async fn read_at(cluster: &Cluster) -> Result<String> {
    let (name, _) = verifier::TOKEN;
    let found = api(cluster).get(name).await.context("read the ExternalSecret")?;
    let read = found.data["status"]["refreshTime"].as_str();
    read.map(str::to_owned)
        .context("the ExternalSecret does not say when")
}

/// Whether it is Ready, or the reason that it gives.
async fn ready(cluster: &Cluster) -> Result<Result<(), String>> {
    let (name, _) = verifier::TOKEN;
    let found = api(cluster).get(name).await.context("read the ExternalSecret")?;
    let conditions = found.data["status"]["conditions"].as_array().cloned();
    let mut conditions = conditions.unwrap_or_default().into_iter();
    let ready = conditions.find(|condition| condition["type"] == "Ready");
    let ready = ready.unwrap_or_default();
    Ok(if ready["status"] == "True" {
        Ok(())
    } else {
        Err(ready["reason"].as_str().unwrap_or("nothing yet").to_owned())
    })
}
