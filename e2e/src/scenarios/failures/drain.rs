//! A node is emptied under a steady load, as before its update: no request fails, and no more pods go at once than their
//! budget allows.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{EvictParams, PostParams};
use kube::{Api, ResourceExt as _};
use xshell::{Shell, cmd};

use crate::actors::{Crowd, Operator, Writers};
use crate::env::Env;
use crate::environment::Environment;
use crate::gitops;
use crate::plan::Step;
use crate::process::Tool;
use crate::progress::StepHandle;
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::pods::{Servers, node_of};
use crate::scenarios::workloads::NAMESPACE;

const APPS: [&str; 2] = ["backend", "frontend"];
const SCALED: Duration = Duration::from_mins(1);
const DRAINED: Duration = Duration::from_mins(1);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("drain", "a node is emptied", 240),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "`kubectl drain` empties one of two nodes, with two replicas of each app, one on each node.",
        effect: "Pods are evicted one at a time, as their disruption budget says; those that stay serve until new ones are ready. \
                 Argo CD's own parts on that node move too.",
        within: "60 s, 0 failed requests",
        way_out: "`kubectl uncordon`; pods come back to the node with the next rollout.",
    }),
    story: |env, step| Box::pin(tell(env, step)),
};

async fn tell(env: &Env, step: &StepHandle) -> Result<()> {
    let operator = Operator::of(env);
    let nodes = Environment::Staging.nodes();
    let node = nodes.last().context("a cluster has nodes")?;
    ensure!(nodes.len() > 1, "staging has one node, and visitors come by it");
    let mut scaled = Vec::new();
    for app in APPS {
        let overlay = format!("{app}/overlays/staging/kustomization.yaml");
        let commit = operator.replace(&overlay, "count: 1", "count: 2").await?;
        gitops::live(step, &env.staging, &[app], &commit, SCALED).await?;
        scaled.push(commit);
        Servers::of(env, &env.staging, app).ready(step, 2, SCALED).await?;
    }
    let emptied = empty(env, step, node).await;
    // In any case: pods are to be scheduled there again.
    let open = kubectl(env, &["uncordon", node]).await;
    emptied.and(open)?;

    for (app, commit) in APPS.iter().zip(&scaled) {
        let back = operator.revert(commit).await?;
        gitops::live(step, &env.staging, &[app], &back, SCALED).await?;
    }
    Ok(())
}

async fn empty(env: &Env, step: &StepHandle, node: &str) -> Result<()> {
    let crowd = Crowd::gather(env, Environment::Staging)?;
    let writers = Writers::gather(env, Environment::Staging)?;
    budget(env, step).await?;
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
    writers.leave(step).await?;
    crowd.leave(step).await?.at_most(0)
}

/// While one pod of two is being replaced, the other may not go.
async fn budget(env: &Env, step: &StepHandle) -> Result<()> {
    let servers = Servers::of(env, &env.staging, "backend");
    let pods = servers.list().await?;
    let [one, other] = pods.as_slice() else {
        bail!("{} pods of the backend, where two are to be", pods.len())
    };
    let api: Api<Pod> = Api::namespaced(env.staging.client.clone(), NAMESPACE);
    let evict = EvictParams::default();
    api.evict(&one.name_any(), &evict).await.context("evict a pod")?;
    let trial = EvictParams {
        post_options: PostParams {
            dry_run: true,
            ..PostParams::default()
        },
        ..evict
    };
    match api.evict(&other.name_any(), &trial).await {
        Err(kube::Error::Api(refusal)) if refusal.code == 429 => {
            step.evidence(format!(
                "the second eviction at once is refused: {}",
                refusal.message
            ));
        }
        other => bail!("the second eviction at once is not refused: {other:?}"),
    }
    servers.ready(step, 2, DRAINED).await
}

async fn kubectl(env: &Env, args: &[&str]) -> Result<()> {
    let shell = Shell::new().context("open a shell")?;
    let (kubectl, kubeconfig) = (&env.ground.parts.kubectl, &env.staging.kubeconfig);
    let command = cmd!(shell, "{kubectl} --kubeconfig {kubeconfig} {args...}");
    Tool::new(
        command,
        &env.ground.run.log("drain"),
        DRAINED + Duration::from_secs(10),
    )
    .run()
    .await
}
