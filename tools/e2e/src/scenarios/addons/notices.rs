//! What Argo CD tells a receiver: a release, a failed sync, a failed migration, a change by hand
//! that was undone. What becomes of messages while nobody takes them, and that it leaves nothing
//! when it is turned off.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt as _};
use serde_json::json;
use xshell::Shell;

use super::ensure_addons;
use super::traces::{Traces, delete_folder};
use crate::actors::{Operator, ReadLoad, Receiver};
use crate::cluster::Cluster;
use crate::environment::{API, Environment, NAMESPACE, PAGE};
use crate::gitops;
use crate::host::process::Tool;
use crate::platform::addons::{self, NOTICES_SECRET};
use crate::platform::argocd;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::overlays;
use crate::scenarios::workloads::replicas;
use crate::wait::{Verdict, eventually};
use crate::world::secret;

/// From a sync that ended until it is told.
const TOLD: Duration = Duration::from_secs(30);
const LIVE: Duration = Duration::from_mins(1);
/// Longer than Argo CD tries.
const AWAY: Duration = Duration::from_secs(10);
/// Longer than the trigger of healed changes keeps silent behind a sync.
const OWN_CHANGES: Duration = Duration::from_secs(8);
const KUBECTL: Duration = Duration::from_mins(1);
/// What it keeps on each Application of what it has told, which nobody else removes.
const NOTES: &str = "notified.notifications.argoproj.io";
const TRACES: Traces = Traces {
    words: &["argocd-notifications"],
    settings: &[],
    kinds: &[],
};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("notices", "what happens is told to a receiver", 480),
    suite: Suite::Addons,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

pub(crate) const AWAY_SCENARIO: Scenario = Scenario {
    step: Step::new("notices-lost", "a receiver of messages is away", 300),
    suite: Suite::Addons,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(away(testbed, step)),
};

