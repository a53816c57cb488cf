//! Each new version of the page gets a few of its visitors first, and the others if it answers
//! those well: by Argo Rollouts, which writes weights into the page's Ingress.

pub(crate) mod away;
pub(crate) mod bad;
pub(crate) mod few;
pub(crate) mod good;
pub(crate) mod off;
mod rollout;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use self::rollout::Rollouts;
use super::{balanced, ensure_addons, switch};
use crate::actors::Operator;
use crate::environment::{Environment, PAGE};
use crate::git::kustomization_edits::{with_item, with_replicas};
use crate::gitops;
use crate::platform::addons::load_balancer::{LoadBalancer, Visits};
use crate::platform::addons::{BALANCER, ROLLOUTS, component};
use crate::run::{StepHandle, Testbed};
use crate::scenarios::pods::{Servers, restarts};
use crate::scenarios::{overlays, workloads};
use crate::wait::{Verdict, eventually};

const LIVE: Duration = Duration::from_mins(2);
const SERVED: Duration = Duration::from_secs(20);
/// Those of the version before stay for half a minute after the last visitor was sent there.
const ENDED: Duration = Duration::from_secs(90);
/// The component of the page's overlay, in the folder of add-ons.
const CANARY: &str = "argo-rollouts/canary";
/// How many pods a Rollout runs, as infra/addons/argo-rollouts/canary has it.
const PODS: u16 = 2;
/// One visit of so many asks for the page itself.
const PAGES: usize = 3;

/// The page is released by canary, and visited through a load balancer.
struct Canary<'a> {
    testbed: &'a Testbed,
    balancer: LoadBalancer,
    rollouts: Rollouts,
}

impl<'a> Canary<'a> {
    /// Turns all on that it takes, unless an earlier scenario has. None where that cannot be.
    async fn ready(testbed: &'a Testbed, step: &StepHandle) -> Result<Option<Self>> {
        ensure_addons(testbed)?;
        if !balanced::can_be(step) {
            return Ok(None);
        }
        let cluster = testbed.first();
        let rollouts = Rollouts::of(cluster);
        let is_on = switch::is_on(cluster, ROLLOUTS).await? && rollouts.is_there().await?;
        if !is_on {
            balanced::on(testbed, step).await?;
            switch::on(testbed, step, ROLLOUTS).await?;
        }
        let host = format!("board.{}.example.com", Environment::first());
        let canary = Self {
            testbed,
            balancer: LoadBalancer::start(testbed, cluster, &host).await?,
            rollouts,
        };
        if !is_on {
            canary.turn_on(step).await?;
        }
        balanced::served(step, &canary.balancer, SERVED).await?;
        // A canary that was ended stays for half a minute.
        canary.of_rollout_alone(step).await?;
        Ok(Some(canary))
    }

    /// In the order of docs/ADDONS.md: the Ingress, the Rollout, and then no pod of the Deployment.
    async fn turn_on(&self, step: &StepHandle) -> Result<()> {
        let (cluster, operator) = (self.testbed.first(), Operator::of(self.testbed));
        let page = gitops::app(step, cluster, PAGE);
        let overlay = overlays::of(PAGE);
        let ingress = json!(component(&format!("{BALANCER}/{}", Environment::first())));
        let asked = operator
            .edit(&overlay, |text| with_item(&text, "components", &ingress))
            .await?;
        page.at(&asked).live(LIVE).await?;
        balanced::served(step, &self.balancer, SERVED).await?;

        let visits = Visits::start(&self.balancer.visitors, PAGES);
        let since = Instant::now();
        let canary = json!(component(CANARY));
        let asked = operator
            .edit(&overlay, |text| with_item(&text, "components", &canary))
            .await?;
        page.at(&asked).live(LIVE).await?;
        self.rollouts.healthy(step, None, LIVE).await?;
        let asked = operator
            .edit(&overlay, |text| with_replicas(&text, PAGE, 0))
            .await?;
        page.at(&asked).live(LIVE).await?;
        self.of_rollout_alone(step).await?;
        step.measured("on to released by canary", since.elapsed().as_secs_f64());
        workloads::none_ending(step, cluster).await?;
        visits.none_failed(step).await
    }

    /// Releases the same page by another `mark`, and gives the commit.
    async fn restart(&self, mark: &str) -> Result<String> {
        let restart = overlays::restart(mark);
        Operator::of(self.testbed)
            .patch(&overlays::of(PAGE), &[restart])
            .await
    }

    /// Waits until the balancer sends everybody to one version.
    async fn at_one_version(&self, step: &StepHandle, within: Duration) -> Result<()> {
        eventually(step, "all visitors at one version", within, async || {
            let turns = self.balancer.turns().await;
            let last = turns.last().context("nobody is sent anywhere")?;
            Ok(if last.weights.values().any(|weight| *weight == 100) {
                Verdict::Ready(())
            } else {
                Verdict::Pending(format!("{:?}", last.weights))
            })
        })
        .await
    }

    /// Waits until all pods are those of one version of the Rollout.
    async fn of_rollout_alone(&self, step: &StepHandle) -> Result<()> {
        let servers = Servers::of(self.testbed, self.testbed.first(), PAGE);
        servers.ready(step, PODS, ENDED).await
    }

    /// What tells the pods that serve now from any other, and that they were not started again.
    async fn pods(&self) -> Result<Vec<(String, i32)>> {
        let servers = Servers::of(self.testbed, self.testbed.first(), PAGE);
        let pods = servers.list().await?;
        let mut told: Vec<_> = pods
            .iter()
            .map(|pod| {
                let uid = pod.metadata.uid.clone().unwrap_or_default();
                (uid, restarts(pod))
            })
            .collect();
        told.sort();
        Ok(told)
    }

    /// Sees that each of these is there as before.
    async fn untouched(&self, before: &[(String, i32)]) -> Result<()> {
        let now = self.pods().await?;
        let gone: Vec<_> = before.iter().filter(|pod| !now.contains(pod)).collect();
        ensure!(gone.is_empty(), "pods that served were touched: {gone:?}");
        Ok(())
    }

    /// Reverts a release, and waits until the version before it is all that there is.
    async fn taken_back(&self, step: &StepHandle, release: &str, stable: &str) -> Result<()> {
        let (cluster, operator) = (self.testbed.first(), Operator::of(self.testbed));
        let since = Instant::now();
        let back = operator.revert(release).await?;
        let page = gitops::app(step, cluster, PAGE).at(&back);
        self.rollouts.healthy(step, None, LIVE).await?;
        page.live(LIVE).await?;
        step.measured("revert to Healthy", since.elapsed().as_secs_f64());
        let state = self.rollouts.state().await?;
        ensure!(
            state.stable == stable && state.current == stable,
            "{stable} was stable, and now it is {state:?}"
        );
        self.of_rollout_alone(step).await
    }
}
