//! The generated apps on the forge and on the clusters: made, changed and waited for.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{ListParams, PostParams};
use kube::core::DynamicObject;
use kube::{Api, ResourceExt as _};

use super::generated::{self, BASE, NAME, OURS, OWN};
use super::settings::Settings;
use crate::actors::{merge_on_forge, propose_on_forge};
use crate::cluster::{Cluster, argocd_url_for_forge};
use crate::environment::Environment;
use crate::git::checkout::Checkout;
use crate::git::forge::{ForgeAccess, Repository, Webhook};
use crate::gitops;
use crate::platform::argocd;
use crate::run::{StepHandle, Testbed};
use crate::wait::{Verdict, eventually};

/// Where Argo CD and the forge are together slower than this, they count as broken.
const ALL_SYNCED: Duration = Duration::from_mins(15);
const ALL_CHANGED: Duration = Duration::from_mins(10);
const ONE_CHANGED: Duration = Duration::from_mins(5);
/// A list of all Applications has some kilobytes for each: asked for without a pause, it would be a
/// load of its own.
const LOOK: Duration = Duration::from_millis(2);
/// Applications that are made at the same time.
const AT_ONCE: usize = 20;

/// A number of apps on some clusters.
pub(super) struct Bed<'a> {
    testbed: &'a Testbed,
    clusters: &'a [Cluster],
    repository: Repository,
    checkout: Checkout,
    apps: u32,
    /// Counted up with each change.
    release: u32,
}

impl<'a> Bed<'a> {
    /// An empty repository on the forge. It is one of its own: what is pushed there starts no CI,
    /// and no other Application looks at it.
    pub(super) async fn begin(testbed: &'a Testbed) -> Result<Self> {
        let forge = &testbed.world.forge;
        let organisation = ForgeAccess::ORGANISATION;
        let made = forge
            .client()
            .create_repository(organisation, NAME, Environment::first().branch())
            .await;
        let repository = made.context("make the repository of the generated apps")?;
        let folder = testbed.harness.run.empty(NAME)?;
        let checkout = Checkout::clone_of(&address(&forge.host_url), &folder, &forge.token).await?;
        Ok(Self {
            testbed,
            clusters: &[],
            repository,
            checkout,
            apps: 0,
            release: 0,
        })
    }

    /// Makes so many apps of it, which these clusters are told of.
    pub(super) async fn hold(&mut self, apps: u32, clusters: &'a [Cluster]) -> Result<()> {
        (self.apps, self.clusters) = (apps, clusters);
        if self.release > 0 {
            // Proposals were merged since, which are commits that only the forge has.
            self.checkout.catch_up().await?;
        }
        self.release += 1;
        let message = format!("Generate {apps} apps");
        let edit = |folder: &std::path::Path| generated::write(folder, apps, self.release);
        self.checkout.commit_edit(&message, edit).await?;
        self.checkout.push(Environment::first().branch()).await?;
        let addresses = clusters
            .iter()
            .map(|cluster| format!("{}/api/webhook", argocd_url_for_forge(cluster.environment)));
        let addresses: Vec<_> = addresses.collect();
        let webhooks: Vec<_> = addresses.iter().map(|url| self.webhook(url)).collect();
        let set = self.repository.set_webhooks(&webhooks).await;
        set.context("have the forge tell Argo CD of pushes")
    }

    fn webhook<'b>(&'b self, url: &'b str) -> Webhook<'b> {
        Webhook {
            url,
            secret: &self.testbed.world.forge.argocd_webhook_secret,
            branches: Environment::first().branch(),
            events: &["push"],
        }
    }

