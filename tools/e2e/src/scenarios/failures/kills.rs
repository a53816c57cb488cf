//! Pods and processes of production are killed under a steady load, one every ten seconds: few
//! requests fail, and the servers recover by themselves.
//!
//! Production has at least two replicas of everything, as the rules on manifests demand; staging
//! may have one. There, a kill is an outage until the next start, so a limit would measure how fast
//! a container starts, not the manifests.

use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::time::Instant;

use crate::actors::{ReadLoad, WriteLoad};
use crate::environment::{Environment, apps_with_servers};
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::pods::{Servers, restarts};
use crate::scenarios::workloads::replicas;

const EVERY: Duration = Duration::from_secs(10);
/// The second kill of a container in ten minutes is followed by a pause of ten seconds, and each
/// further one by twice that.
const BACK: Duration = Duration::from_secs(45);
/// Of a hundred requests; until the others of the cluster know, half of them go to the one that is
/// gone.
const BOUND: usize = 5;

pub(crate) const PODS: Scenario = Scenario {
    step: Step::new("pod-killed", "pods are killed", 300),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "Every ten seconds, a pod of production is deleted without a grace period, as when its node is lost.",
        effect: "The other replicas serve while a new pod starts. Requests to the deleted pod fail until kube-proxy has the \
                 change. Every posted message is stored once.",
        within: "at most 5 % failed requests",
        way_out: "Nothing to do. More replicas reduce the share of failed requests.",
    }),
    run: |testbed, step| Box::pin(pods(testbed, step)),
};

pub(crate) const PROCESSES: Scenario = Scenario {
    step: Step::new("process-killed", "processes are killed", 300),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "Every ten seconds, a process of production gets SIGKILL on its node, as when memory runs out.",
        effect: "The kubelet restarts it in the same pod, and the other replicas serve meanwhile. Every posted message is stored \
                 once.",
        within: "at most 5 % failed requests",
        way_out: "Nothing to do; the pod counts its restarts. If they continue, `kubectl logs --previous` shows the last output.",
    }),
    run: |testbed, step| Box::pin(processes(testbed, step)),
};

async fn pods(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    under_load(testbed, step, async |servers| {
        let victim = servers.one().await?;
        servers.kill(&victim).await
    })
    .await
}

async fn processes(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let count = async || {
        let mut sum = 0;
        for app in apps_with_servers() {
            let pods = Servers::of(testbed, testbed.last(), app).list().await?;
            sum += pods.iter().map(restarts).sum::<i32>();
        }
        anyhow::Ok(sum)
    };
    let before = count().await?;
    under_load(testbed, step, async |servers| {
        let victim = servers.one().await?;
        servers.kill_process(&victim).await?;
        // Until its node has noticed, the pod still counts as ready.
        servers.restarted(step, &victim, BACK).await
    })
    .await?;
    let restarted = count().await? - before;
    let killed = i32::try_from(apps_with_servers().len())?;
    ensure!(
        restarted == killed,
        "{killed} processes were killed, {restarted} were started again: the kills missed, or more died than were killed"
    );
    Ok(())
}

/// One of each app in turn, ten seconds apart, while people look and write.
async fn under_load(
    testbed: &Testbed,
    step: &StepHandle,
    kill: impl AsyncFn(&Servers<'_>) -> Result<()>,
) -> Result<()> {
    let reads = ReadLoad::start(testbed, Environment::last())?;
    let writes = WriteLoad::start(testbed, Environment::last())?;
    for app in apps_with_servers() {
        let servers = Servers::of(testbed, testbed.last(), app);
        let replicas = replicas(testbed.last(), app).await?;
        let killed = Instant::now();
        step.doing(&format!("kill one of {app}"));
        kill(&servers).await?;
        servers.ready(step, replicas, BACK).await?;
        step.measured(&format!("{app} whole again"), killed.elapsed().as_secs_f64());
        tokio::time::sleep_until(killed + EVERY).await;
    }
    writes.stop(step).await?;
    let tally = reads.stop(step).await?;
    tally.at_most(tally.asked * BOUND / 100)
}
