//! A release comes up healthy in staging and crashes some seconds later: it never gets to
//! production, and its fix does.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::{PROVEN, RUN, ci_at_rest, last_said, proven, pushed_to, reported, route};
use crate::actors::{Reviewer, Visitor};
use crate::environment::PAGE;
use crate::git::checkout::{edited, replaced_once};
use crate::gitops;
use crate::platform::verifier;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::release::{Expected, STYLE, built, merged, remarked};
use crate::wait::{Verdict, consistently};

const MAIN: &str = "frontend/server/src/main.rs";
const BEGINS: &str = "    let config = Config::parse();\n";
/// Less than its start and the time for which it has to stay healthy.
const ENDS: &str = "    std::thread::spawn(|| {\n        std::thread::sleep(std::time::Duration::from_secs(6));\n        \
                    std::process::exit(1);\n    });\n";
const LIVE: Duration = Duration::from_mins(1);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new(
        "fails-its-soak",
        "a release that is healthy and then crashes",
        1200,
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
    let production = Visitor::of(testbed.cluster(behind), &testbed.harness.http);
    let before = production.commit_shown().await?;

    let application = testbed.application();
    application.catch_up().await?;
    let broken = application
        .commit_edit("End after a while", end_after_a_while)
        .await?;
    let commit = built(testbed, step, first, RUN).await?;
    ensure!(commit == broken, "{commit} was pushed, not {broken}");
    pushed_to(testbed, step, behind, &commit).await?;
    let (release, _) = reviewer.release(step, first, &commit, &manifests).await?;
    let failed = reported(testbed, step, &release.commit, "failure", PROVEN).await?;
    step.measured("merge to failed", release.asked.elapsed().as_secs_f64());
    ci_at_rest(testbed, step, &release.commit).await?;
    let said = last_said(testbed, behind)?;
    ensure!(
        said.contains("and it failed there"),
        "CI does not say what it was told:\n{said}"
    );
    consistently(step, "nothing is proposed", Duration::from_secs(10), async || {
        let open = reviewer.open(behind).await?;
        Ok(match open.first() {
            None => Verdict::Ready(()),
            Some((branch, _)) => Verdict::Failed(format!("{branch} is open")),
        })
    })
    .await?;
    let shown = production.commit_shown().await?;
    ensure!(shown == before, "{behind} shows {shown} in place of {before}");
    step.evidence(format!(
        "{first} reported “{failed}”, and {behind} still shows what it showed"
    ));
    mended(testbed, step, &broken).await
}

fn end_after_a_while(folder: &Path) -> Result<()> {
    let new = format!("{BEGINS}{ENDS}");
    edited(folder, MAIN, |text| replaced_once(MAIN, text, BEGINS, &new))
}

/// The fix goes through both.
async fn mended(testbed: &Testbed, step: &StepHandle, broken: &str) -> Result<()> {
    let (first, behind) = route();
    let (reviewer, manifests) = (Reviewer::of(&testbed.world), testbed.manifests());
    let application = testbed.application();
    application.catch_up().await?;
    application.commit_revert(broken).await?;
    // The release before is in both places: no proposal would follow from it.
    remarked(&application, STYLE, "/* ", " */").await?;
    let fix = built(testbed, step, first, RUN).await?;
    pushed_to(testbed, step, behind, &fix).await?;
    let (release, _) = reviewer.release(step, first, &fix, &manifests).await?;
    gitops::app(step, testbed.first(), PAGE)
        .at(&release.commit)
        .live(LIVE)
        .await?;
    proven(testbed, step, &release.commit).await?;
    let expected = Expected {
        app: PAGE,
        serves: &fix,
    };
    merged(testbed, step, behind, &fix, &expected).await.map(drop)
}