pub(crate) const OFF: Scenario = Scenario {
    step: Step::new(
        "notices-off",
        "notifications are turned off and leave nothing",
        240,
    ),
    suite: Suite::Addons,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(off(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (cluster, operator) = (testbed.first(), Operator::of(testbed));
    let receiver = receiver(testbed).await?;

    let released = operator
        .patch(&overlays::of(PAGE), &[overlays::restart("told")])
        .await?;
    gitops::app(step, cluster, PAGE)
        .at(&released)
        .arrived(LIVE)
        .await?;
    let since = Instant::now();
    let text = format!("released: {PAGE} in {} at {released}", Environment::first());
    told(step, &receiver, &text).await?;
    step.measured("live to told", since.elapsed().as_secs_f64());
    // What is healed below is synced at this commit, which is no release of the page.
    let elsewhere = operator
        .patch(&overlays::of(API), &[overlays::restart("elsewhere")])
        .await?;
    gitops::app(step, cluster, API)
        .at(&elsewhere)
        .arrived(LIVE)
        .await?;
    gitops::app(step, cluster, PAGE).compared_again(LIVE).await?;

    // What is healed sooner may be Argo CD's own change, and is not told.
    tokio::time::sleep(OWN_CHANGES).await;
    let deployments: Api<Deployment> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let more = replicas(cluster, PAGE).await? + 1;
    let change = Patch::Strategic(json!({ "spec": { "replicas": more } }));
    let changed = deployments.patch(PAGE, &PatchParams::default(), &change).await;
    changed.context("change the replicas by hand")?;
    let healed = format!("drift healed: {PAGE} in");
    told(step, &receiver, &healed).await?;
    let back = operator.revert(&elsewhere).await?;
    gitops::app(step, cluster, API).at(&back).arrived(LIVE).await?;
    let wrong = format!("released: {PAGE} in {} at {elsewhere}", Environment::first());
    ensure!(
        count(&receiver.texts(), &wrong) == 0,
        "what was healed is told as a release"
    );
    let back = operator.revert(&released).await?;
    // Of two pushes within a second Argo CD 3.5 may lose the second one (argoproj/argo-cd#28306).
    gitops::app(step, cluster, PAGE).at(&back).arrived(LIVE).await?;
    for words in [&text, &healed] {
        told_once(&receiver, words)?;
    }

    // A selector cannot be changed.
    let place = "/spec/selector/matchLabels/app.kubernetes.io~1instance";
    let refused = overlays::set("Deployment", place, &json!("other"));
    failing(testbed, step, PAGE, refused, &receiver, "failed: ").await?;
    // No such table, so the migration ends with an error.
    let environment = json!({ "name": API, "env": [
        { "name": "TABLE_NAME", "value": "messages-nowhere" },
        { "name": "MIGRATE_WAIT_SECONDS", "value": "1" },
    ] });
    let nowhere = overlays::container("Deployment|Job", &environment);
    failing(testbed, step, API, nowhere, &receiver, "migration failed: ").await?;
    step.evidence(format!("told: {}", receiver.texts().join("; ")));
    Ok(())
}

/// A change that cannot be synced is told once, and taken back.
async fn failing(
    testbed: &Testbed,
    step: &StepHandle,
    app: &str,
    change: serde_json::Value,
    receiver: &Receiver,
    word: &str,
) -> Result<()> {
    let (cluster, operator) = (testbed.first(), Operator::of(testbed));
    let bad = operator.patch(&overlays::of(app), &[change]).await?;
    gitops::app(step, cluster, app).at(&bad).failed(LIVE).await?;
    let text = format!("{word}{app} in {}", Environment::first());
    told(step, receiver, &text).await?;
    let good = operator.revert(&bad).await?;
    gitops::app(step, cluster, app).at(&good).settled(LIVE).await?;
    told_once(receiver, &text)?;
    let others = if word == "failed: " {
        "migration failed: "
    } else {
        "failed: "
    };
    let mut wrong = receiver.texts().into_iter();
    let wrong = wrong.find(|text| text.starts_with(others) && text.contains(app));
    ensure!(wrong.is_none(), "it was also told that {wrong:?}");
    Ok(())
}

async fn away(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (cluster, operator) = (testbed.first(), Operator::of(testbed));
    let mut receiver = receiver(testbed).await?;
    receiver.leave().await;
    let merged = Instant::now();
    let missed = operator
        .patch(&overlays::of(PAGE), &[overlays::restart("missed")])
        .await?;
    gitops::app(step, cluster, PAGE).at(&missed).arrived(LIVE).await?;
    step.measured("merge to live", merged.elapsed().as_secs_f64());
    tokio::time::sleep(AWAY).await;
    receiver.come_back().await?;
    let next = operator.revert(&missed).await?;
    gitops::app(step, cluster, PAGE).at(&next).live(LIVE).await?;
    told(step, &receiver, &next).await?;
    // It would have come before the next one, or in the seconds since.
    let late = receiver.texts().into_iter().find(|text| text.contains(&missed));
    ensure!(
        late.is_none(),
        "{late:?} arrived after all; docs/ADDONS.md says otherwise"
    );
    step.evidence("the release went live, its message was lost, and the next one arrived".to_owned());
    Ok(())
}

async fn off(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let cluster = testbed.first();
    let receiver = receiver(testbed).await?;
    // Where it was turned on just now, it tells what was there already.
    eventually(step, "notes of what was told", TOLD, async || {
        Ok(match noted(cluster).await? {
            0 => Verdict::Pending("there are none".to_owned()),
            count => Verdict::Ready(count),
        })
    })
    .await?;
    let found = TRACES.count(cluster).await?;
    let reads = ReadLoad::start(testbed, Environment::first())?;
    let asked = Instant::now();
    delete_folder(testbed, cluster, &addons::notices(cluster)).await?;
    let namespace = argocd::NAMESPACE;
    let secret = ["delete", "secret", NOTICES_SECRET, "--namespace", namespace];
    kubectl(testbed, cluster, &secret).await?;
    TRACES.none(step, cluster).await?;
    // Once nobody is there who would write new ones.
    let without = format!("{NOTES}-");
    let notes = [
        "annotate",
        "applications.argoproj.io",
        "--all",
        "--namespace",
        namespace,
        &without,
    ];
    kubectl(testbed, cluster, &notes).await?;
    step.measured("off to nothing left", asked.elapsed().as_secs_f64());
    let left = noted(cluster).await?;
    ensure!(left == 0, "{left} Applications have notes");
    step.evidence(format!("{found} objects were there, and none is left"));
    reads.stop(step).await?.at_most(0)?;
    drop(receiver);
    Ok(())
}

/// How many Applications have notes of what was told.
async fn noted(cluster: &Cluster) -> Result<usize> {
    let found = gitops::list(cluster).await?;
    let noted = found.iter().filter(|app| app.annotations().contains_key(NOTES));
    Ok(noted.count())
}

async fn kubectl(testbed: &Testbed, cluster: &Cluster, args: &[&str]) -> Result<()> {
    let shell = Shell::new().context("open a shell")?;
    let command = cluster.kubectl(&testbed.harness, &shell, args);
    Tool::new(command, &testbed.harness.run.log("addons"), KUBECTL)
        .run()
        .await
}

/// A receiver that the Argo CD of the first environment knows of.
async fn receiver(testbed: &Testbed) -> Result<Receiver> {
    ensure_addons(testbed)?;
    let token = secret()?;
    let receiver = Receiver::start(&testbed.world.forge.host_ip_for_containers, &token).await?;
    addons::notified(&testbed.harness, testbed.first()).await?;
    let says = [("receiver-url", receiver.url()), ("receiver-token", token)];
    let says = says.each_ref().map(|(key, text)| (*key, text.as_str()));
    testbed
        .first()
        .give_secret(argocd::NAMESPACE, NOTICES_SECRET, json!({}), &says)
        .await
        .context("tell Argo CD the receiver's address")?;
    Ok(receiver)
}

/// Waits until a message says this.
async fn told(step: &StepHandle, receiver: &Receiver, words: &str) -> Result<()> {
    eventually(step, "a message", TOLD, async || {
        let texts = receiver.texts();
        Ok(match count(&texts, words) {
            0 => Verdict::Pending(format!("{} others", texts.len())),
            _ => Verdict::Ready(()),
        })
    })
    .await
}

/// An error unless exactly one message says this. For later, when a second one would have come.
fn told_once(receiver: &Receiver, words: &str) -> Result<()> {
    let times = count(&receiver.texts(), words);
    ensure!(times == 1, "{words:?} was told {times} times");
    Ok(())
}

fn count(texts: &[String], words: &str) -> usize {
    texts.iter().filter(|text| text.contains(words)).count()
}
