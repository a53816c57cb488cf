//! One release after the other, as in real life: a proposal is merged on the forge, and somebody
//! outside watches.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use super::figures::Sample;
use super::{Before, Notice, twin};
use crate::actors::{merge_on_forge, pins, propose_on_forge, sample_until_only};
use crate::cluster::Cluster;
use crate::environment::{API, Environment};
use crate::git::checkout::Checkout;
use crate::git::forge::{PullRequest, Repository};
use crate::git::repositories::manifests_on_forge;
use crate::git::short;
use crate::gitops;
use crate::run::{StepHandle, Testbed};
use crate::scenarios::migration_job;

const APP: &str = API;
/// How the webhooks of Argo CD end.
pub(super) const HOOK: &str = "/api/webhook";

/// Polling may miss a commit twice: what the repo server remembers of a branch outlives one
/// interval.
const GIVE_UP: Duration = Duration::from_mins(8);

/// An image that is in the registry, and the commit that says it is serving.
struct Image {
    digest: String,
    commit: String,
}

/// The backend of staging, switched between two images.
pub(super) struct Releases<'a> {
    testbed: &'a Testbed,
    repository: Repository,
    manifests: Checkout,
    /// What was served when it began, and its twin.
    images: [Image; 2],
    /// How many were begun.
    count: usize,
}

impl<'a> Releases<'a> {
    /// Changes nothing that is served.
    pub(super) async fn begin(testbed: &'a Testbed, before: &Before) -> Result<Self> {
        let manifests = testbed.manifests();
        let mut pinned = pins(&manifests, &before.manifests, Environment::first()).await?;
        let digest = pinned.remove(APP).context("the backend is pinned")?;
        let commit = format!("twin-of-{}", short(&before.serving));
        let twin = Image {
            digest: twin::of(testbed, APP, &digest, &commit).await?,
            commit,
        };
        let served = Image {
            digest,
            commit: before.serving.clone(),
        };
        Ok(Self {
            testbed,
            repository: manifests_on_forge(&testbed.world),
            manifests,
            images: [served, twin],
            count: 0,
        })
    }

    /// One release, merged after `pause`.
    pub(super) async fn one(&mut self, step: &StepHandle, notice: Notice, pause: Duration) -> Result<Sample> {
        let webhooks = notice.is_webhook();
        self.repository.set_webhooks_active(HOOK, webhooks).await?;
        let [from, to] = match self.count % 2 {
            0 => [0, 1],
            _ => [1, 0],
        };
        self.count += 1;
        let [from, to] = [&self.images[from], &self.images[to]];
        let proposal = self.propose(step, &from.digest, &to.digest).await?;
        step.doing(&format!(
            "release {}: the proposal waits {} s",
            self.count,
            pause.as_secs()
        ));
        tokio::time::sleep(pause).await;

        let asked = merge_on_forge(step, &self.repository, &proposal).await?;
        let began = SystemTime::now() - asked.elapsed();
        let cluster = self.testbed.first();
        if notice == Notice::Annotation {
            gitops::refresh(cluster, APP).await?;
        }
        let commit = self.manifests.catch_up().await?;
        let http = &self.testbed.harness.http;
        let url = version_url(cluster);
        let (rollout, _) = tokio::try_join!(
            sample_until_only(http, &url, &to.commit, asked, GIVE_UP),
            gitops::app(step, cluster, APP).at(&commit).live(GIVE_UP),
        )?;
        // A moment in the second of the merge may seem to be before it.
        let since = |time: SystemTime| match time.duration_since(began) {
            Ok(after) => after.as_secs_f64(),
            Err(before) => -before.duration().as_secs_f64(),
        };
        let sync = gitops::synced(cluster, APP).await?;
        Ok(Sample {
            sync: sync.map(since),
            migration: migration_job::ran(cluster).await?.map(since),
            first: rollout.first.as_secs_f64(),
            only: rollout.only.as_secs_f64(),
            asked: rollout.asked,
            failed: rollout.errors.len(),
        })
    }

    /// A proposal that the forge calls mergeable.
    async fn propose(&self, step: &StepHandle, old: &str, new: &str) -> Result<PullRequest> {
        self.manifests.catch_up().await?;
        let title = format!("Pin the backend of staging to {}", &new[..new.len().min(19)]);
        let overlay = Environment::first().overlay(APP);
        self.manifests.commit_replaced(&overlay, old, new, &title).await?;
        let branch = format!("bench/release-{}", short(&self.manifests.head().await?));
        self.manifests.push(&branch).await?;
        let base = Environment::first().branch();
        propose_on_forge(step, &self.repository, &branch, base, &title).await
    }
}

pub(super) fn version_url(cluster: &Cluster) -> String {
    format!("{}{}", cluster.api(), board_api::VERSION)
}
