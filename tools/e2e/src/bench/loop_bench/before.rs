//! What releases change, as it was before the first of them.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::release::{HOOK, version_url};
use crate::actors::{Operator, Visitor, sample_until_only};
use crate::environment::Environment;
use crate::git::repositories::manifests_on_forge;
use crate::gitops;
use crate::platform::argocd::Polling;
use crate::platform::verifier; // wing: verifier
use crate::run::{StepHandle, Testbed};

const STEADY: Duration = Duration::from_mins(2);

/// As it was.
pub(crate) struct Before {
    /// The newest commit of the manifests.
    pub(super) manifests: String,
    /// The commit that the backend of staging said it was built from.
    pub(super) serving: String,
    /// How often Argo CD asked Git by itself.
    polling: Polling,
}

impl Before {
    /// Waits until something is served, where the clusters have only just been brought up.
    pub(super) async fn note(step: &StepHandle, testbed: &Testbed) -> Result<Self> {
        gitops::steady(step, testbed, Environment::all(), STEADY).await?;
        let cluster = testbed.first();
        let visitor = Visitor::of(cluster, &testbed.harness.http);
        Ok(Self {
            manifests: testbed.manifests().catch_up().await?,
            serving: visitor.backend_version().await?.commit,
            polling: Polling::of(cluster.argocd()).await?,
        })
    }

    /// Makes it so again, whatever the releases have ended at.
    pub(super) async fn restore(&self, step: &StepHandle, testbed: &Testbed) -> Result<()> {
        let cluster = testbed.first();
        manifests_on_forge(&testbed.world)
            .set_webhooks_active(HOOK, true)
            .await?;
        verifier::resume(testbed, step).await?; // wing: verifier
        if Polling::of(cluster.argocd()).await? != self.polling {
            self.polling.set(step, cluster.argocd()).await?;
        }
        Operator::of(testbed).restore(&self.manifests).await?;
        // The forge may have told nobody of the last merge.
        gitops::refreshed(step, testbed, STEADY).await?;
        let (http, url) = (&testbed.harness.http, version_url(cluster));
        sample_until_only(http, &url, &self.serving, Instant::now(), STEADY).await?;
        gitops::steady(step, testbed, Environment::all(), STEADY).await
    }
}
