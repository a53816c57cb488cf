//! Whether a commit is live, as Argo CD sees it: the few fields of an Application that tell, and what they mean together.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use e2e_report::Milestone;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::api::{ListParams, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind, Object};
use kube::{Api, ResourceExt as _};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cluster::Cluster;
use crate::env::Env;
use crate::environment::Environment;
use crate::git::short;
use crate::progress::StepHandle;
use crate::recorder::Way;
use crate::wait::{Verdict, consistently, eventually};

/// Where Argo CD and its Applications are.
const NAMESPACE: &str = "argocd";

/// Argo CD takes it away once it has looked.
const REFRESH: &str = "argocd.argoproj.io/refresh";

/// How long a state must last to count: longer than the moment in which a new operation has wiped the last one's result.
const HELD: Duration = Duration::from_secs(3);

/// An Application, as far as it is read here.
pub(crate) type Application = Object<Spec, Status>;

/// Nothing of the wish is read: what counts is what Argo CD made of it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Spec {}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Status {
    sync: Sync,
    health: Health,
    operation_state: Option<OperationState>,
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Sync {
    status: String,
    revision: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Health {
    status: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
struct OperationState {
    phase: String,
    message: String,
    sync_result: Option<SyncResult>,
    started_at: Option<Time>,
    finished_at: Option<Time>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct SyncResult {
    revision: String,
    resources: Vec<ResourceResult>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
struct ResourceResult {
    kind: String,
    name: String,
    status: String,
    message: String,
    hook_phase: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    message: String,
}

fn api(cluster: &Cluster) -> Api<Application> {
    let kind = GroupVersionKind::gvk("argoproj.io", "v1alpha1", "Application");
    Api::namespaced_with(cluster.client.clone(), NAMESPACE, &ApiResource::from_gvk(&kind))
}

/// Wait until `apps` have been synced to exactly `revision` and are healthy, and see that it stays so.
pub(crate) async fn live(
    step: &StepHandle,
    cluster: &Cluster,
    apps: &[&str],
    revision: &str,
    within: Duration,
) -> Result<()> {
    let what = format!(
        "{} at {} on {}",
        apps.join(", "),
        short(revision),
        cluster.environment
    );
    eventually(step, &what, within, async || look(cluster, apps, revision).await).await?;
    consistently(step, &what, HELD, async || look(cluster, apps, revision).await).await
}

/// Wait until every Application of both environments is as Git says, healthy, and nothing is under way.
pub(crate) async fn calm(step: &StepHandle, env: &Env, within: Duration) -> Result<()> {
    eventually(step, "everything Synced and Healthy", within, async || {
        let mut pending = Vec::new();
        for environment in Environment::ALL {
            let cluster = env.cluster(environment);
            for app in list(cluster).await? {
                let status = app.status.clone().unwrap_or_default();
                if !status.is_calm() {
                    pending.push(format!(
                        "{} on {environment}: {}",
                        app.name_any(),
                        status.summary()
                    ));
                }
            }
        }
        Ok(match pending.as_slice() {
            [] => Verdict::Ready(()),
            pending => Verdict::Pending(pending.join("; ")),
        })
    })
    .await
}

/// Have Argo CD look into Git now, whether or not anybody told it of a commit, and wait until it has done so.
pub(crate) async fn refreshed(step: &StepHandle, env: &Env, within: Duration) -> Result<()> {
    for environment in Environment::ALL {
        let cluster = env.cluster(environment);
        for app in list(cluster).await? {
            refresh(cluster, &app.name_any()).await?;
        }
    }
    eventually(step, "a look into Git", within, async || {
        let mut pending = Vec::new();
        for environment in Environment::ALL {
            let apps = list(env.cluster(environment)).await?;
            let asked = apps.iter().filter(|app| app.annotations().contains_key(REFRESH));
            pending.extend(asked.map(|app| format!("{} on {environment}", app.name_any())));
        }
        Ok(match pending.as_slice() {
            [] => Verdict::Ready(()),
            pending => Verdict::Pending(pending.join(", ")),
        })
    })
    .await
}

/// Wait until the sync of an Application to `revision` has failed, and give Argo CD's words.
pub(crate) async fn failed(
    step: &StepHandle,
    cluster: &Cluster,
    app: &str,
    revision: &str,
    within: Duration,
) -> Result<String> {
    let what = format!("the sync of {app} to {} fails", short(revision));
    eventually(step, &what, within, async || {
        let found = api(cluster).get(app).await?;
        Ok(match judge(found.status.as_ref(), revision) {
            Verdict::Failed(why) => Verdict::Ready(why),
            Verdict::Ready(()) => Verdict::Failed("it succeeded".to_owned()),
            Verdict::Pending(why) => Verdict::Pending(why),
        })
    })
    .await
}

/// Have Argo CD look at Git for an Application now.
pub(crate) async fn refresh(cluster: &Cluster, app: &str) -> Result<()> {
    let annotation = json!({ "metadata": { "annotations": { REFRESH: "normal" } } });
    api(cluster)
        .patch(app, &PatchParams::default(), &Patch::Merge(annotation))
        .await
        .with_context(|| format!("ask for a refresh of {app} on {}", cluster.environment))?;
    Ok(())
}

/// When the last sync of an Application began, in whole seconds.
pub(crate) async fn sync_began(cluster: &Cluster, app: &str) -> Result<SystemTime> {
    let found = api(cluster).get(app).await?;
    let operation = found.status.and_then(|status| status.operation_state);
    let began = operation.and_then(|operation| operation.started_at);
    let Time(began) = began.with_context(|| format!("{app} was never synced"))?;
    Ok(began.into())
}

/// Wait until an Application has been synced to `revision`, and catch it while its pods are still being replaced.
pub(crate) async fn rolling_out(
    step: &StepHandle,
    cluster: &Cluster,
    app: &str,
    revision: &str,
    within: Duration,
) -> Result<()> {
    let what = format!("{app} rolls {} out", short(revision));
    eventually(step, &what, within, async || {
        let status = api(cluster).get(app).await?.status.unwrap_or_default();
        Ok(match judge(Some(&status), revision) {
            Verdict::Failed(why) => Verdict::Failed(why),
            Verdict::Ready(()) => Verdict::Failed("it is over already".to_owned()),
            Verdict::Pending(_) if status.is_rolling_out(revision) => Verdict::Ready(()),
            Verdict::Pending(why) => Verdict::Pending(why),
        })
    })
    .await
}

/// Note when the last sync of an Application ran. Only for the report: what cannot be read is left out.
pub(crate) async fn note_sync(way: &Way, cluster: &Cluster, app: &str) {
    let found = api(cluster).get(app).await.ok();
    let operation = found.and_then(|app| app.status?.operation_state);
    let Some(operation) = operation else { return };
    for (milestone, time) in [
        (Milestone::Detected, operation.started_at),
        (Milestone::Applied, operation.finished_at),
    ] {
        if let Some(Time(time)) = time {
            way.mark_time(milestone, time.into());
        }
    }
}

async fn list(cluster: &Cluster) -> Result<Vec<Application>> {
    let listed = api(cluster).list(&ListParams::default()).await;
    let listed = listed.with_context(|| format!("list the Applications on {}", cluster.environment))?;
    Ok(listed.items)
}

async fn look(cluster: &Cluster, apps: &[&str], revision: &str) -> Result<Verdict<()>> {
    let found = list(cluster).await?;
    let mut pending = Vec::new();
    for name in apps {
        let Some(app) = found
            .iter()
            .find(|app| app.metadata.name.as_deref() == Some(name))
        else {
            pending.push(format!("{name}: does not exist yet"));
            continue;
        };
        match judge(app.status.as_ref(), revision) {
            Verdict::Ready(()) => {}
            Verdict::Pending(why) => pending.push(format!("{name}: {why}")),
            Verdict::Failed(why) => return Ok(Verdict::Failed(format!("{name}: {why}"))),
        }
    }
    Ok(if pending.is_empty() {
        Verdict::Ready(())
    } else {
        Verdict::Pending(pending.join("; "))
    })
}

/// Synced, Healthy, and the last operation succeeded, all at exactly this revision. Health alone says nothing: it stays
/// Healthy when a migration has failed and nothing was rolled out.
fn judge(status: Option<&Status>, revision: &str) -> Verdict<()> {
    let Some(status) = status else {
        return Verdict::Pending("Argo CD has not looked at it yet".to_owned());
    };
    let Some(operation) = &status.operation_state else {
        return Verdict::Pending(status.problem().unwrap_or_else(|| "not synced yet".to_owned()));
    };
    let result = operation.sync_result.clone().unwrap_or_default();
    let at_revision = result.revision == revision;
    match operation.phase.as_str() {
        "Failed" | "Error" if at_revision => {
            return Verdict::Failed(format!("the sync failed: {}", operation.explained(&result)));
        }
        "Succeeded" if at_revision => {}
        // What had failed was taken back, and nothing is left to sync: there is no new operation.
        "Failed" | "Error" => {}
        "Succeeded" => return Verdict::Pending(status.problem().unwrap_or_else(|| status.compared())),
        phase => return Verdict::Pending(format!("sync is {phase}: {}", operation.explained(&result))),
    }
    if status.sync.revision != revision || status.sync.status != "Synced" {
        return Verdict::Pending(status.problem().unwrap_or_else(|| status.compared()));
    }
    match status.health.status.as_str() {
        "Healthy" => Verdict::Ready(()),
        other => Verdict::Pending(format!("synced, health is {other}")),
    }
}

impl Status {
    /// Whether Argo CD has nothing left to do, whichever revision that is.
    fn is_calm(&self) -> bool {
        let settled = self
            .operation_state
            .as_ref()
            .is_some_and(|operation| operation.is_settled(&self.sync.revision));
        settled && self.sync.status == "Synced" && self.health.status == "Healthy" && self.problem().is_none()
    }

    /// The sync to `revision` is over, and what it began is not.
    fn is_rolling_out(&self, revision: &str) -> bool {
        let succeeded = self.operation_state.as_ref().is_some_and(|operation| {
            let result = operation.sync_result.as_ref();
            operation.phase == "Succeeded" && result.is_some_and(|result| result.revision == revision)
        });
        succeeded && self.health.status == "Progressing"
    }

    /// Its state in a few words.
    fn summary(&self) -> String {
        let phase = self
            .operation_state
            .as_ref()
            .map_or("not synced", |operation| operation.phase.as_str());
        let state = format!("{}, {}, last sync {phase}", self.sync.status, self.health.status);
        self.problem()
            .map_or(state.clone(), |problem| format!("{state}, {problem}"))
    }

    fn compared(&self) -> String {
        format!("{} with {}", self.sync.status, short(&self.sync.revision))
    }

    /// What Argo CD complains about; it may pass, for example when its repo server was still starting.
    fn problem(&self) -> Option<String> {
        let condition = self
            .conditions
            .iter()
            .find(|condition| condition.kind.ends_with("Error"))?;
        Some(format!("{}: {}", condition.kind, condition.message))
    }
}

impl OperationState {
    /// It succeeded, or failed at a revision that is not the one compared with now.
    fn is_settled(&self, compared: &str) -> bool {
        let revision = self.sync_result.as_ref().map(|result| result.revision.as_str());
        match self.phase.as_str() {
            "Succeeded" => true,
            "Failed" | "Error" => revision != Some(compared),
            _ => false,
        }
    }

    fn explained(&self, result: &SyncResult) -> String {
        let bad = |resource: &&ResourceResult| {
            resource.status == "SyncFailed"
                || ["Failed", "Error", "Running"].contains(&resource.hook_phase.as_str())
        };
        let resources = result.resources.iter().filter(bad);
        let told =
            resources.map(|resource| format!("{} {}: {}", resource.kind, resource.name, resource.message));
        std::iter::once(self.message.clone())
            .chain(told)
            .collect::<Vec<_>>()
            .join("; ")
    }
}

#[cfg(test)]
mod tests;
