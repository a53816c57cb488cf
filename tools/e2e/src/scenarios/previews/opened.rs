//! A pull request gets a preview by a label, the next commit when one is pushed, and leaves nothing
//! when it is closed. Meanwhile its accounts try what they may not.

use std::time::Instant;

use anyhow::Result;

use super::{CLOSED, GONE, Proposed, READY, SAID, none_left, walls};
use crate::actors::ReadLoad;
use crate::environment::Environment;
use crate::platform::previews;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::release::{STYLE, remarked};
use crate::wait::{Verdict, eventually};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new(
        "preview",
        "a pull request runs before it is merged, and leaves nothing",
        2400,
    ),
    suite: Suite::Previews,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    previews::ensure(testbed, step).await?;
    let reads = ReadLoad::start(testbed, Environment::first())?;
    let proposed = Proposed::open(testbed, "preview", STYLE).await?;
    step.doing("build the images of the pull request");
    let head = proposed.build(testbed).await?;
    let since = Instant::now();
    proposed.label(testbed).await?;
    let address = proposed.address(testbed, step, READY).await?;
    step.measured("label to ready", since.elapsed().as_secs_f64());
    shows(testbed, step, &address, &head).await?;
    walls::hold(testbed, proposed.number).await?;

    remarked(&proposed.checkout, STYLE, "/* ", " */").await?;
    let head = proposed.build(testbed).await?;
    let since = Instant::now();
    proposed.checkout.push(&proposed.branch).await?;
    let address = proposed.address(testbed, step, READY).await?;
    shows(testbed, step, &address, &head).await?;
    step.measured("push to the new page", since.elapsed().as_secs_f64());

    proposed.close(testbed).await?;
    let gone = none_left(testbed, step, GONE).await?;
    step.measured("closed to nothing left", gone.as_secs_f64());
    proposed.says(testbed, step, SAID, CLOSED).await?;
    reads.stop(step).await?.at_most(0)
}

/// The page there is made from this commit, and has the messages of a preview.
async fn shows(testbed: &Testbed, step: &StepHandle, address: &str, commit: &str) -> Result<()> {
    let what = format!("{address} shows the commit");
    eventually(step, &what, READY, async || {
        let answer = testbed.harness.http.get(address).send().await?;
        let page = answer.error_for_status()?.text().await?;
        let wanted = [
            format!("data-commit=\"{commit}\""),
            "A preview of a pull request".to_owned(),
        ];
        let lacks = wanted.iter().find(|text| !page.contains(*text));
        Ok(match lacks {
            None => Verdict::Ready(()),
            Some(text) => Verdict::Pending(format!("no {text} on it")),
        })
    })
    .await
}
