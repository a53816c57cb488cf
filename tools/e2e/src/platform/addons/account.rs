//! What an administrator of the account does for the add-ons of the first environment.

use anyhow::Result;

use crate::actors::Administrator;
use crate::environment::project;
use crate::run::Testbed;
use crate::world::aws;

/// The role of external-dns, without its environment.
const ROLE: &str = "external-dns";

/// The zone that external-dns keeps names in: infra/addons/external-dns/ENVIRONMENT has it too.
pub(crate) fn domain(testbed: &Testbed) -> String {
    format!("{}.example.com", testbed.first().environment)
}

/// What a role of the stack `cluster` is called.
pub(crate) fn role(testbed: &Testbed, name: &str) -> String {
    format!("{}-{name}-{}", project().name(), testbed.first().environment)
}

// wing: verifier
/// The secret that External Secrets reads: infra/addons/external-secrets/ENVIRONMENT has it too.
pub(crate) fn secret(testbed: &Testbed) -> String {
    format!(
        "{}/verifier-token-{}",
        project().name(),
        testbed.first().environment
    )
}
// end of wing

/// Makes the zone and the stack, unless an earlier scenario has.
pub(crate) async fn ensure(testbed: &Testbed) -> Result<()> {
    let (harness, administrator) = (&testbed.harness, Administrator::of(testbed));
    if administrator.has_role(&role(testbed, ROLE)).await? {
        return Ok(());
    }
    let zone = administrator.make_zone(&domain(testbed)).await?;
    aws::create_cluster(harness, testbed.first().environment, ("HostedZoneId", zone)).await
}
