//! Shared by the scenarios that release: a proposal is merged, and an outside observer watches the
//! new commit take over.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, ensure};
use e2e_report::Milestone;
use xshell::Shell;

use crate::actors::{Release, Reviewer, Rollout, sample_until_only};
use crate::ci::{project as project_of_ci, release_verb};
use crate::environment::{Environment, project};
use crate::git::checkout::{Checkout, edited};
use crate::gitops;
use crate::host::process::Tool;
use crate::run::{StepHandle, Testbed};
use crate::scenarios::workloads;

/// Part of the page, and nothing that has to be compiled.
pub(crate) const STYLE: &str = "frontend/public/style.css";

/// From the merge until only the new commit answers; what a person at the screen still waits for.
const LIVE_BUDGET: Duration = Duration::from_secs(15);
/// When to give up, as opposed to being late.
const GIVE_UP: Duration = Duration::from_mins(2);

/// Commits one more line of a file, which nobody has seen before, as a comment.
pub(crate) async fn remarked(checkout: &Checkout, path: &str, begin: &str, end: &str) -> Result<String> {
    let now = SystemTime::UNIX_EPOCH.elapsed().context("the clock is wrong")?;
    let line = format!("{begin}{}{end}\n", now.as_millis());
    let edit = |folder: &Path| edited(folder, path, |text| Ok(format!("{text}{line}")));
    checkout.commit_edit(&format!("Change {path}"), edit).await
}

/// What an operator types behind `cargo xtask`, in a checkout of their own; gives what it says.
pub(crate) async fn typed(testbed: &Testbed, verb: &[&str], within: Duration) -> Result<String> {
    let shell = Shell::new().context("open a shell")?;
    let project = project_of_ci(&testbed.harness, &testbed.world);
    let command = release_verb(&shell, &project, testbed.application().folder(), verb)?;
    let said = Tool::new(command, &testbed.harness.run.log("operator"), within).read();
    said.await
        .with_context(|| format!("cargo xtask {}", verb.join(" ")))
}

/// CI's part of a release: a commit is pushed to the environment's branch and its run passes.
pub(crate) async fn built(
    testbed: &Testbed,
    step: &StepHandle,
    environment: Environment,
    within: Duration,
) -> Result<String> {
    let start = Instant::now();
    let commit = testbed.application().push(environment.branch()).await?;
    let way = step.way(environment, &commit);
    way.mark(Milestone::Pushed, start);
    let passed = testbed
        .ci
        .passed(step, environment.branch(), &commit, within)
        .await;
    testbed.ci.note(&way, environment, &commit, step);
    passed?;
    step.measured("push to proposal", start.elapsed().as_secs_f64());
    Ok(commit)
}

/// The rest: the proposal for `commit` is merged; `url` is asked until only `serves` answers; Argo
/// CD agrees.
pub(crate) async fn merged(
    testbed: &Testbed,
    step: &StepHandle,
    environment: Environment,
    commit: &str,
    expected: &Expected<'_>,
) -> Result<Release> {
    let reviewer = Reviewer::of(&testbed.world);
    let manifests = testbed.manifests();
    let (release, way) = reviewer.release(step, environment, commit, &manifests).await?;

    let cluster = testbed.cluster(environment);
    let url = format!("{}{}", cluster.site(expected.app), board_api::VERSION);
    let apps = [expected.app];
    let (rollout, _) = tokio::try_join!(
        sample_until_only(
            &testbed.harness.http,
            &url,
            expected.serves,
            release.asked,
            GIVE_UP
        ),
        gitops::apps(step, cluster, &apps)
            .at(&release.commit)
            .live(GIVE_UP),
    )?;
    way.mark(Milestone::FirstAnswer, release.asked + rollout.first);
    way.mark(Milestone::OnlyNew, release.asked + rollout.only);
    gitops::note_sync(&way, cluster, expected.app).await;
    if project().app(expected.app)?.migrates() {
        workloads::note_migration(&way, cluster).await;
    }
    judge(step, &rollout)?;
    Ok(release)
}

/// Which app a release changes, and the commit it says it was built from afterwards.
pub(crate) struct Expected<'a> {
    pub(crate) app: &'static str,
    pub(crate) serves: &'a str,
}

fn judge(step: &StepHandle, rollout: &Rollout) -> Result<()> {
    step.measured("merge to first new answer", rollout.first.as_secs_f64());
    step.measured("merge to only new answers", rollout.only.as_secs_f64());
    ensure!(
        rollout.errors.is_empty(),
        "{} of {} visitors got no answer during the rollout: {}",
        rollout.errors.len(),
        rollout.asked,
        rollout.errors.join("; ")
    );
    ensure!(
        rollout.only <= LIVE_BUDGET,
        "{:.1} s passed from the merge until only the new commit answered; the budget is {} s",
        rollout.only.as_secs_f64(),
        LIVE_BUDGET.as_secs()
    );
    Ok(())
}
