//! Staging is rolled back while production's proposal is open: it is withdrawn.

use anyhow::{Context, Result, ensure};

use super::{changed_for_both, none_open, nothing_proposed, proven, route};
use crate::actors::Reviewer;
use crate::environment::PAGE;
use crate::git::short;
use crate::platform::verifier;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::failures::rollback::roll_back;
use crate::scenarios::release::{Expected, merged};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new(
        "taken-back",
        "staging is rolled back while production's proposal is open",
        900,
    ),
    suite: Suite::Promotion,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    verifier::ensure_gate(testbed, step).await?;
    let (first, behind) = route();
    let (reviewer, manifests) = (Reviewer::of(&testbed.world), testbed.manifests());
    let head = manifests.catch_up().await?;
    let pin = overlay::read(&manifests.file_at(&head, &first.overlay(PAGE)).await?, PAGE)?;
    let before = pin.commit.context("the overlay names no commit")?;

    let (commit, _) = changed_for_both(testbed, step).await?;
    let expected = Expected {
        app: PAGE,
        serves: &commit,
    };
    let release = merged(testbed, step, first, &commit, &expected).await?;
    proven(testbed, step, &release.commit).await?;
    reviewer.proposal(step, behind, &commit).await?;

    roll_back(testbed, first, &before).await?;
    let proposal = reviewer.rollback(step, first, &before).await?;
    let back = reviewer.merge(step, first, &proposal, &manifests).await?;
    none_open(testbed, step, behind).await?;
    step.measured("rollback to withdrawal", back.asked.elapsed().as_secs_f64());
    proven(testbed, step, &back.commit).await?;
    let said = nothing_proposed(testbed, step, behind, &back.commit).await?;
    let has = format!("{first} has that of commit {}", short(&before));
    ensure!(said.contains(&has), "CI does not say {has:?}:\n{said}");
    step.evidence(format!(
        "the proposal of {} was closed once {first} was back at {}",
        short(&commit),
        short(&before)
    ));
    Ok(())
}
