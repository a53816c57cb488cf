//! What a scenario of clusters that failed may have left: a list that is wrong, and clusters that
//! are away or of another environment.

use anyhow::Result;

use super::pair;
use crate::fleet::{self, List};
use crate::progress::StepHandle;
use crate::testbed::Testbed;

/// Makes each cluster a target of its own environment again, where there is a hub.
pub(crate) async fn heal(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let Some(fleet) = &testbed.fleet else {
        return Ok(());
    };
    fleet.eks.list(List::Right)?;
    for cluster in &testbed.clusters {
        let runs = fleet.environment_of(cluster).await?;
        if !fleet.eks.knows(cluster).await? {
            fleet.eks.create(cluster).await?;
        } else if runs.is_some_and(|runs| runs != cluster.environment.name()) {
            pair::back(testbed, step, cluster).await?;
        } else {
            // They went with its namespace, if that was emptied.
            fleet::give_rights(&testbed.harness, cluster, step).await?;
            fleet.eks.tag(cluster, true).await?;
        }
        fleet.registered(step, cluster).await?;
    }
    Ok(())
}
