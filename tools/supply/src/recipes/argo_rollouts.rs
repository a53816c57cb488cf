//! Argo Rollouts, which releases an app to a few of its visitors first.

use std::path::Path;

use anyhow::Result;

use crate::go::GoModule;
use crate::part::Part;
use crate::workshop::Workshop;

/// Same interface as upstream's image.
pub const PART: Part = Part {
    name: "argo-rollouts",
    context: &[(
        "Containerfile",
        include_str!("../../images/argo-rollouts/Containerfile"),
    )],
    source: include_str!("argo_rollouts.rs"),
    prepare,
};

const MODULE: &str = "github.com/argoproj/argo-rollouts";
const MAIN: &str = "github.com/argoproj/argo-rollouts/cmd/rollouts-controller";

fn prepare(shop: Workshop<'_>, folder: &Path) -> Result<()> {
    let version = shop.versions.get(PART.name, PART.name)?;
    let module = GoModule {
        module: MODULE,
        version,
        binaries: &[(PART.name, MAIN)],
        // What it says of itself, as upstream's build has it.
        variables: &[format!("{MODULE}/utils/version.version={version}")],
        ..GoModule::default()
    };
    module.build_into(shop, folder, PART.name)
}

#[cfg(test)]
mod tests {
    use super::PART;
    use crate::recipes::tests::kinds_are_of;

    #[test]
    fn the_kinds_are_those_of_this_version() {
        let kinds = ["analysisruns", "analysistemplates", "experiments", "rollouts"];
        kinds_are_of(&PART, "Argo Rollouts", &kinds);
    }
}
