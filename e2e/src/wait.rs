//! The only polling loop: a deadline, three answers, and a sentence when time is up.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::progress::StepHandle;

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
const LONGEST: Duration = Duration::from_secs(1);

/// Looks until `check` is ready or failed, or `within` has passed. An error of `check` means the look itself did not
/// succeed (a connection refused by something still starting): it counts as "not yet" and is named on timeout.
pub(crate) async fn eventually<T>(
    step: &StepHandle,
    what: &str,
    within: Duration,
    mut check: impl AsyncFnMut() -> Result<Verdict<T>>,
) -> Result<T> {
    let start = Instant::now();
    let mut pause = SHORTEST;
    loop {
        let left = within.saturating_sub(start.elapsed());
        let reason = match tokio::time::timeout(left.max(SHORTEST), check()).await {
            Ok(Ok(Verdict::Ready(value))) => return Ok(value),
            Ok(Ok(Verdict::Failed(reason))) => bail!("{what}: {reason}"),
            Ok(Ok(Verdict::Pending(reason))) => reason,
            Ok(Err(error)) => format!("{error:#}"),
            Err(_) => "the last look did not answer in time".to_owned(),
        };
        if start.elapsed() + pause > within {
            bail!("{what}: not within {} s; last seen: {reason}", within.as_secs());
        }
        step.doing(&format!("{what}: {reason}"));
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(LONGEST);
    }
}

/// Demands that `check` stays ready for `period`; the first other answer is an error.
pub(crate) async fn consistently<T>(
    step: &StepHandle,
    what: &str,
    period: Duration,
    mut check: impl AsyncFnMut() -> Result<Verdict<T>>,
) -> Result<()> {
    let start = Instant::now();
    step.doing(&format!("{what}: held for {} s", period.as_secs()));
    while start.elapsed() < period {
        match check().await? {
            Verdict::Ready(_) => tokio::time::sleep(LONGEST.min(period)).await,
            Verdict::Pending(reason) | Verdict::Failed(reason) => {
                bail!("{what}: did not stay so: {reason} (after {} s)", start.elapsed().as_secs())
            }
        }
    }
    Ok(())
}
