//! Somebody wants a release in production before staging has it: CI waits, and proposes it as soon
//! as staging has proven it.

use anyhow::{Result, ensure};

use super::{BY_EVENT, changed_for_both, proven, route};
use crate::actors::Reviewer;
use crate::environment::PAGE;
use crate::platform::verifier;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::release::{Expected, merged};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("verified-first", "production waits for staging's proof", 1200),
    suite: Suite::Promotion,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    verifier::ensure_gate(testbed, step).await?;
    let (first, behind) = route();
    let reviewer = Reviewer::of(&testbed.world);
    let (commit, said) = changed_for_both(testbed, step).await?;
    ensure!(
        said.contains(&format!("waiting   frontend: {first} has that of commit")),
        "CI does not say that it waits, and for what:\n{said}"
    );
    let open = reviewer.open(behind).await?;
    ensure!(
        open.is_empty(),
        "{open:?} is proposed, and {first} has proven nothing"
    );

    let expected = Expected {
        app: PAGE,
        serves: &commit,
    };
    let release = merged(testbed, step, first, &commit, &expected).await?;
    let since = proven(testbed, step, &release.commit).await?;
    step.measured(
        "merge to verified",
        since.duration_since(release.asked).as_secs_f64(),
    );
    reviewer.proposal(step, behind, &commit).await?;
    let by_event = since.elapsed();
    step.measured("verified to proposal", by_event.as_secs_f64());
    ensure!(
        by_event <= BY_EVENT,
        "the proposal came {:.1} s after the proof",
        by_event.as_secs_f64()
    );
    merged(testbed, step, behind, &commit, &expected).await?;
    step.evidence(format!(
        "CI waited, and proposed to {behind} {:.1} s after {first} had proven it",
        by_event.as_secs_f64()
    ));
    Ok(())
}
