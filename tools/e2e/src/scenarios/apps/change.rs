//! Apps are added, released and removed, as a person does it in a clone of the repository.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use project::Kind;
use xshell::Shell;

use super::state;
use crate::actors::{Release, Reviewer};
use crate::ci::{Event, Run, generator};
use crate::cluster::{Cluster, volumes};
use crate::environment::{Environment, NAMESPACE};
use crate::git::forge::ForgeAccess;
use crate::git::layout::Layout;
use crate::gitops;
use crate::host::process::Tool;
use crate::platform::admission;
use crate::run::{StepHandle, Testbed};
use crate::scenarios::release;
use crate::scenarios::workloads::image_of;
use crate::wait::gone;

/// The command only reads and writes files.
const COMMAND: Duration = Duration::from_secs(30);
/// From a merge until each app runs.
const LIVE: Duration = Duration::from_mins(2);
const REMOVED: Duration = Duration::from_mins(2);
const STEADY: Duration = Duration::from_mins(2);

/// Apps of a scenario, by name and kind.
pub(super) struct NewApps {
    apps: Vec<(String, Kind)>,
    /// Apps that were added before: a proposal marks the commit behind each digest that there is.
    before: Vec<String>,
}

impl NewApps {
    pub(super) fn of(apps: impl IntoIterator<Item = (String, Kind)>) -> Self {
        Self {
            apps: apps.into_iter().collect(),
            before: Vec::new(),
        }
    }

