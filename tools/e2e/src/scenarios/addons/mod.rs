//! The add-ons of infra/addons, in the environment that has them.

mod balanced;
pub(crate) mod canary;
mod denied;
pub(crate) mod ingress;
pub(crate) mod memory;
pub(crate) mod metrics_away;
pub(crate) mod names;
pub(crate) mod notices;
mod scaled;
pub(crate) mod scaling;
pub(crate) mod secrets; // wing: verifier
pub(crate) mod shared_volume;
mod switch;
mod traces;
pub(crate) mod turned_off;

use anyhow::{Result, ensure};

use crate::testbed::Testbed;

fn ensure_addons(testbed: &Testbed) -> Result<()> {
    ensure!(
        testbed.world.addons,
        "what is up has no add-ons; bring it up with `--addons`"
    );
    Ok(())
}
