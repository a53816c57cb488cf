//! A pull request is closed while the keeper is away, so that namespace and table outlive their
//! Application; and there is a table of which nobody knows anything. The next keeper removes both.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{CLOSED, GONE, Proposed, READY, SAID, keeper_changed, kubectl, none_left};
use crate::actors::Administrator;
use crate::gitops;
use crate::platform::previews::{self, NAME, PREFIX, TABLES};
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::wait::{Verdict, eventually};

/// No pull request has this number.
const NOBODY: u64 = 4711;
/// The generator looks each two seconds.
const NOTICED: Duration = Duration::from_secs(30);
const BACK: &[&str] = &["scale", "deployment", NAME, "--replicas=1"];

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new(
        "preview-orphan",
        "what previews have left behind is removed",
        1200,
    ),
    suite: Suite::Previews,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    previews::ensure(testbed, step).await?;
    let proposed = Proposed::open_and_build(testbed, step, "orphan").await?;
    proposed.label(testbed).await?;
    proposed.address(testbed, step, READY).await?;

    let away = ["scale", "deployment", NAME, "--replicas=0"];
    let undo = keeper_changed(testbed, &away, BACK).await?;
    let pods = format!("app.kubernetes.io/name={NAME}");
    kubectl(testbed, &["wait", "pod", "--for=delete", "--selector", &pods]).await?;
    proposed.close(testbed).await?;
    let name = format!("{PREFIX}{}", proposed.number);
    eventually(step, "the Application is gone", NOTICED, async || {
        let found = gitops::api(testbed.first()).get_opt(&name).await?;
        Ok(match found {
            None => Verdict::Ready(()),
            Some(_) => Verdict::Pending("it is still there".to_owned()),
        })
    })
    .await?;
    let (theirs, nobodys) = (
        format!("{TABLES}{}", proposed.number),
        format!("{TABLES}{NOBODY}"),
    );
    Administrator::of(testbed).make_table(&nobodys, &theirs).await?;
    let left = previews::left(testbed).await?;
    let orphans = BTreeSet::from([format!("Namespace/{name}"), nobodys, theirs]);
    ensure!(left == orphans, "left behind are {left:?}");

    let since = Instant::now();
    kubectl(testbed, BACK).await?;
    undo.done();
    none_left(testbed, step, GONE).await?;
    step.measured("keeper back to nothing left", since.elapsed().as_secs_f64());
    proposed.says(testbed, step, SAID, CLOSED).await
}
