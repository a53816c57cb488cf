//! What runs at given times: the checks of a release, and how each run of one has ended.

use serde::Deserialize;

use super::{Condition, Metadata};

#[derive(Debug, Deserialize)]
pub(crate) struct CronJob {
    pub(crate) metadata: Metadata,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Job {
    pub(crate) metadata: Metadata,
    #[serde(default)]
    status: JobStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct JobStatus {
    conditions: Vec<Condition>,
}

impl Job {
    /// What has started it.
    pub(crate) fn owner(&self) -> &str {
        self.metadata
            .owner_references
            .first()
            .map_or("", |owner| &owner.name)
    }

    /// How it ended, once it has.
    pub(crate) fn passed(&self) -> Option<bool> {
        let has = |kind: &str| {
            let mut conditions = self.status.conditions.iter();
            conditions.any(|condition| condition.kind == kind && condition.status == "True")
        };
        if has("Failed") {
            return Some(false);
        }
        has("Complete").then_some(true)
    }
}
