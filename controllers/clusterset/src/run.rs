//! Runs the controller: one pass after the other, as long as this replica holds the lease.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use serverkit::metrics::Metrics;
use serverkit::shutdown::Draining;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout};

use crate::config::{self, Run};
use crate::eks::Eks;
use crate::health::Health;
use crate::hub::Hub;
use crate::lease::{self, Election};
use crate::metrics::Passes;
use crate::pass::{self, Pass};

/// How long the hub may take to say who is at work: the client waits for ever on a connection that
/// has silently died.
const ANSWER: Duration = Duration::from_secs(5);

/// Which of several replicas is at work.
pub(crate) trait Leadership {
    /// Takes or renews the lease; whether this replica holds it.
    async fn held(&mut self) -> Result<bool>;
    /// Gives the lease back, if this replica holds it, so that the next one need not wait.
    async fn give_back(&self) -> Result<()>;
}

/// What the replica does that is at work.
pub(crate) trait Work {
    /// Does all of it; an error where the hub does not do what it is asked.
    async fn run(&mut self) -> Result<()>;
}

/// Prints what EKS says.
pub async fn observe(settings: &config::Eks) -> Result<()> {
    let eks = Eks::connect(settings).await;
    let seen = eks.observe(eks.list().await, &BTreeSet::new()).await;
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
    mut election: impl Leadership,
    mut pass: impl Work,
    passes: Passes,
    health: Health,
    draining: Draining,
    pause: Duration,
) {
    let mut led = false;
    while !draining.has_begun() {
        // The lease runs from when it is written, which is later.
        let begun = Instant::now();
        let held = in_time(timeout(ANSWER, election.held()).await);
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
            one(&mut pass, &passes, begun + lease::VALID * 2 / 3).await;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = draining.begun() => {}
        }
    }
    if let Err(error) = in_time(timeout(ANSWER, election.give_back()).await) {
        tracing::warn!(
            error = format!("{error:#}"),
            "the next replica has to wait for the lease to run out"
        );
    }
}

/// What the hub has answered, or that it has not.
fn in_time<T>(answer: Result<Result<T>, Elapsed>) -> Result<T> {
    answer.unwrap_or_else(|_| Err(anyhow!("the hub did not answer within {} s", ANSWER.as_secs())))
}

/// One pass, ended at a time before which no other replica can take the lease.
async fn one(pass: &mut impl Work, passes: &Passes, end: Instant) {
    let begun = Instant::now();
    let limit = end - begun;
    let outcome = timeout(limit, pass.run()).await.unwrap_or_else(|_| {
        Err(anyhow!(
            "the pass took longer than {} s and was ended",
            limit.as_secs()
        ))
    });
    passes.ended(outcome.is_ok(), begun.elapsed().as_secs_f64());
    if let Err(error) = outcome {
        tracing::error!(
            error = format!("{error:#}"),
            "the pass failed; the next one begins anew"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::{Arc, Mutex};

    use super::*;

    const PAUSE: Duration = Duration::from_secs(1);

    /// Has this replica lead, each time after so long; without a time it never says so.
    struct Fake {
        takes: Option<Duration>,
        /// When it was asked.
        asked: Arc<Mutex<Vec<Instant>>>,
    }

    impl Leadership for Fake {
        async fn held(&mut self) -> Result<bool> {
            self.asked.lock().unwrap().push(Instant::now());
            match self.takes {
                Some(time) => tokio::time::sleep(time).await,
                None => pending().await,
            }
            Ok(true)
        }

        async fn give_back(&self) -> Result<()> {
            pending().await
        }
    }

    struct Endless;

    impl Work for Endless {
        async fn run(&mut self) -> Result<()> {
            pending().await
        }
    }

    /// Works for a while: why this replica is not ready then, and when it asked for the lease.
    async fn after(time: Duration, takes: Option<Duration>) -> (Option<&'static str>, Vec<Instant>) {
        let draining = Draining::default();
        let health = Health::new(&draining);
        health.hub_answers(true);
        let asked = Arc::default();
        let fake = Fake {
            takes,
            asked: Arc::clone(&asked),
        };
        let passes = Passes::shown_in(&Metrics::default());
        let work = work(fake, Endless, passes, health.clone(), draining.clone(), PAUSE);
        let work = tokio::spawn(work);
        tokio::time::sleep(time).await;
        let refusal = health.refusal();
        draining.begin();
        let ended = timeout(lease::VALID * 2, work).await;
        ended.expect("it ends when it is asked to").unwrap();
        let asked = asked.lock().unwrap().clone();
        (refusal, asked)
    }

    #[tokio::test(start_paused = true)]
    async fn a_replica_whose_hub_says_nothing_is_not_ready_and_asks_again() {
        let (refusal, asked) = after(ANSWER + PAUSE * 2, None).await;
        assert_eq!(refusal, Some("the hub does not answer"));
        assert_eq!(asked.len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pass_ends_before_the_lease_however_long_that_took_to_get() {
        let (refusal, asked) = after(lease::VALID, Some(ANSWER * 4 / 5)).await;
        assert_eq!(refusal, None);
        let round = asked[1] - asked[0];
        assert!(round < lease::VALID * 2 / 3 + PAUSE * 2, "{round:?}");
    }
}
