//! What a bring-up does where another command has left everything running.

use anyhow::{Context as _, Result};

use super::context::BringUp;
use crate::cluster::Cluster;
use crate::platform::fleet::Fleet;
use crate::run::first_release::start_ci;
use crate::run::{StepHandle, leftovers};

impl BringUp<'_> {
    /// Connects to what is up, and brings a CI for it.
    pub(super) async fn attach(&self, step: &StepHandle) -> Result<()> {
        let harness = self.harness.get()?;
        let standing = self.standing.as_ref().context("nothing is up")?;
        self.world.set(standing.world.clone())?;
        step.doing("connect to the clusters");
        for (environment, made) in &self.clusters {
            let mut known = standing.clusters.iter();
            let state = known.find(|cluster| cluster.environment == *environment);
            let state = state
                .with_context(|| format!("{environment} is not up; run `cargo xtask e2e down`, then `up`"))?;
            made.set(Cluster::open(state.clone()).await?)?;
            answers(made.get()?).await?;
        }
        if let Some(state) = &standing.hub {
            self.hub.set(Cluster::open(state.clone()).await?)?;
            answers(self.hub.get()?).await?;
            let (hub, targets) = (self.hub.get()?, self.targets()?);
            let fleet = Fleet::attach(harness, &standing.world, hub, &targets, step).await?;
            self.fleet.set(fleet)?;
        }
        step.doing("start the CI");
        // The one in the background shares the checkout with it.
        leftovers::end_processes(&self.session.cache).await?;
        let ci = start_ci(harness, &standing.world, standing.hub()).await?;
        self.ci.set(ci)
    }
}

async fn answers(cluster: &Cluster) -> Result<()> {
    let answer = cluster.client.apiserver_version().await;
    answer.map(drop).with_context(|| {
        format!(
            "cluster {} does not answer; remove it with `cargo xtask e2e down`",
            cluster.name
        )
    })
}
