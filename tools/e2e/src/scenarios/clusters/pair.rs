//! Two clusters of one environment, as while one takes the place of the other: what a person does
//! before any traffic moves.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::DeleteParams;

use super::kept::{live, without_applications};
use crate::actors::Visitor;
use crate::cluster::Cluster;
use crate::environment::{Environment, NAMESPACE};
use crate::platform::fleet;
use crate::run::{StepHandle, Testbed};
use crate::wait::gone;
use crate::world::aws;

/// Pods have half a minute for their last requests.
const EMPTIED: Duration = Duration::from_mins(1);
const AUTHOR: &str = "Grace";
/// What the template takes for a second cluster's issuer.
const OTHER_ISSUER: &str = "OtherOidcProvider";

/// The cluster of the first environment, and beside it that of the last one, which is of the first
/// for a while.
pub(super) struct Pair<'a> {
    testbed: &'a Testbed,
    step: &'a StepHandle,
    /// Has the traffic.
    pub(super) blue: &'a Cluster,
    /// Is to have it.
    pub(super) green: &'a Cluster,
}

impl<'a> Pair<'a> {
    /// Has the roles trust both, and has the second cluster join the environment of the first one;
    /// until it serves the same messages.
    pub(super) async fn begin(testbed: &'a Testbed, step: &'a StepHandle) -> Result<Self> {
        let (blue, green) = (testbed.first(), testbed.last());
        let pair = Self {
            testbed,
            step,
            blue,
            green,
        };
        step.doing("have the roles trust the second cluster too");
        let issuer = (OTHER_ISSUER, green.environment.issuer());
        aws::update_stack(&testbed.harness, blue.environment, Some(issuer)).await?;
        moved(testbed, step, green, blue.environment).await?;
        pair.serves_the_same().await?;
        Ok(pair)
    }

    /// Both.
    pub(super) fn each(&self) -> [&'a Cluster; 2] {
        [self.blue, self.green]
    }

    /// Everything as it was: the second cluster is of its own environment again, and the roles
    /// trust the first one only.
    pub(super) async fn end(self) -> Result<()> {
        moved(self.testbed, self.step, self.green, self.green.environment).await?;
        aws::update_stack(&self.testbed.harness, self.blue.environment, None).await
    }

    /// What is posted on the second cluster is seen on the first one.
    async fn serves_the_same(&self) -> Result<()> {
        let (http, environment) = (&self.testbed.harness.http, self.blue.environment);
        let blue = Visitor::of(self.blue, http);
        let green = Visitor::of(self.green, http).expecting(environment);
        let commit = green.commit_shown().await?;
        ensure!(
            commit == blue.commit_shown().await?,
            "{} shows commit {commit}, and {} another one",
            self.green.name,
            self.blue.name
        );
        green.post(AUTHOR, "From the other cluster.").await?;
        blue.message_of(AUTHOR).await?;
        self.step.evidence(format!(
            "{} runs the overlays of {environment} and writes to its table, with its roles",
            self.green.name
        ));
        Ok(())
    }
}

/// Takes a cluster out, empties it, and tags it for an environment.
pub(super) async fn moved(
    testbed: &Testbed,
    step: &StepHandle,
    cluster: &Cluster,
    to: Environment,
) -> Result<()> {
    let fleet = testbed.fleet()?;
    fleet.eks.tag(cluster, false).await?;
    fleet.forgotten(step, cluster).await?;
    without_applications(step, cluster).await?;
    let namespaces: Api<Namespace> = Api::all(cluster.client.clone());
    let deleted = namespaces.delete(NAMESPACE, &DeleteParams::default()).await;
    deleted.with_context(|| format!("empty {}", cluster.name))?;
    let what = format!("the namespace of {}", cluster.name);
    gone(step, &what, EMPTIED, &namespaces, NAMESPACE, "its pods end").await?;
    fleet::give_rights(&testbed.harness, cluster, step).await?;
    let tagged = Instant::now();
    fleet.eks.tag_as(cluster, to).await?;
    fleet.registered(step, cluster).await?;
    live(testbed, step, cluster).await?;
    step.measured(&format!("tag for {to} to live"), tagged.elapsed().as_secs_f64());
    Ok(())
}
