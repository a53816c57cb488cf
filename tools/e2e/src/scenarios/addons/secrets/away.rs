//! External Secrets hangs, or is answered late: the token stays as it was, and a new one arrives
//! afterwards.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use fault_proxy::Fault;

use super::issued::Issued;
use super::{AT_ONCE, REFRESHED, kept, put};
use crate::environment::PAGE;
use crate::platform::addons::SECRETS;
use crate::run::{StepHandle, Testbed};
use crate::scenarios::addons::hung::Hung;
use crate::scenarios::addons::{is, pod};
use crate::scenarios::detour::Detour;
use crate::wait::{Verdict, consistently};

/// How late Secrets Manager answers, and how long that is watched.
const LATE: Duration = Duration::from_secs(6);
const WATCHED: Duration = Duration::from_secs(3);
const READS: &str = "GetSecretValue";
/// More than are asked for meanwhile.
const ALL: usize = 1_000;

/// Its process hangs, and is ended. Gives the token that was put meanwhile.
pub(super) async fn hangs(testbed: &Testbed, step: &StepHandle, old: Issued) -> Result<Issued> {
    let cluster = testbed.first();
    let hung = Hung::addon(testbed, SECRETS).await?;
    let new = put(testbed).await?;
    hung.noticed(step).await?;
    let stays = kept::token(cluster).await?;
    ensure!(
        stays.as_ref() == Some(&old.value),
        "the Secret did not stay while nobody kept it"
    );
    is(testbed, step, PAGE, "Healthy").await?;
    hung.end(step).await?;
    let arrived = kept::until(step, cluster, &new.value, REFRESHED).await?;
    step.measured("back to new token in cluster", arrived.as_secs_f64());
    old.end(testbed).await?;
    Ok(new)
}

/// Secrets Manager answers late. Gives the token that was put meanwhile.
pub(super) async fn slow(testbed: &Testbed, step: &StepHandle, old: Issued) -> Result<Issued> {
    let status = pod(testbed.first(), SECRETS).await?.status;
    let address = status.and_then(|status| status.pod_ip);
    let detour = Detour::of_pod(testbed, &address.context("a pod has an address")?).await?;
    let outcome = answered_late(testbed, step, (&detour, &old)).await;
    // In any case: what comes next needs AWS as it is.
    let opened = detour.end().await;
    let new = outcome?;
    opened?;
    old.end(testbed).await?;
    Ok(new)
}

/// Nothing fails, so nobody is called unhealthy: only the time of the last look tells.
async fn answered_late(
    testbed: &Testbed,
    step: &StepHandle,
    (detour, old): (&Detour<'_>, &Issued),
) -> Result<Issued> {
    let cluster = testbed.first();
    let proxy = detour.through_proxy().await?;
    proxy.next(ALL, READS, Fault::Late(LATE));
    let (before, since) = (proxy.seen(READS), Instant::now());
    let new = put(testbed).await?;
    let read = kept::read_at(cluster).await?;
    kept::look_now(cluster).await?;
    consistently(step, "the token before, as old as it is", WATCHED, async || {
        let (now, token) = (kept::read_at(cluster).await?, kept::token(cluster).await?);
        Ok(if now == read && token.as_ref() == Some(&old.value) {
            Verdict::Ready(())
        } else {
            Verdict::Failed(format!("it was read at {read}, and now at {now}"))
        })
    })
    .await?;
    for app in [PAGE, SECRETS] {
        is(testbed, step, app, "Healthy").await?;
    }
    kept::until(step, cluster, &new.value, LATE + AT_ONCE).await?;
    let took = since.elapsed();
    step.measured("new token of a slow AWS to cluster", took.as_secs_f64());
    ensure!(
        took >= LATE && proxy.seen(READS) > before,
        "it asked past the proxy, so nothing was late"
    );
    step.evidence(format!(
        "while AWS answered {} s late the token stayed, all was Healthy, and only the refreshTime stood still",
        LATE.as_secs()
    ));
    Ok(new)
}
