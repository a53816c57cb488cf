//! Runs the controller: one pass after the other, as long as this replica holds the lease.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serverkit::metrics::Metrics;
use serverkit::shutdown::Draining;

use crate::config::{self, Run};
use crate::eks::Eks;
use crate::health::Health;
use crate::hub::Hub;
use crate::lease::{self, Election};
use crate::metrics::Passes;
use crate::pass::{self, Pass};

/// Prints what EKS says.
pub async fn observe(settings: &config::Eks) -> Result<()> {
    let seen = Eks::connect(settings).await.observe(&BTreeSet::new()).await;
    let text = serde_json::to_string_pretty(&seen).context("write JSON")?;
    println!("{text}");
    anyhow::ensure!(seen.doubts.is_empty(), "{}", seen.doubts.join("; "));
    Ok(())
}

/// Works until asked to stop.
pub async fn run(settings: Run) -> Result<()> {
    let client = pass::client().await?;
    let (draining, metrics) = (Draining::default(), Metrics::default());
    let health = Health::new(&draining);
    let namespace = &settings.argocd_namespace;
    let election = Election::new(&client, namespace, &settings.pod_name);
    let passes = Passes::shown_in(&metrics);
    let pass = Pass {
        eks: Eks::connect(&settings.eks).await,
        hub: Hub::new(&client, namespace),
        settings: settings.secrets.clone(),
        passes: passes.clone(),
        said: BTreeSet::new(),
        awaited: BTreeSet::new(),
        given_up: BTreeSet::new(),
    };
    tracing::info!(
        standby = settings.secrets.standby,
        poll_seconds = settings.poll_seconds.as_secs(),
        "starting"
    );
    let work = tokio::spawn(work(
        election,
        pass,
        passes,
        health.clone(),
        draining.clone(),
        settings.poll_seconds,
    ));
    let router = serverkit::layers(health.router(), &draining, &metrics);
    let served = serverkit::serve(&settings.listen, router, &draining, metrics).await;
    // A listener that could not begin must not leave the other task at work.
    draining.begin();
    work.await.context("the passes ended by themselves")?;
    served
}

async fn work(
    mut election: Election,
    mut pass: Pass,
    passes: Passes,
    health: Health,
    draining: Draining,
    pause: Duration,
) {
    let mut led = false;
    while !draining.has_begun() {
        let held = election.held().await;
        health.hub_answers(held.is_ok());
        let leads = held.unwrap_or_else(|error| {
            tracing::error!(
                error = format!("{error:#}"),
                "cannot know who is at work, so this replica is not"
            );
            false
        });
        if leads != led {
            tracing::info!(leads, "the lease has changed hands");
        }
        led = leads;
        passes.leading(leads);
        if leads {
            one(&mut pass, &passes).await;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = draining.begun() => {}
        }
    }
    if let Err(error) = election.give_back().await {
        tracing::warn!(
            error = format!("{error:#}"),
            "the next replica has to wait for the lease to run out"
        );
    }
}

/// One pass, ended before another replica can take the lease.
async fn one(pass: &mut Pass, passes: &Passes) {
    let begun = Instant::now();
    let limit = lease::VALID * 2 / 3;
    let outcome = match tokio::time::timeout(limit, pass.run()).await {
        Ok(outcome) => outcome,
        Err(_) => Err(anyhow::anyhow!(
            "the pass took longer than {} s and was ended",
            limit.as_secs()
        )),
    };
    passes.ended(outcome.is_ok(), begun.elapsed().as_secs_f64());
    if let Err(error) = outcome {
        tracing::error!(
            error = format!("{error:#}"),
            "the pass failed; the next one begins anew"
        );
    }
}
