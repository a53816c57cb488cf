//! An add-on is turned off, first in Git and then by the administrator: nothing of it is left. Then
//! it is turned on again.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use kube::api::ListParams;
use kube::core::DynamicObject;
use kube::discovery::{Discovery, verbs};
use kube::{Api, ResourceExt as _};
use serde_json::Value;
use xshell::Shell;

use super::scaled::{self, MEASURED};
use crate::actors::{Operator, ReadLoad};
use crate::addons::{self, CLUSTER, METRICS};
use crate::argocd;
use crate::cluster::Cluster;
use crate::gitops;
use crate::kustomize;
use crate::process::Tool;
use crate::progress::StepHandle;
use crate::scenario::{Scenario, Suite};
use crate::scenarios::workloads::replicas;
use crate::step::Step;
use crate::testbed::Testbed;
use crate::wait::{Verdict, eventually};

const REMOVED: Duration = Duration::from_mins(2);
const LIVE: Duration = Duration::from_mins(3);
const DELETED: Duration = Duration::from_mins(1);
/// Words that the name, namespace or labels of an object have that belongs to it.
const WORDS: [&str; 3] = [METRICS, "metrics.k8s.io", "autoscaler"];
/// Notes about the past, which go by themselves.
const PAST: [&str; 2] = ["Event", "Lease"];

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("addon-off", "an add-on is turned off and leaves nothing", 600),
    suite: Suite::Addons,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (cluster, operator) = (scaled::cluster(testbed)?, Operator::of(testbed));
    let traces = traces(cluster).await?;
    ensure!(
        traces.len() > 10,
        "only {traces:?} are found of an add-on that is on; this check sees nothing"
    );
    let reads = ReadLoad::start(testbed, addons::environment())?;
    let asked = Instant::now();
    let apps: Vec<&str> = addons::scaled().collect();
    let edit = |path: &str, text: String| addons::off(path, &text);
    let unscaled = operator.edit_each(&addons::overlays(), edit).await?;
    gitops::apps(step, cluster, &apps)
        .at(&unscaled)
        .arrived(LIVE)
        .await?;
    let off = operator.edit_each(&[addons::applications()], edit).await?;
    without_applications(step, cluster).await?;
    delete_the_rest(testbed, cluster).await?;
    argocd::reconfigure(&testbed.harness, cluster, false).await?;
    let left = eventually(step, "nothing left of the add-on", REMOVED, async || {
        let left = self::traces(cluster).await?;
        Ok(if left.is_empty() {
            Verdict::Ready(())
        } else {
            Verdict::Pending(format!("{left:?}"))
        })
    });
    left.await?;
    step.measured("off to nothing left", asked.elapsed().as_secs_f64());
    for app in &apps {
        let servers = replicas(cluster, app).await?;
        ensure!(servers == addons::REPLICAS, "{app} has {servers} servers");
    }
    step.evidence(format!("{} objects were there, and none is left", traces.len()));
    reads.stop(step).await?.at_most(0)?;
    on_again(testbed, step, [&off, &unscaled]).await
}

/// In the order in which a person does it.
async fn on_again(testbed: &Testbed, step: &StepHandle, [off, unscaled]: [&str; 2]) -> Result<()> {
    let (cluster, operator) = (scaled::cluster(testbed)?, Operator::of(testbed));
    addons::administered(&testbed.harness, cluster).await?;
    argocd::reconfigure(&testbed.harness, cluster, true).await?;
    let asked = Instant::now();
    let on = operator.revert(off).await?;
    gitops::app(step, cluster, METRICS).at(&on).live(LIVE).await?;
    let scaled = operator.revert(unscaled).await?;
    let apps: Vec<&str> = addons::scaled().collect();
    gitops::apps(step, cluster, &apps)
        .at(&scaled)
        .arrived(LIVE)
        .await?;
    scaled::at_rest(step, cluster, MEASURED).await?;
    step.measured("on to measured", asked.elapsed().as_secs_f64());
    Ok(())
}

/// Argo CD removes the Application, and what it had made before that.
async fn without_applications(step: &StepHandle, cluster: &Cluster) -> Result<()> {
    eventually(step, "the end of its Application", REMOVED, async || {
        let found = gitops::list(cluster).await?;
        let still = found.iter().any(|application| application.name_any() == METRICS);
        Ok(if still {
            Verdict::Pending("it is there".to_owned())
        } else {
            Verdict::Ready(())
        })
    })
    .await
}

/// What the administrator had applied.
async fn delete_the_rest(testbed: &Testbed, cluster: &Cluster) -> Result<()> {
    let harness = &testbed.harness;
    let log = harness.run.log("addons");
    let manifests = kustomize::rendered(harness, CLUSTER, &log).await?;
    let shell = Shell::new().context("open a shell")?;
    let delete = cluster.kubectl(harness, &shell, &["delete", "-f", "-"]);
    Tool::new(delete, &log, DELETED)
        .input(manifests)
        .run()
        .await
        .with_context(|| format!("delete {CLUSTER}"))
}

/// Every object of a cluster that belongs to the add-on, of whatever kind.
async fn traces(cluster: &Cluster) -> Result<BTreeSet<String>> {
    let discovery = Discovery::new(cluster.client.clone()).run().await;
    let discovery = discovery.context("ask for the kinds of objects")?;
    let mut traces = BTreeSet::new();
    for group in discovery.groups() {
        if WORDS.contains(&group.name()) {
            traces.insert(format!("the API {}", group.name()));
            continue;
        }
        for (resource, capabilities) in group.recommended_resources() {
            if !capabilities.supports_operation(verbs::LIST) || PAST.contains(&resource.kind.as_str()) {
                continue;
            }
            let api: Api<DynamicObject> = Api::all_with(cluster.client.clone(), &resource);
            let listed = api.list(&ListParams::default()).await;
            let listed = listed.with_context(|| format!("list each {}", resource.kind))?;
            let ours = listed
                .items
                .iter()
                .filter(|object| is_trace(&resource.kind, object));
            traces.extend(ours.map(|object| format!("{} {}", resource.kind, object.name_any())));
        }
    }
    Ok(traces)
}

/// Also what an object of Argo CD still knows of it: its settings, and the projects.
fn is_trace(kind: &str, object: &DynamicObject) -> bool {
    let labels = object.labels().values().map(String::as_str);
    let namespace = object.namespace().unwrap_or_default();
    let name = object.name_any();
    // Controllers of Kubernetes itself have an account each.
    if namespace == "kube-system" && kind == "ServiceAccount" || name.starts_with("system:controller:") {
        return false;
    }
    let mut texts = labels.chain([name.as_str(), namespace.as_str()]);
    let is_named = texts.any(|text| WORDS.iter().any(|word| text.contains(word)));
    // Argo CD's settings, and the project of the apps. Upstream's own settings name it too.
    let words = [
        "kinds: [HorizontalPodAutoscaler]",
        "\"kind\":\"HorizontalPodAutoscaler\"",
    ];
    let knows = ["ConfigMap", "AppProject"].contains(&kind)
        && namespace == argocd::NAMESPACE
        && words.iter().any(|word| says(&object.data, word));
    is_named || kind == "HorizontalPodAutoscaler" || knows
}

fn says(data: &Value, word: &str) -> bool {
    data.to_string().contains(word)
}
