//! Two releases in quick succession: what is proven of the second does not let the first through.

use anyhow::{Result, ensure};

use super::{RUN, change_page, changed_for_both, nothing_proposed, proven, pushed_to, route};
use crate::actors::Reviewer;
use crate::environment::PAGE;
use crate::git::short;
use crate::platform::verifier;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::release::{Expected, built, merged};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("overtaken", "two releases in quick succession", 900),
    suite: Suite::Promotion,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    verifier::ensure_gate(testbed, step).await?;
    let (first, behind) = route();
    let (reviewer, manifests) = (Reviewer::of(&testbed.world), testbed.manifests());
    let (earlier, _) = changed_for_both(testbed, step).await?;
    reviewer.release(step, first, &earlier, &manifests).await?;
    change_page(testbed).await?;
    let later = built(testbed, step, first, RUN).await?;
    let (release, _) = reviewer.release(step, first, &later, &manifests).await?;
    proven(testbed, step, &release.commit).await?;
    // The branch still asks for the earlier one.
    let said = nothing_proposed(testbed, step, behind, &release.commit).await?;
    let overtaken = format!("{first} has that of commit {}", short(&later));
    ensure!(
        said.contains(&overtaken),
        "CI does not say {overtaken:?}:\n{said}"
    );

    pushed_to(testbed, step, behind, &later).await?;
    let expected = Expected {
        app: PAGE,
        serves: &later,
    };
    merged(testbed, step, behind, &later, &expected).await?;
    step.evidence(format!(
        "{} was proven and not proposed in the name of {}; {behind} has {}",
        short(&later),
        short(&earlier),
        short(&later)
    ));
    Ok(())
}
