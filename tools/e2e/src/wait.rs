//! The only polling loop: a deadline, three answers, and a sentence when time is up.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use kube::Api;
use serde::de::DeserializeOwned;

use crate::run::StepHandle;

/// What one look found.
#[derive(Debug)]
pub(crate) enum Verdict<T> {
    Ready(T),
    /// Not yet, because…; shown on the step's line.
    Pending(String),
    /// Never, because…; ends the wait at once.
    Failed(String),
}

const SHORTEST: Duration = Duration::from_millis(100);
/// A run waits hundreds of times, and half of this is lost each time.
const LONGEST: Duration = Duration::from_millis(400);
/// Between two looks at what has to stay as it is.
const WATCH: Duration = Duration::from_secs(1);

/// Looks until `check` is ready or failed, or `within` has passed. An error of `check` means the
/// look itself did not succeed (a connection refused by something still starting): it counts as
/// "not yet" and is named on timeout.
pub(crate) async fn eventually<T>(
    step: &StepHandle,
    what: &str,
    within: Duration,
    mut check: impl AsyncFnMut() -> Result<Verdict<T>>,
) -> Result<T> {
    let start = Instant::now();
    let mut pause = SHORTEST;
    let mut reason = "nothing".to_owned();
    loop {
        let left = within.saturating_sub(start.elapsed());
        reason = match tokio::time::timeout(left.max(SHORTEST), check()).await {
            Ok(Ok(Verdict::Ready(value))) => return Ok(value),
            Ok(Ok(Verdict::Failed(reason))) => bail!("{what}: {reason}"),
            Ok(Ok(Verdict::Pending(reason))) => reason,
            Ok(Err(error)) => format!("{error:#}"),
            Err(_) => format!("{reason}; the last look did not answer in time"),
        };
        if start.elapsed() + pause > within {
            bail!("{what}: not within {} s; last seen: {reason}", within.as_secs());
        }
        step.doing(&format!("{what}: {reason}"));
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(LONGEST);
    }
}

/// Looks until there is no object of this name any more; `why` says what it may be waiting for.
pub(crate) async fn gone<K>(
    step: &StepHandle,
    what: &str,
    within: Duration,
    api: &Api<K>,
    name: &str,
    why: &str,
) -> Result<()>
where
    K: Clone + Debug + DeserializeOwned,
{
    eventually(step, what, within, async || {
        Ok(match api.get_opt(name).await? {
            None => Verdict::Ready(()),
            Some(_) => Verdict::Pending(why.to_owned()),
        })
    })
    .await
}

/// Demands that `check` stays ready from now until `period` is over, the last look being at its
/// end; the first other answer, an error among them, is an error.
pub(crate) async fn consistently<T>(
    step: &StepHandle,
    what: &str,
    period: Duration,
    mut check: impl AsyncFnMut() -> Result<Verdict<T>>,
) -> Result<()> {
    let start = Instant::now();
    step.doing(&format!("{what}: held for {} s", period.as_secs()));
    loop {
        let left = period.saturating_sub(start.elapsed());
        match check().await? {
            Verdict::Ready(_) if left.is_zero() => return Ok(()),
            Verdict::Ready(_) => tokio::time::sleep(WATCH.min(left)).await,
            Verdict::Pending(reason) | Verdict::Failed(reason) => {
                bail!(
                    "{what}: did not stay so: {reason} (after {} s)",
                    start.elapsed().as_secs()
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{
        Step,
        progress::{History, Progress},
    };

    static STEP: Step = Step::new("step", "a step", 3600);

    async fn within<T>(seconds: u64, check: impl AsyncFnMut() -> Result<Verdict<T>>) -> Result<T> {
        let within = Duration::from_secs(seconds);
        let progress = Progress::new(1, History::new());
        progress
            .step(&STEP, async |step| eventually(step, "node", within, check).await)
            .await
    }

    #[tokio::test]
    async fn pending_and_errors_are_looked_at_again() {
        let mut looks = 0;
        let seen = within(5, async || {
            looks += 1;
            match looks {
                1 => Ok(Verdict::Pending("no address".to_owned())),
                2 => bail!("connection refused"),
                _ => Ok(Verdict::Ready(looks)),
            }
        });
        assert_eq!(seen.await.unwrap(), 3);
    }

    #[tokio::test]
    async fn failed_ends_the_wait_at_once() {
        let start = Instant::now();
        let seen = within::<()>(60, async || Ok(Verdict::Failed("image not found".to_owned()))).await;
        assert_eq!(
            format!("{:#}", seen.unwrap_err()),
            "step `a step`: node: image not found"
        );
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[tokio::test]
    async fn a_timeout_says_what_was_missing() {
        let seen = within::<()>(1, async || Ok(Verdict::Pending("no route".to_owned()))).await;
        assert!(format!("{:#}", seen.unwrap_err()).contains("not within 1 s; last seen: no route"));
    }

    #[tokio::test]
    async fn a_look_that_hangs_cannot_outlive_the_deadline() {
        let mut looks = 0;
        let seen = within::<()>(1, async || {
            looks += 1;
            match looks {
                1 => Ok(Verdict::Pending("no route".to_owned())),
                _ => std::future::pending().await,
            }
        });
        let error = format!("{:#}", seen.await.unwrap_err());
        assert!(
            error.ends_with("last seen: no route; the last look did not answer in time"),
            "{error}"
        );
    }

    /// Whether what is ready for so many milliseconds counts as ready for as long as one test can
    /// wait.
    async fn stays_ready_for(milliseconds: u64) -> Result<()> {
        let progress = Progress::new(1, History::new());
        let start = Instant::now();
        let check = async || {
            anyhow::Ok(if start.elapsed() < Duration::from_millis(milliseconds) {
                Verdict::Ready(())
            } else {
                Verdict::Failed("gone".to_owned())
            })
        };
        let period = Duration::from_millis(300);
        progress
            .step(&STEP, async |step| {
                consistently(step, "page", period, check).await
            })
            .await
    }

    #[tokio::test]
    async fn what_ends_before_the_period_did_not_stay() {
        stays_ready_for(60_000).await.unwrap();
        let error = format!("{:#}", stays_ready_for(200).await.unwrap_err());
        assert!(error.contains("page: did not stay so: gone"), "{error}");
    }
}
