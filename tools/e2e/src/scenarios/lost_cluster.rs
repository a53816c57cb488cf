//! A cluster that is lost, and an empty one in its place.

use anyhow::{Result, ensure};

use crate::cluster::{self, Cluster};
use crate::host::network::Network;
use crate::run::{StepHandle, Testbed, teardown};

/// Removes a cluster, and makes it again. People come by the same ports.
pub(crate) async fn made_again(testbed: &Testbed, step: &StepHandle, lost: &Cluster) -> Result<Cluster> {
    let harness = &testbed.harness;
    teardown::remove_cluster(&harness.run, &harness.engine, lost.environment, step).await?;
    ensure!(
        lost.client.apiserver_version().await.is_err(),
        "{} still answers although it was removed",
        lost.name
    );
    let network = Network::ensure(harness).await?;
    let ports = lost.same_ports()?;
    cluster::create(harness, &network, lost.environment, &ports, step).await
}
