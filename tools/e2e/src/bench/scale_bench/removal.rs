//! What was generated is removed, also what a measurement that was killed has left.

use std::time::Duration;

use anyhow::{Context as _, Result};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Service, ServiceAccount};
use kube::Api;
use kube::api::DeleteParams;

use super::bed::{applications, ours};
use super::generated::NAME;
use super::settings;
use crate::cluster::Cluster;
use crate::git::forge::ForgeAccess;
use crate::platform::argocd;
use crate::run::{StepHandle, Testbed};
use crate::wait::{Verdict, eventually, gone};

const REMOVED: Duration = Duration::from_mins(5);

/// Removes the apps of a cluster. The Applications go first, and without what they run: this works
/// also where Argo CD does not.
pub(super) async fn clear(step: &StepHandle, cluster: &Cluster) -> Result<()> {
    let client = || cluster.client.clone();
    let at_once = DeleteParams::default();
    let applications = applications(cluster);
    applications
        .delete_collection(&at_once, &ours())
        .await
        .context("remove the Applications")?;
    eventually(step, "the Applications removed", REMOVED, async || {
        let left = applications.list_metadata(&ours().limit(1)).await?;
        Ok(match left.items.as_slice() {
            [] => Verdict::Ready(()),
            _ => Verdict::Pending("some are left".to_owned()),
        })
    })
    .await?;
    let deployments: Api<Deployment> = Api::namespaced(client(), NAME);
    deployments
        .delete_collection(&at_once, &ours())
        .await
        .context("remove the Deployments")?;
    let services: Api<Service> = Api::namespaced(client(), NAME);
    services
        .delete_collection(&at_once, &ours())
        .await
        .context("remove the Services")?;
    let accounts: Api<ServiceAccount> = Api::namespaced(client(), NAME);
    accounts
        .delete_collection(&at_once, &ours())
        .await
        .context("remove the service accounts")?;
    Ok(())
}

/// Removes whatever this measurement has made, also what one that was killed has left.
pub(super) async fn remove(step: &StepHandle, testbed: &Testbed) -> Result<()> {
    for cluster in &testbed.clusters {
        let namespaces: Api<Namespace> = Api::all(cluster.client.clone());
        if namespaces.get_opt(NAME).await?.is_none() {
            continue;
        }
        step.doing(&format!("{}: remove the generated apps", cluster.environment));
        clear(step, cluster).await?;
        // The namespace last: an Argo CD that is told to look there fails without it.
        settings::restore(testbed, cluster).await?;
        argocd::restart(step, cluster).await?;
        let at_once = DeleteParams::default();
        argocd::objects(cluster, "AppProject")
            .delete_collection(&at_once, &ours())
            .await
            .context("remove the project")?;
        namespaces
            .delete(NAME, &at_once)
            .await
            .context("remove the namespace")?;
        gone(
            step,
            "the namespace removed",
            REMOVED,
            &namespaces,
            NAME,
            "it is being emptied",
        )
        .await?;
    }
    let forge = testbed.world.forge.client();
    let removed = forge.repository(ForgeAccess::ORGANISATION, NAME).delete().await;
    removed.context("remove the repository of the generated apps")
}
