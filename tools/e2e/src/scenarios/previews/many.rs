//! More pull requests at once than there may be previews; then all are closed while the keeper is
//! killed again and again.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, ListParams};
use kube::{Api, ResourceExt as _};

use super::{PROSE, Proposed, none_left};
use crate::platform::previews::{self, NAME};
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::wait::{Verdict, eventually};

/// As many as `MOST` in infra/previews/keeper.yaml, and some that wait.
const MOST: usize = 20;
const WAITING: usize = 2;
const ALL_READY: Duration = Duration::from_mins(8);
const ALL_GONE: Duration = Duration::from_mins(4);
const KILLS: usize = 20;
const BETWEEN: Duration = Duration::from_millis(1500);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new(
        "previews-many",
        "twenty previews at once, and a keeper that is killed while it cleans up",
        2400,
    ),
    suite: Suite::Previews,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    previews::ensure(testbed, step).await?;
    let mut proposed = Vec::new();
    for number in 0..MOST + WAITING {
        step.doing(&format!("open pull request {number}"));
        let one = Proposed::open(testbed, &format!("many-{number}"), PROSE).await?;
        one.build(testbed).await?;
        proposed.push(one);
    }
    let since = Instant::now();
    for one in &proposed {
        one.label(testbed).await?;
    }
    ready(testbed, step, &proposed).await?;
    step.measured("twenty labels to twenty ready", since.elapsed().as_secs_f64());
    for one in &proposed {
        one.close(testbed).await?;
    }
    let pods: Api<Pod> = Api::namespaced(testbed.first().client.clone(), NAME);
    for number in 0..KILLS {
        step.doing(&format!("kill the keeper, {number} of {KILLS}"));
        for pod in pods
            .list(&ListParams::default())
            .await
            .context("list the keeper")?
        {
            let killed = pods
                .delete(&pod.name_any(), &DeleteParams::default().grace_period(0))
                .await;
            // It may be gone by then.
            drop(killed);
        }
        tokio::time::sleep(BETWEEN).await;
    }
    let gone = none_left(testbed, step, ALL_GONE).await?;
    step.measured("after the last kill to nothing left", gone.as_secs_f64());
    Ok(())
}

/// Waits until as many as there may be are ready, and the others say that they wait.
async fn ready(testbed: &Testbed, step: &StepHandle, proposed: &[Proposed]) -> Result<()> {
    eventually(step, "as many are ready as there may be", ALL_READY, async || {
        let (mut ready, mut waiting) = (0, 0);
        for one in proposed {
            let Some(status) = one.said(testbed).await? else {
                continue;
            };
            match status.status.as_str() {
                "success" => ready += 1,
                "pending" if status.description.contains("fewer than") => waiting += 1,
                "failure" => {
                    return Ok(Verdict::Failed(format!("{}: {}", one.number, status.description)));
                }
                _ => {}
            }
        }
        Ok(if (ready, waiting) == (MOST, WAITING) {
            Verdict::Ready(())
        } else {
            Verdict::Pending(format!("{ready} ready, {waiting} waiting"))
        })
    })
    .await
}