    pub(super) fn added_after(mut self, before: &Self) -> Self {
        self.before = before.names();
        self
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.apps.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Those that keep a state.
    pub(super) fn workers(&self) -> impl Iterator<Item = &str> {
        let workers = self.apps.iter().filter(|(_, kind)| *kind == Kind::Worker);
        workers.map(|(name, _)| name.as_str())
    }

    /// Adds each by a commit of its own, which nobody has pushed yet. Gives how long the command
    /// took for each.
    pub(super) async fn add(&self, testbed: &Testbed, step: &StepHandle) -> Result<Vec<Duration>> {
        admit(testbed, step, &[self.names(), self.before.clone()].concat()).await?;
        let checkout = testbed.application();
        let mut took = Vec::new();
        for (name, kind) in &self.apps {
            let asked = Instant::now();
            command(testbed, &["new-app", name, "--kind", kind.name()]).await?;
            took.push(asked.elapsed());
            checkout.commit_edit(&format!("Add {name}"), |_| Ok(())).await?;
        }
        Ok(took)
    }

    /// Removes each, likewise.
    async fn remove(&self, testbed: &Testbed, step: &StepHandle) -> Result<()> {
        let checkout = testbed.application();
        for (name, _) in &self.apps {
            command(testbed, &["remove-app", name]).await?;
            checkout
                .commit_edit(&format!("Remove {name}"), |_| Ok(()))
                .await?;
        }
        admit(testbed, step, &[]).await
    }

    /// The proposal for `commit` is merged, which releases them; gives also when the last one was
    /// live.
    pub(super) async fn release(
        &self,
        testbed: &Testbed,
        step: &StepHandle,
        environment: Environment,
        commit: &str,
    ) -> Result<(Release, Instant)> {
        let reviewer = Reviewer::of(&testbed.world)
            .told_of(&self.before)
            .told_of(&self.names());
        let manifests = testbed.manifests();
        let (release, _) = reviewer.release(step, environment, commit, &manifests).await?;
        let names = self.names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let cluster = testbed.cluster(environment);
        let live = gitops::apps(step, cluster, &names)
            .at(&release.commit)
            .live(LIVE)
            .await?;
        Ok((release, live))
    }

    /// Releases them to a later environment, for which nothing is built: each runs there, and
    /// workers keep what they do. Gives also how long it took from the merge until all were live.
    pub(super) async fn promote(
        &self,
        testbed: &Testbed,
        step: &StepHandle,
        environment: Environment,
        within: Duration,
    ) -> Result<(Release, Duration)> {
        let (commit, _) = built_only(testbed, step, environment, within, &[]).await?;
        let (release, live) = self.release(testbed, step, environment, &commit).await?;
        let cluster = testbed.cluster(environment);
        self.run_what_is_pinned(cluster, &release).await?;
        for worker in self.workers() {
            state::more_than(testbed, step, cluster, worker, 0).await?;
        }
        let took = live - release.asked;
        Ok((release, took))
    }

    /// Removes each, for which nothing is built, until nothing of them runs anywhere and everything
    /// else is at rest. Gives how long it took until they were gone.
    pub(super) async fn take_away(
        &self,
        testbed: &Testbed,
        step: &StepHandle,
        within: Duration,
    ) -> Result<Duration> {
        let asked = Instant::now();
        self.remove(testbed, step).await?;
        built_only(testbed, step, Environment::first(), within, &[]).await?;
        for cluster in &testbed.clusters {
            self.gone(step, cluster).await?;
        }
        let took = asked.elapsed();
        gitops::steady(step, testbed, Environment::all(), STEADY).await?;
        Ok(took)
    }

    /// Each runs the image that it is pinned to.
    pub(super) async fn run_what_is_pinned(&self, cluster: &Cluster, release: &Release) -> Result<()> {
        for (name, _) in self.apps.iter().filter(|(_, kind)| *kind != Kind::Cron) {
            let pinned = release.digests.get(name);
            let pinned = pinned.with_context(|| format!("{name} is pinned to nothing"))?;
            let image = image_of(cluster, name).await?;
            ensure!(
                image.ends_with(pinned),
                "{name} on {} runs {image}, and is pinned to {pinned}",
                cluster.environment
            );
        }
        Ok(())
    }

    /// Wait until Argo CD has removed what ran.
    async fn gone(&self, step: &StepHandle, cluster: &Cluster) -> Result<()> {
        let applications = gitops::api(cluster);
        for (name, _) in &self.apps {
            let what = format!("{name} is gone from {}", cluster.environment);
            gone(
                step,
                &what,
                REMOVED,
                &applications,
                name,
                "its Application is there",
            )
            .await?;
        }
        Ok(())
    }

    /// Deletes what they have stored, if they have. A run that failed leaves it too.
    pub(super) async fn delete_data(&self, testbed: &Testbed, step: &StepHandle) -> Result<()> {
        for cluster in &testbed.clusters {
            for worker in self.workers() {
                volumes::delete(&testbed.harness, step, cluster, NAMESPACE, worker).await?;
            }
        }
        Ok(())
    }
}

/// The first of these names of which the registry has no image: an app that a run has added before
/// has the same content again, and would not be built.
pub(super) async fn unused(testbed: &Testbed, name: impl Fn(u32) -> String) -> Result<u32> {
    let images = testbed
        .world
        .forge
        .client()
        .images(ForgeAccess::ORGANISATION)
        .await?;
    let is_used = |round: u32| {
        let own = format!("{}:", name(round));
        images.iter().any(|image| image.starts_with(&own))
    };
    let mut round = 1;
    while is_used(round) {
        round += 1;
    }
    Ok(round)
}

/// Whether there is anything to show of what is up.
pub(super) fn applies(testbed: &Testbed, step: &StepHandle) -> bool {
    let applies = testbed.world.layout == Layout::One;
    if !applies {
        step.skip("`new-app` writes code and manifests, which are in two repositories here");
    }
    applies
}

/// Where only signed images are let in, those of these apps are too from now on. On AWS the policy
/// speaks of a whole folder of the registry; the forge of this machine is another registry than the
/// one that images are named after, so each app has to be named.
async fn admit(testbed: &Testbed, step: &StepHandle, added: &[String]) -> Result<()> {
    if testbed.world.signing.is_none() {
        return Ok(());
    }
    for cluster in &testbed.clusters {
        admission::told_of(&testbed.harness, cluster, step, added).await?;
    }
    Ok(())
}

/// A commit is pushed to the environment's branch, and CI builds these apps for it and no other.
/// Gives the commit, and its run.
pub(super) async fn built_only(
    testbed: &Testbed,
    step: &StepHandle,
    environment: Environment,
    within: Duration,
    expected: &[String],
) -> Result<(String, Run)> {
    let commit = release::built(testbed, step, environment, within).await?;
    let ledger = testbed.ci.ledger();
    let mut runs = ledger.runs_of(&commit).into_iter();
    let run = runs.find(|run| run.branch == environment.branch()).cloned();
    let run = run.with_context(|| format!("CI has no run of {commit} for {environment}"))?;
    let (built, expected) = (built(&run)?, expected.iter().cloned().collect());
    ensure!(
        built == expected,
        "CI built {built:?} instead of {expected:?}: {}",
        run.log.display()
    );
    Ok((commit, run))
}

/// The apps whose images a run made or pushed.
pub(super) fn built(run: &Run) -> Result<BTreeSet<String>> {
    let app = |event| match event {
        Event::Built { app, .. } | Event::Pushed { app, .. } => Some(app),
        Event::Took { .. } | Event::Other => None,
    };
    Ok(run.events()?.into_iter().filter_map(app).collect())
}

/// `cargo xtask …` in the run's clone.
async fn command(testbed: &Testbed, arguments: &[&str]) -> Result<()> {
    let shell = Shell::new().context("open a shell")?;
    let checkout = testbed.application();
    let command = generator(&shell, checkout.folder(), arguments)?;
    Tool::new(command, &testbed.harness.run.log("apps"), COMMAND)
        .run()
        .await
        .with_context(|| format!("run `cargo xtask {}`", arguments.join(" ")))
}
