//! Parts of Argo CD die in the middle of a sync: what they had begun is finished, and no request fails.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{DeleteParams, ListParams};

use crate::actors::{Crowd, Operator};
use crate::argocd;
use crate::cluster::Cluster;
use crate::env::Env;
use crate::environment::Environment;
use crate::gitops;
use crate::plan::Step;
use crate::progress::StepHandle;
use crate::scenario::{Failure, Scenario, Suite};

/// The app whose sync takes a while: its migration runs first.
const APP: &str = "backend";
const OVERLAY: &str = "backend/overlays/staging/environment.yaml";
/// Changes nothing but the pods.
const SETTING: &str = "            - name: RUST_LOG\n              value: info\n";
const BEGUN: Duration = Duration::from_secs(20);
const CONVERGED: Duration = Duration::from_secs(45);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("argocd-killed", "Argo CD dies in mid-sync", 180),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "While a sync runs its migration, Redis is killed; in the next sync the application controller, which applies.",
        effect: "What runs goes on without them. A new controller finds the sync in the Application's status, and finishes it.",
        within: "45 s, 0 failed requests",
        way_out: "Nothing to do. Killed together with the repo server, the controller may find nobody who renders: the sync fails by that name \
                  (`ComparisonError`, connection refused) and is not tried again; press Sync, or merge the next commit.",
    }),
    story: |env, step| Box::pin(tell(env, step)),
};

async fn tell(env: &Env, step: &StepHandle) -> Result<()> {
    let operator = Operator::of(env);
    let crowd = Crowd::gather(env, Environment::Staging)?;
    let there = operator.append(OVERLAY, SETTING).await?;
    survives(env, step, &there, "argocd-redis").await?;
    let back = operator.revert(&there).await?;
    survives(env, step, &back, "argocd-application-controller").await?;
    crowd.leave(step).await?.at_most(0)
}

/// Kill a part of Argo CD while it syncs `commit`; that goes live all the same.
async fn survives(env: &Env, step: &StepHandle, commit: &str, part: &str) -> Result<()> {
    let staging = &env.staging;
    gitops::syncing(step, staging, APP, commit, BEGUN).await?;
    kill(staging, part).await?;
    let killed = Instant::now();
    let live = gitops::live_since(step, staging, &[APP], commit, CONVERGED).await?;
    step.measured(&format!("{part} killed to live"), (live - killed).as_secs_f64());
    Ok(())
}

/// End every pod of a part of Argo CD, without a word to it.
async fn kill(cluster: &Cluster, part: &str) -> Result<()> {
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), argocd::NAMESPACE);
    let of_part = ListParams::default().labels(&format!("app.kubernetes.io/name={part}"));
    let found = pods
        .list(&of_part)
        .await
        .with_context(|| format!("find {part}"))?;
    ensure!(!found.items.is_empty(), "{part} has no pod to kill");
    let at_once = DeleteParams::default().grace_period(0);
    for name in found.items.iter().filter_map(|pod| pod.metadata.name.as_deref()) {
        pods.delete(name, &at_once)
            .await
            .with_context(|| format!("kill {name}"))?;
    }
    Ok(())
}
