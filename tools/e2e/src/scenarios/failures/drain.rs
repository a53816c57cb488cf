//! A node is drained under a steady load, as before its update: no request fails.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use kube::ResourceExt as _;
use xshell::Shell;

use crate::actors::{Operator, ReadLoad, WriteLoad};
use crate::environment::{Environment, apps, apps_with_servers};
use crate::git::kustomization_edits::with_replicas;
use crate::gitops;
use crate::host::process::Tool;
use crate::platform::argocd;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::overlays;
use crate::scenarios::pods::{Servers, node_of};
use crate::scenarios::undo::Undo;
use crate::scenarios::workloads::replicas;

const SCALED: Duration = Duration::from_mins(1);
/// For each server of an app on the node: a disruption budget lets go of one at a time.
const DRAINED: Duration = Duration::from_mins(1);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("drain", "a node is drained", 240),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "`kubectl drain` empties one of two nodes, while each app has a replica on each node.",
        effect: "Pods are evicted; the remaining ones serve until new ones are ready. The parts of Argo CD on that node move \
                 too.",
        within: "60 s for each replica of an app on that node, 0 failed requests",
        way_out: "`kubectl uncordon`; pods return to the node with the next rollout.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let operator = Operator::of(testbed);
    let nodes = Environment::first().nodes();
    let node = nodes.last().context("a cluster has nodes")?;
    ensure!(
        nodes.len() > 1,
        "{} has one node, and visitors come by it",
        Environment::first()
    );
    let scaled = on_each_node(testbed, step, &operator).await?;
    let uncordon = ["uncordon", node.as_str()];
    let shell = Shell::new().context("open a shell")?;
    let undo = Undo::by([testbed.first().kubectl(&testbed.harness, &shell, &uncordon)]);
    let emptied = empty(testbed, step, node).await;
    // In any case: pods are to be scheduled there again.
    let open = kubectl(testbed, &uncordon, DRAINED).await;
    emptied.and(open)?;
    undo.done();

    // Its parts that were evicted hear of no commit until they are there again.
    let begun = Instant::now();
    argocd::whole(step, testbed.first()).await?;
    for app in apps() {
        gitops::app(step, testbed.first(), app)
            .compared_again(SCALED)
            .await?;
    }
    step.measured("Argo CD whole again", begun.elapsed().as_secs_f64());
    let Some((scaled, few)) = scaled else {
        return Ok(());
    };
    let back = operator.revert(&scaled).await?;
    gitops::apps(step, testbed.first(), &few)
        .at(&back)
        .live(SCALED)
        .await
        .map(drop)
}

/// Where an app has fewer servers than there are nodes, it gets one for each: these apps, and the
/// commit by which they do.
async fn on_each_node(
    testbed: &Testbed,
    step: &StepHandle,
    operator: &Operator,
) -> Result<Option<(String, Vec<&'static str>)>> {
    let wanted = u16::try_from(Environment::first().nodes().len())?;
    let mut few = Vec::new();
    for app in apps_with_servers() {
        if replicas(testbed.first(), app).await? < wanted {
            few.push((app, overlays::of(app)));
        }
    }
    let (apps, overlays): (Vec<_>, Vec<_>) = few.iter().cloned().unzip();
    if apps.is_empty() {
        return Ok(None);
    }
    let scale = |path: &str, text: String| {
        let app = few.iter().find(|(_, overlay)| *overlay == path);
        let (app, _) = app.with_context(|| format!("{path} is of no app"))?;
        with_replicas(&text, app, wanted)
    };
    let scaled = operator.edit_each(&overlays, scale).await?;
    gitops::apps(step, testbed.first(), &apps)
        .at(&scaled)
        .arrived(SCALED)
        .await?;
    for &app in &apps {
        Servers::of(testbed, testbed.first(), app)
            .ready(step, wanted, SCALED)
            .await?;
    }
    Ok(Some((scaled, apps)))
}

async fn empty(testbed: &Testbed, step: &StepHandle, node: &str) -> Result<()> {
    let reads = ReadLoad::start(testbed, Environment::first())?;
    let writes = WriteLoad::start(testbed, Environment::first())?;
    let evicted = on_node(testbed, node).await?;
    ensure!(
        !evicted.is_empty(),
        "no server was on {node}, so nothing was drained"
    );
    let of = |app: &str| evicted.iter().filter(|(of, _)| *of == app).count();
    let most = apps_with_servers().into_iter().map(of).max();
    let within = DRAINED * u32::try_from(most.unwrap_or_default())?;
    let timeout = format!("--timeout={}s", within.as_secs());
    let begun = Instant::now();
    step.doing(&format!("drain {node}"));
    let drain = [
        "drain",
        node,
        "--ignore-daemonsets",
        "--delete-emptydir-data",
        &timeout,
    ];
    kubectl(testbed, &drain, within).await?;
    step.measured("drained in", begun.elapsed().as_secs_f64());
    for app in apps_with_servers() {
        let replicas = replicas(testbed.first(), app).await?;
        Servers::of(testbed, testbed.first(), app)
            .ready(step, replicas, DRAINED)
            .await?;
    }
    let left = on_node(testbed, node).await?;
    let left: Vec<_> = left.into_iter().map(|(_, pod)| pod).collect();
    ensure!(left.is_empty(), "still on {node}: {}", left.join(", "));
    writes.stop(step).await?;
    reads.stop(step).await?.at_most(0)
}

/// The servers on a node: the app of each, and its pod's name.
async fn on_node(testbed: &Testbed, node: &str) -> Result<Vec<(&'static str, String)>> {
    let mut found = Vec::new();
    for app in apps_with_servers() {
        for pod in Servers::of(testbed, testbed.first(), app).list().await? {
            if node_of(&pod)? == node {
                found.push((app, pod.name_any()));
            }
        }
    }
    Ok(found)
}

async fn kubectl(testbed: &Testbed, args: &[&str], within: Duration) -> Result<()> {
    let shell = Shell::new().context("open a shell")?;
    Tool::new(
        testbed.first().kubectl(&testbed.harness, &shell, args),
        &testbed.harness.run.log("drain"),
        within + Duration::from_secs(10),
    )
    .run()
    .await
}
