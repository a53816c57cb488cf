//! A node is drained under a steady load, as before its update: no request fails.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use kube::ResourceExt as _;
use xshell::Shell;

use crate::actors::{Operator, ReadLoad, WriteLoad};
use crate::argocd;
use crate::env::Env;
use crate::environment::{APPS, Environment};
use crate::gitops;
use crate::plan::Step;
use crate::process::Tool;
use crate::progress::StepHandle;
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::overlays;
use crate::scenarios::pods::{Servers, node_of};
use crate::scenarios::undo::Undo;

const OVERLAYS: [&str; 2] = [overlays::BACKEND, overlays::FRONTEND];
const SCALED: Duration = Duration::from_mins(1);
const DRAINED: Duration = Duration::from_mins(1);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("drain", "a node is drained", 240),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "`kubectl drain` empties one of two nodes, while each app has one replica on each node.",
        effect: "Pods are evicted; the remaining ones serve until new ones are ready. The parts of Argo CD on that node move \
                 too.",
        within: "60 s, 0 failed requests",
        way_out: "`kubectl uncordon`; pods return to the node with the next rollout.",
    }),
    run: |env, step| Box::pin(run(env, step)),
};

async fn run(env: &Env, step: &StepHandle) -> Result<()> {
    let operator = Operator::of(env);
    let nodes = Environment::Staging.nodes();
    let node = nodes.last().context("a cluster has nodes")?;
    ensure!(nodes.len() > 1, "staging has one node, and visitors come by it");
    let scaled = operator.replace_each(&OVERLAYS, "count: 1", "count: 2").await?;
    gitops::arrived(step, &env.staging, &APPS, &scaled, SCALED).await?;
    for app in APPS {
        Servers::of(env, &env.staging, app).ready(step, 2, SCALED).await?;
    }
    let uncordon = ["uncordon", node.as_str()];
    let shell = Shell::new().context("open a shell")?;
    let undo = Undo::by([env.staging.kubectl(&env.ground, &shell, &uncordon)]);
    let emptied = empty(env, step, node).await;
    // In any case: pods are to be scheduled there again.
    let open = kubectl(env, &uncordon).await;
    emptied.and(open)?;
    undo.done();

    // Its parts that were evicted hear of no commit until they are there again.
    let begun = Instant::now();
    argocd::whole(step, &env.staging).await?;
    for app in APPS {
        gitops::compares_again(step, &env.staging, app, SCALED).await?;
    }
    step.measured("Argo CD whole again", begun.elapsed().as_secs_f64());
    let back = operator.revert(&scaled).await?;
    gitops::live(step, &env.staging, &APPS, &back, SCALED).await
}

async fn empty(env: &Env, step: &StepHandle, node: &str) -> Result<()> {
    let reads = ReadLoad::start(env, Environment::Staging)?;
    let writes = WriteLoad::start(env, Environment::Staging)?;
    let begun = Instant::now();
    step.doing(&format!("drain {node}"));
    kubectl(
        env,
        &[
            "drain",
            node,
            "--ignore-daemonsets",
            "--delete-emptydir-data",
            "--timeout=60s",
        ],
    )
    .await?;
    step.measured("drained in", begun.elapsed().as_secs_f64());
    for app in APPS {
        let servers = Servers::of(env, &env.staging, app);
        servers.ready(step, 2, DRAINED).await?;
        for pod in servers.list().await? {
            ensure!(node_of(&pod)? != node, "{} is still on {node}", pod.name_any());
        }
    }
    writes.stop(step).await?;
    reads.stop(step).await?.at_most(0)
}

async fn kubectl(env: &Env, args: &[&str]) -> Result<()> {
    let shell = Shell::new().context("open a shell")?;
    Tool::new(
        env.staging.kubectl(&env.ground, &shell, args),
        &env.ground.run.log("drain"),
        DRAINED + Duration::from_secs(10),
    )
    .run()
    .await
}
