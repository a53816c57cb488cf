//! The replica of clusterset that is at work stops: the other one takes over when the lease has run
//! out, and the first one does nothing more when it goes on.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use xshell::Shell;

use super::hub_lost::{registered, same};
use crate::cluster::Cluster;
use crate::platform::argocd::NAMESPACE;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::pods::{signal, signal_words};
use crate::scenarios::undo::Undo;
use crate::wait::{Verdict, eventually};

const LEASE: &str = "clusterset";
/// A lease that nobody renews counts for 15 s, and a replica looks at it each second.
const TAKEN_OVER: Duration = Duration::from_secs(25);
/// Sooner means that it was given back.
const RUN_OUT: Duration = Duration::from_secs(10);
const PASSES: u64 = 3;
/// What a replica may take, in MiB.
const MOST: f64 = 24.0;

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new(
        "clusterset-stopped",
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
    let pods: Api<Pod> = Api::namespaced(hub.client.clone(), NAMESPACE);
    let pod = pods.get(&first).await;
    let pod = pod.with_context(|| format!("find {first}, which holds the lease"))?;
    let shell = Shell::new().context("open a shell")?;
    let go_on = signal_words(&pod, "SIGCONT")?;
    let undo = Undo::by([testbed.harness.engine.command(&shell, go_on)]);
    signal(&testbed.harness, &pod, "SIGSTOP").await?;
    let stopped = Instant::now();
    let next = taken_over(step, hub, &first).await;
    let took = stopped.elapsed();
    signal(&testbed.harness, &pod, "SIGCONT").await?;
    undo.done();
    let next = next?;
    step.measured("stopped to taken over", took.as_secs_f64());
    ensure!(
        took >= RUN_OUT,
        "{next} took over after {} s, while the lease of {first} counted",
        took.as_secs()
    );
    fleet.passes(step, PASSES).await?;
    ensure!(
        holder(hub).await? == next,
        "{first} has taken the lease back from {next}"
    );
    same(&secrets, &registered(fleet).await?)?;
    step.evidence(format!(
        "{first} was stopped, {next} took over, and kept the lease when {first} went on; every \
         Secret stayed as it was"
    ));
    Ok(())
}

/// Waits until another pod is at work than `first`.
async fn taken_over(step: &StepHandle, hub: &Cluster, first: &str) -> Result<String> {
    eventually(step, "another replica at work", TAKEN_OVER, async || {
        let holder = holder(hub).await?;
        Ok(if holder == first {
            Verdict::Pending(format!("{first} holds the lease"))
        } else {
            Verdict::Ready(holder)
        })
    })
    .await
}

/// The pod that is at work.
async fn holder(hub: &Cluster) -> Result<String> {
    let leases: Api<Lease> = Api::namespaced(hub.client.clone(), NAMESPACE);
    let lease = leases.get(LEASE).await.context("read the Lease")?;
    let holder = lease.spec.and_then(|spec| spec.holder_identity);
    holder
        .filter(|holder| !holder.is_empty())
        .context("nobody holds the Lease")
}
