//! What Argo CD says of an Application: the few fields that tell, and what they mean together.

use std::time::SystemTime;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::core::Object;
use serde::{Deserialize, Serialize};

use super::lasted_until;
use crate::git::short;
use crate::wait::Verdict;

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
    pub(super) operation_state: Option<OperationState>,
    conditions: Vec<Condition>,
    reconciled_at: Option<String>,
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
pub(super) struct OperationState {
    phase: String,
    message: String,
    sync_result: Option<SyncResult>,
    pub(super) started_at: Option<Time>,
    pub(super) finished_at: Option<Time>,
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

/// Synced, Healthy, and the last operation succeeded, all at exactly this revision. Health alone
/// says nothing: it stays Healthy when a migration has failed and nothing was rolled out.
pub(super) fn judge(status: &Status, revision: &str) -> Verdict<()> {
    let Some(operation) = &status.operation_state else {
        return status.adopted(revision);
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
    /// Of an Application that was never synced: its objects were there before it, as those of a
    /// cluster that another Argo CD has taken over.
    fn adopted(&self, revision: &str) -> Verdict<()> {
        if self.is_steady_at(revision) {
            return Verdict::Ready(());
        }
        Verdict::Pending(self.problem().unwrap_or_else(|| "not synced yet".to_owned()))
    }

    /// Whether it has taken over what was there, and has synced nothing.
    pub(crate) fn is_adopted(&self) -> bool {
        self.operation_state.is_none() && self.is_steady()
    }

    /// Whether Argo CD has not looked at it yet, and done nothing.
    pub(crate) fn is_untouched(&self) -> bool {
        self.operation_state.is_none() && self.sync.status.is_empty()
    }

    /// Whether Argo CD has nothing left to do, whichever revision that is.
    pub(super) fn is_steady(&self) -> bool {
        let settled = self
            .operation_state
            .as_ref()
            .is_none_or(|operation| operation.is_settled(&self.sync.revision));
        settled && self.sync.status == "Synced" && self.health.status == "Healthy" && self.problem().is_none()
    }

    /// The sync to `revision` is over, and what it began is not.
    pub(super) fn is_rolling_out(&self, revision: &str) -> bool {
        self.has_synced(revision) && self.health.status == "Progressing"
    }

    /// At rest, at this revision.
    pub(crate) fn is_steady_at(&self, revision: &str) -> bool {
        self.sync.revision == revision && self.is_steady()
    }

    /// Why this revision cannot even be compared with the cluster.
    pub(super) fn refusal(&self, revision: &str) -> Option<String> {
        let refused = self.sync.revision == revision && self.sync.status == "Unknown";
        self.problem().filter(|_| refused)
    }

    /// Whether this revision was applied and has not come up.
    pub(super) fn is_degraded_at(&self, revision: &str) -> bool {
        self.sync.revision == revision && self.sync.status == "Synced" && self.health.status == "Degraded"
    }

    /// Whether a sync to this revision is under way.
    pub(crate) fn is_syncing(&self, revision: &str) -> bool {
        self.operation_at(revision)
            .is_some_and(|operation| operation.phase == "Running")
    }

    /// Whether a sync to this revision is under way, or was at a moment since which it has failed,
    /// as far as whole seconds tell.
    pub(super) fn is_syncing_since(&self, revision: &str, moment: SystemTime) -> bool {
        let operation = self.operation_at(revision);
        let failed = operation.filter(|operation| ["Failed", "Error"].contains(&operation.phase.as_str()));
        let ended = failed.and_then(|operation| operation.finished_at.as_ref());
        self.is_syncing(revision) || ended.is_some_and(|Time(ended)| lasted_until((*ended).into(), moment))
    }

    /// Whether the last sync was to this revision and succeeded, whatever came of it.
    pub(crate) fn has_synced(&self, revision: &str) -> bool {
        self.operation_at(revision)
            .is_some_and(|operation| operation.phase == "Succeeded")
    }

    /// Whether Git could be read and compared with the cluster, whatever came of it.
    pub(super) fn is_compared(&self) -> bool {
        ["Synced", "OutOfSync"].contains(&self.sync.status.as_str())
    }

    /// Whether the cluster differs from this revision.
    pub(crate) fn is_out_of_sync(&self, revision: &str) -> bool {
        self.sync.revision == revision && self.sync.status == "OutOfSync"
    }

    fn operation_at(&self, revision: &str) -> Option<&OperationState> {
        let at = |operation: &&OperationState| {
            let result = operation.sync_result.as_ref();
            result.is_some_and(|result| result.revision == revision)
        };
        self.operation_state.as_ref().filter(at)
    }

    // wing: addons
    /// What Argo CD calls the state of what it runs.
    pub(crate) fn health(&self) -> &str {
        &self.health.status
    }
    // end of wing

    /// When Argo CD last compared it with Git.
    pub(crate) fn looked_at(&self) -> Option<&str> {
        self.reconciled_at.as_deref()
    }

    /// Everything that Argo CD says of it: what it complains about, and what its last sync met.
    pub(crate) fn words(&self) -> String {
        let operation = self.operation_state.as_ref();
        let explained = operation
            .map(|operation| operation.explained(&operation.sync_result.clone().unwrap_or_default()));
        let left_out = self.left_out().map(str::to_owned);
        let words = [self.problem(), left_out, explained].into_iter().flatten();
        words.collect::<Vec<_>>().join("; ")
    }

    /// What Argo CD says of a kind that it is not told to look at, and so does not apply.
    pub(crate) fn left_out(&self) -> Option<&str> {
        let mut conditions = self.conditions.iter();
        let left_out = conditions.find(|condition| condition.kind == "ExcludedResourceWarning")?;
        Some(&left_out.message)
    }

    /// Ready if it `is` what is waited for, else what it is instead.
    pub(crate) fn ready_if(&self, is: bool) -> Verdict<()> {
        if is {
            Verdict::Ready(())
        } else {
            Verdict::Pending(self.summary())
        }
    }

    /// Its state in a few words.
    pub(crate) fn summary(&self) -> String {
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

    /// What Argo CD complains about; it may pass, for example when its repo server was still
    /// starting.
    pub(crate) fn problem(&self) -> Option<String> {
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
        let resources =
            resources.map(|resource| format!("{} {}: {}", resource.kind, resource.name, resource.message));
        std::iter::once(self.message.clone())
            .chain(resources)
            .collect::<Vec<_>>()
            .join("; ")
    }
}

#[cfg(test)]
mod tests;
