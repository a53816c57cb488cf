//! The replica of clusterset that is at work is killed: the other one takes over, and writes
//! nothing that is right already.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::DeleteParams;

use super::hub_lost::{registered, same};
use crate::argocd::NAMESPACE;
use crate::cluster::Cluster;
use crate::progress::StepHandle;
use crate::scenario::{Scenario, Suite};
use crate::step::Step;
use crate::testbed::Testbed;
use crate::wait::{Verdict, eventually};

const LEASE: &str = "clusterset";
/// A lease that nobody gives back runs out after 15 s, and a replica looks at it each second.
const TAKEN_OVER: Duration = Duration::from_secs(25);
const PASSES: u64 = 2;
/// What a replica may take, in MiB.
const MOST: f64 = 24.0;

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new(
        "clusterset-killed",
        "the other replica of clusterset takes over",
        120,
    ),
    suite: Suite::Clusters,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (fleet, hub) = (testbed.fleet()?, testbed.first().argocd());
    let secrets = registered(fleet).await?;
    for (pod, mebibytes) in fleet.memory().await? {
        step.measured(&format!("MiB of {pod}"), mebibytes);
        ensure!(
            mebibytes <= MOST,
            "{pod} takes {mebibytes:.1} MiB, more than {MOST}"
        );
    }
    let first = holder(hub).await?;
    let killed = Instant::now();
    let at_once = DeleteParams::default().grace_period(0);
    let pods: Api<Pod> = Api::namespaced(hub.client.clone(), NAMESPACE);
    let ended = pods.delete(&first, &at_once).await;
    ended.with_context(|| format!("end {first}"))?;
    let next = eventually(step, "another replica at work", TAKEN_OVER, async || {
        let holder = holder(hub).await?;
        Ok(if holder == first {
            Verdict::Pending(format!("the lease is still that of {first}"))
        } else {
            Verdict::Ready(holder)
        })
    })
    .await?;
    step.measured("killed to taken over", killed.elapsed().as_secs_f64());
    fleet.passes(step, PASSES).await?;
    same(&secrets, &registered(fleet).await?)?;
    step.evidence(format!(
        "{first} was killed, and {next} went on; every Secret stayed as it was"
    ));
    Ok(())
}

/// The pod that is at work.
async fn holder(hub: &Cluster) -> Result<String> {
    let leases: Api<Lease> = Api::namespaced(hub.client.clone(), NAMESPACE);
    let lease = leases.get(LEASE).await.context("read the Lease")?;
    let holder = lease.spec.and_then(|spec| spec.holder_identity);
    Ok(holder.unwrap_or_default())
}