    /// Makes the Applications, and gives the seconds until all are Synced and Healthy.
    pub(super) async fn create(&self, step: &StepHandle, settings: &Settings) -> Result<f64> {
        let commit = self.checkout.head().await?;
        let url = address(&ForgeAccess::cluster_url());
        for cluster in self.clusters {
            let log = self.testbed.harness.run.log(NAME);
            let project = generated::project(&url);
            cluster.apply_over(&self.testbed.harness, &project, &log).await?;
        }
        let began = Instant::now();
        for cluster in self.clusters {
            let applications = applications(cluster);
            let numbers: Vec<u32> = (1..=self.apps).collect();
            for numbers in numbers.chunks(AT_ONCE) {
                let made = numbers.iter().map(async |&number| {
                    let wish = generated::application(number, &url, settings.watches());
                    let wish: DynamicObject = serde_json::from_value(wish)?;
                    applications.create(&PostParams::default(), &wish).await?;
                    anyhow::Ok(())
                });
                try_join_all(made).await.context("make the Applications")?;
            }
        }
        let what = format!("{} Applications Synced and Healthy", self.apps);
        eventually(step, &what, ALL_SYNCED, async || {
            tokio::time::sleep(LOOK * self.apps).await;
            let mut unsteady = Vec::new();
            for cluster in self.clusters {
                let found = gitops::api(cluster).list(&ours()).await?;
                unsteady.extend(found.items.into_iter().filter_map(|one| {
                    let status = one.status.clone().unwrap_or_default();
                    (!status.is_steady_at(&commit))
                        .then(|| format!("{}: {}", one.name_any(), status.summary()))
                }));
            }
            Ok(match unsteady.as_slice() {
                [] => Verdict::Ready(()),
                [first, ..] => Verdict::Pending(format!("{} are not, as {first}", unsteady.len())),
            })
        })
        .await?;
        Ok(began.elapsed().as_secs_f64())
    }

    /// Changes one app, and gives the seconds from the merge until each cluster has the change.
    pub(super) async fn change_one(&mut self, step: &StepHandle) -> Result<f64> {
        // Another one each time, from all over the list.
        let number = self.release * 7919 % self.apps + 1;
        let release = self.release + 1;
        let edit = |folder: &std::path::Path| generated::change_overlay(folder, number, release);
        let asked = self
            .merge(step, &format!("Change {}", generated::app(number)), edit)
            .await?;
        let wanted = format!("metadata.name={}", generated::app(number));
        let filter = ListParams::default().fields(&wanted);
        self.live(step, OWN, &filter, ONE_CHANGED).await?;
        Ok(asked.elapsed().as_secs_f64())
    }

    /// The same for what all apps have in common.
    pub(super) async fn change_all(&mut self, step: &StepHandle) -> Result<f64> {
        let release = self.release + 1;
        let edit = |folder: &std::path::Path| generated::change_base(folder, release);
        let asked = self.merge(step, "Change all apps", edit).await?;
        self.live(step, BASE, &ListParams::default(), ALL_CHANGED).await?;
        Ok(asked.elapsed().as_secs_f64())
    }

    /// Until no Deployment among these says an earlier release.
    async fn live(&self, step: &StepHandle, label: &str, among: &ListParams, within: Duration) -> Result<()> {
        let earlier = among
            .clone()
            .labels(&format!("{label}!={}", self.release))
            .limit(1);
        let what = format!("release {} everywhere", self.release);
        eventually(step, &what, within, async || {
            for cluster in self.clusters {
                let deployments: Api<Deployment> = Api::namespaced(cluster.client.clone(), NAME);
                let found = deployments.list(&earlier).await?;
                if let Some(first) = found.items.first() {
                    return Ok(Verdict::Pending(format!("not {}", first.name_any())));
                }
            }
            Ok(Verdict::Ready(()))
        })
        .await
    }

    /// Merges a proposal of this, and says when that was asked for.
    async fn merge(
        &mut self,
        step: &StepHandle,
        title: &str,
        edit: impl FnOnce(&std::path::Path) -> Result<()>,
    ) -> Result<Instant> {
        self.checkout.catch_up().await?;
        self.checkout.commit_edit(title, edit).await?;
        self.release += 1;
        let branch = format!("change/{}", self.release);
        self.checkout.push(&branch).await?;
        let base = Environment::first().branch();
        let proposal = propose_on_forge(step, &self.repository, &branch, base, title).await?;
        merge_on_forge(step, &self.repository, &proposal).await
    }
}

pub(super) fn ours() -> ListParams {
    ListParams::default().labels(OURS)
}

pub(super) fn applications(cluster: &Cluster) -> Api<DynamicObject> {
    argocd::objects(cluster, "Application")
}

fn address(forge: &str) -> String {
    format!("{forge}/{}/{NAME}.git", ForgeAccess::ORGANISATION)
}
