//! Webhooks that come while Argo CD is busy with the one before, in the wrong order, or not at all:
//! what was merged last goes live all the same.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use xshell::Shell;

use crate::actors::Operator;
use crate::cluster::ARGOCD_PORT;
use crate::environment::{Environment, NAMESPACE, PAGE};
use crate::git::short;
use crate::gitops::{self, POLLED};
use crate::host::process::Tool;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::deliveries;
use crate::scenarios::overlays::{self, ANNOTATION, annotated};
use crate::scenarios::undo::Undo;
use crate::wait::{Verdict, consistently, eventually};

const APP: &str = PAGE;

/// From a webhook that Argo CD has heard.
const LIVE: Duration = Duration::from_secs(15);
/// A comparison takes about as long: the second merge falls into every part of it.
const APART: [u64; 5] = [0, 150, 300, 450, 700];
/// The forge gives a delivery up before that.
const SHUT: Duration = Duration::from_secs(8);
const HELD: Duration = Duration::from_secs(5);
const CALL: Duration = Duration::from_secs(20);

const TWICE: Failure = Failure {
    cause: "Two changes are merged within a second, so that the second webhook comes while Argo CD compares the first commit with the \
            cluster.",
    effect: "The second commit goes live. Argo CD 3.5 can lose the second request (argoproj/argo-cd#28306), and then finds the \
             commit when it next polls.",
    within: "15 s from the second merge, 135 s where its request was lost",
    way_out: "Nothing to do, or refresh the Application by hand to have it at once.",
};

pub(crate) const MERGED_TWICE: Scenario = Scenario {
    step: Step::new("merged-twice", "two merges within one comparison", 420),
    suite: Suite::Events,
    needs: &[],
    failure: Some(TWICE),
    run: |testbed, step| Box::pin(merged_twice(testbed, step, 2)),
};

pub(crate) const MERGED_TWICE_OFTEN: Scenario = Scenario {
    step: Step::new(
        "merged-twice-often",
        "twenty times two merges within one comparison",
        2880,
    ),
    suite: Suite::Events,
    needs: &[],
    failure: Some(TWICE),
    run: |testbed, step| Box::pin(merged_twice(testbed, step, 20)),
};

pub(crate) const OUT_OF_ORDER: Scenario = Scenario {
    step: Step::new("webhooks-out-of-order", "webhooks come in the wrong order", 240),
    suite: Suite::Events,
    needs: &[],
    failure: Some(Failure {
        cause: "Two changes are merged, and the webhook of the second arrives before that of the first.",
        effect: "The second commit goes live with the first webhook that arrives, and stays: Argo CD reads the branch, not the commit \
                 that a webhook names.",
        within: "15 s from the first webhook",
        way_out: "Nothing to do.",
    }),
    run: |testbed, step| Box::pin(out_of_order(testbed, step)),
};

pub(crate) const WEBHOOK_LOST: Scenario = Scenario {
    step: Step::new("webhook-lost", "the webhook of a merge is lost", 360),
    suite: Suite::Events,
    needs: &[],
    failure: Some(Failure {
        cause: "Argo CD's port is shut at the moment of a merge; the forge does not repeat the webhook.",
        effect: "Argo CD finds the commit when it next polls. It does so every 60 s, and remembers for as long what a branch was, so \
                 that takes two minutes at most.",
        within: "135 s from the merge",
        way_out: "Nothing to do, or refresh the Application by hand to have it at once.",
    }),
    run: |testbed, step| Box::pin(webhook_lost(testbed, step)),
};

async fn merged_twice(testbed: &Testbed, step: &StepHandle, times: usize) -> Result<()> {
    let operator = Operator::of(testbed);
    let before = operator.head().await?;
    let (mut slowest, mut lost) = (Duration::ZERO, 0);
    for round in 0..times {
        let apart = Duration::from_millis(APART[round % APART.len()]);
        let values = [0, 1].map(|number| format!("{round}-{number}"));
        let edits = values.each_ref().map(|value| annotated(value));
        let [_, second] = operator.twice(&overlays::of(PAGE), edits, apart).await?;
        let merged = Instant::now();
        let at_once = served(testbed, step, &second, &values[1], LIVE).await;
        if at_once.is_err() {
            // A sync that has failed ends this wait at once.
            let left = POLLED.saturating_sub(merged.elapsed());
            served(testbed, step, &second, &values[1], left)
                .await
                .with_context(|| format!("merges {} ms apart", apart.as_millis()))?;
            lost += 1;
        }
        slowest = slowest.max(merged.elapsed());
    }
    step.measured("slowest, second merge to live", slowest.as_secs_f64());
    let lost = match lost {
        0 => "none lost".to_owned(),
        lost => format!("{lost} of the second ones lost and found by polling"),
    };
    step.evidence(format!("{times} times two merges, {lost}"));
    taken_back(testbed, step, &operator, &before).await
}

async fn out_of_order(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let operator = Operator::of(testbed);
    let before = operator.head().await?;
    deliveries::set_active(testbed, false).await?;
    // Even if it fails: the other scenarios rely on the webhooks.
    let outcome = second_first(testbed, step, &operator, &before).await;
    let restored = deliveries::set_active(testbed, true).await;
    outcome.and(restored)?;
    taken_back(testbed, step, &operator, &before).await
}

