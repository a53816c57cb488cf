//! A release of staging's backend that its migration stops: what is released, and that everything
//! else continues as before.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use serde_json::{Value, json};

use crate::actors::{Operator, ReadLoad, Visitor};
use crate::environment::{API, Environment, NAMESPACE};
use crate::git::short;
use crate::gitops;
use crate::run::{StepHandle, Testbed};
use crate::scenarios::overlays;
use crate::scenarios::workloads::JOB;

pub(crate) const APP: &str = API;
const HEALED: Duration = Duration::from_secs(40);

/// What a release changes. The server always gets what its migration gets: a change of the
/// migration alone is no difference for Argo CD, and nothing would be released.
#[derive(Debug, Default)]
pub(crate) struct Change<'a> {
    /// Environment variables of server and migration.
    pub(crate) settings: &'a [(&'a str, &'a str)],
    /// The image of both.
    pub(crate) image: Option<&'a str>,
    /// How many seconds the migration may take.
    pub(crate) deadline: Option<u32>,
    /// How many seconds a new server must be ready before the rollout goes on.
    pub(crate) settle: Option<u32>,
}

impl Change<'_> {
    /// The patches for [`overlays::BACKEND`].
    pub(crate) fn patches(&self) -> Vec<Value> {
        let setting = |(name, value): &(&str, &str)| json!({ "name": name, "value": value });
        let mut container = json!({ "name": "backend" });
        if !self.settings.is_empty() {
            container["env"] = self.settings.iter().map(setting).collect();
        }
        if let Some(image) = self.image {
            container["image"] = json!(image);
        }
        let seconds = |kind: &str, path: &str, seconds: u32| overlays::set(kind, path, &json!(seconds));
        let patches = [
            Some(overlays::container("Deployment|Job", &container)),
            self.deadline
                .map(|deadline| seconds("Job", "/spec/activeDeadlineSeconds", deadline)),
            self.settle
                .map(|settle| seconds("Deployment", "/spec/minReadySeconds", settle)),
        ];
        patches.into_iter().flatten().collect()
    }
}

/// Staging before the release, and the people who look at it all the while.
pub(crate) struct Course<'a> {
    testbed: &'a Testbed,
    step: &'a StepHandle,
    pub(crate) operator: Operator,
    reads: ReadLoad,
    before: Board,
    production: String,
    /// The newest commit of the manifests.
    head: String,
}

/// What must stay as it is when a release is stopped.
#[derive(Debug, PartialEq)]
struct Board {
    /// What the API was built from.
    commit: String,
    /// Changes with every change of the Deployment's spec.
    generation: Option<i64>,
    /// Texts by message.
    messages: BTreeMap<String, String>,
}

impl<'a> Course<'a> {
    /// Looks at what is there, and lets people come.
    pub(crate) async fn begin(testbed: &'a Testbed, step: &'a StepHandle) -> Result<Self> {
        let operator = Operator::of(testbed);
        Ok(Self {
            testbed,
            step,
            before: Board::of(testbed).await?,
            production: Visitor::of(testbed.last(), &testbed.harness.http)
                .commit_shown()
                .await?,
            reads: ReadLoad::start(testbed, Environment::first())?,
            head: operator.head().await?,
            operator,
        })
    }

    /// Releases `change` by a commit.
    pub(crate) async fn release(&self, change: &Change<'_>) -> Result<String> {
        self.operator.patch(&overlays::of(API), &change.patches()).await
    }

    /// Waits until the sync to `bad`, merged just now, has failed and names the Job and `why`;
    /// nothing of it may have been rolled out.
    pub(crate) async fn stopped(&self, bad: &str, why: &str, within: Duration) -> Result<()> {
        let merged = Instant::now();
        let message = gitops::app(self.step, self.testbed.first(), APP)
            .at(bad)
            .failed(within)
            .await?;
        self.step
            .measured("merge to failed", merged.elapsed().as_secs_f64());
        ensure!(
            message.contains(&format!("Job {JOB}")) && message.contains(why),
            "Argo CD does not name Job {JOB} and {why:?}: {message}"
        );
        self.step
            .evidence(format!("Argo CD on {}: {message}", short(bad)));
        self.untouched().await
    }

    /// Server, page and messages are what they were before the release, in production too.
    pub(crate) async fn untouched(&self) -> Result<()> {
        let now = Board::of(self.testbed).await?;
        ensure!(
            now == self.before,
            "staging was to stay {:?} and is {now:?}",
            self.before
        );
        let production = Visitor::of(self.testbed.last(), &self.testbed.harness.http)
            .commit_shown()
            .await?;
        ensure!(
            production == self.production,
            "production shows {production}, it was {}",
            self.production
        );
        self.step.evidence(format!(
            "{} still serves, its Deployment unchanged, all {} messages as they were",
            short(&now.commit),
            now.messages.len()
        ));
        Ok(())
    }

    /// Every message is what it was before the release, but for one, which says `text`.
    pub(crate) async fn same_messages_but(&self, uuid: &str, text: &str) -> Result<()> {
        let mut expected = self.before.messages.clone();
        expected.insert(uuid.to_owned(), text.to_owned());
        let now = Board::of(self.testbed).await?.messages;
        ensure!(
            now == expected,
            "the messages should be {expected:?} and are {now:?}"
        );
        Ok(())
    }

    /// Waits until `commit` has been synced and its servers are ready.
    pub(crate) async fn arrived(&self, commit: &str) -> Result<()> {
        gitops::app(self.step, self.testbed.first(), APP)
            .at(commit)
            .arrived(HEALED)
            .await
    }

    /// Waits until `commit` is live, and has been for so long that nobody is sent to an older
    /// server.
    pub(crate) async fn live(&self, commit: &str) -> Result<()> {
        gitops::app(self.step, self.testbed.first(), APP)
            .at(commit)
            .live(HEALED)
            .await
            .map(drop)
    }

    /// Takes back everything that was released since the beginning at once, and waits until that
    /// has arrived.
    pub(crate) async fn back(&self) -> Result<()> {
        self.operator.restore(&self.head).await?;
        let healed = Instant::now();
        self.arrived(&self.operator.head().await?).await?;
        self.step.measured("taken back", healed.elapsed().as_secs_f64());
        Ok(())
    }

    /// Nobody may have noticed anything.
    pub(crate) async fn end(self) -> Result<()> {
        self.reads.stop(self.step).await?.at_most(0)
    }
}

impl Board {
    async fn of(testbed: &Testbed) -> Result<Self> {
        let visitor = Visitor::of(testbed.first(), &testbed.harness.http);
        let deployments: Api<Deployment> = Api::namespaced(testbed.first().client.clone(), NAMESPACE);
        let deployment = deployments
            .get(APP)
            .await
            .context("read the backend's Deployment")?;
        let messages = visitor.messages().await?.into_iter();
        Ok(Self {
            commit: visitor.backend_version().await?.commit,
            generation: deployment.metadata.generation,
            messages: messages.map(|message| (message.uuid, message.text)).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_patches_that_kustomize_can_read() {
        let change = Change {
            settings: &[("TABLE_NAME", "messages-\"elsewhere\"")],
            deadline: Some(10),
            ..Change::default()
        };
        let patches = change.patches();
        assert_eq!(patches.len(), 2);
        let patch: Value = serde_json::from_str(patches[0]["patch"].as_str().unwrap()).unwrap();
        let container = &patch["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["env"][0]["value"], "messages-\"elsewhere\"");
        assert!(container.get("image").is_none());
        assert_eq!(patches[1]["target"]["kind"], "Job");
    }
}