async fn second_first(testbed: &Testbed, step: &StepHandle, operator: &Operator, before: &str) -> Result<()> {
    let values = ["order-first", "order-second"];
    let merges = operator
        .twice(&overlays::of(PAGE), values.map(annotated), Duration::ZERO)
        .await?;
    let [first, second] = &merges;
    let changed = format!("infra/{}", &overlays::of(PAGE));
    let push = |from, to| deliveries::push(testbed, [from, to], &changed, 0);
    deliveries::deliver(testbed, &push(first, second)).await?;
    let told = Instant::now();
    served(testbed, step, second, values[1], LIVE).await?;
    step.measured("first webhook to live", told.elapsed().as_secs_f64());
    deliveries::deliver(testbed, &push(before, first)).await?;
    consistently(step, "the second commit", HELD, async || {
        let value = annotation(testbed).await?;
        Ok(if value.as_deref() == Some(values[1]) {
            Verdict::Ready(())
        } else {
            Verdict::Failed(format!("{value:?} is served"))
        })
    })
    .await?;
    step.evidence(format!(
        "{} went live, and the late webhook of {} changed nothing",
        short(second),
        short(first)
    ));
    // The other environment got no webhook either, and nothing of it has changed.
    gitops::app(step, testbed.last(), APP).compared_again(LIVE).await
}

async fn webhook_lost(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let operator = Operator::of(testbed);
    let before = operator.head().await?;
    let shut = Shut::port(testbed).await?;
    let commit = operator.edit(&overlays::of(PAGE), annotated("lost")).await?;
    let merged = Instant::now();
    tokio::time::sleep(SHUT).await;
    ensure!(
        annotation(testbed).await?.as_deref() != Some("lost"),
        "the commit is live although its webhook cannot have come"
    );
    shut.end().await?;
    served(
        testbed,
        step,
        &commit,
        "lost",
        POLLED.saturating_sub(merged.elapsed()),
    )
    .await?;
    step.measured("merge to live, by polling", merged.elapsed().as_secs_f64());
    taken_back(testbed, step, &operator, &before).await
}

/// Takes back what was merged, and waits until that is live: who merges next within a second may
/// not be heard.
async fn taken_back(testbed: &Testbed, step: &StepHandle, operator: &Operator, before: &str) -> Result<()> {
    operator.restore(before).await?;
    let back = operator.head().await?;
    gitops::app(step, testbed.first(), APP)
        .at(&back)
        .arrived(POLLED)
        .await
}

/// Wait until Argo CD is at `commit`, and the Deployment says `value`.
async fn served(
    testbed: &Testbed,
    step: &StepHandle,
    commit: &str,
    value: &str,
    within: Duration,
) -> Result<()> {
    let begun = Instant::now();
    gitops::app(step, testbed.first(), APP)
        .at(commit)
        .arrived(within)
        .await?;
    let left = within.saturating_sub(begun.elapsed());
    eventually(step, "the Deployment's annotation", left, async || {
        let found = annotation(testbed).await?;
        Ok(if found.as_deref() == Some(value) {
            Verdict::Ready(())
        } else {
            Verdict::Pending(format!("{found:?} instead of {value}"))
        })
    })
    .await
}

async fn annotation(testbed: &Testbed) -> Result<Option<String>> {
    let deployments: Api<Deployment> = Api::namespaced(testbed.first().client.clone(), NAMESPACE);
    let found = deployments.get(APP).await.context("read the Deployment")?;
    let mut annotations = found.metadata.annotations.unwrap_or_default();
    Ok(annotations.remove(ANNOTATION))
}

/// Argo CD's port on the node that the forge calls, closed until this is ended or dropped.
struct Shut<'a> {
    testbed: &'a Testbed,
    undo: Undo,
}

impl<'a> Shut<'a> {
    async fn port(testbed: &'a Testbed) -> Result<Self> {
        let shell = Shell::new().context("open a shell")?;
        let undo = Undo::by([testbed.harness.engine.command(&shell, rule("--delete"))]);
        change(testbed, "--insert").await.context("shut Argo CD's port")?;
        Ok(Self { testbed, undo })
    }

    async fn end(self) -> Result<()> {
        change(self.testbed, "--delete")
            .await
            .context("open Argo CD's port")?;
        self.undo.done();
        Ok(())
    }
}

async fn change(testbed: &Testbed, verb: &str) -> Result<()> {
    let log = testbed.harness.run.log("forge");
    Tool::of_engine(&testbed.harness.engine, rule(verb), &log, CALL)?
        .run()
        .await
}

/// Before the node sends the packet on to a pod.
fn rule(verb: &str) -> Vec<String> {
    let node = Environment::first().control_plane();
    let port = ARGOCD_PORT.to_string();
    [
        "exec",
        &node,
        "iptables",
        "--wait",
        "--table",
        "raw",
        verb,
        "PREROUTING",
        "--protocol",
        "tcp",
        "--dport",
        &port,
        "--jump",
        "DROP",
    ]
    .map(str::to_owned)
    .into()
}
