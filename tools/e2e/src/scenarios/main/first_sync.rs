//! From two clusters with only a root Application to two environments that serve HEAD.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;

use crate::actors::{Visitor, is_bump, pins};
use crate::environment::{API, Environment, apps};
use crate::git::short;
use crate::gitops;
use crate::platform::argocd::allowed_repositories;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::workloads;

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("first-sync", "first sync", 240),
    suite: Suite::Main,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let history = testbed.application().history().await?;
    let change = history.iter().skip(1).find(|commit| !is_bump(&commit.changed));
    ensure!(
        change.is_none(),
        "scenarios or a demo have run on this loop before; `main` needs a new one: `cargo xtask e2e down`, then `cargo xtask e2e up`"
    );
    // Side by side: all clusters got their root Application at the same time.
    try_join_all(
        Environment::all()
            .iter()
            .map(|environment| one(testbed, step, *environment)),
    )
    .await?;
    Ok(())
}

async fn one(testbed: &Testbed, step: &StepHandle, environment: Environment) -> Result<()> {
    let cluster = testbed.cluster(environment);
    let manifests = testbed.manifests();
    let revision = manifests.head().await?;
    let apps = [cluster.own_applications(), apps().as_slice()].concat();
    gitops::apps(step, cluster, &apps)
        .at(&revision)
        .live(Duration::from_mins(3))
        .await?;

    let allowed = allowed_repositories(cluster).await?;
    let address = testbed
        .world
        .layout
        .manifests()
        .remote(&testbed.world.forge.cluster_url);
    ensure!(
        allowed == [address.as_str()],
        "the project of {environment} allows {allowed:?}, the manifests are in {address} alone"
    );
    let digests = pins(&manifests, &revision, environment).await?;
    workloads::migrated_before_serving(cluster, &digests[API]).await?;

    let visitor = Visitor::of(cluster, &testbed.harness.http);
    let shown = visitor.commit_shown().await?;
    let released = testbed.application().root().await?;
    ensure!(
        shown == released,
        "the page of {environment} shows commit {shown}, HEAD was released as {released}"
    );
    let backend = visitor.backend_version().await?;
    ensure!(
        backend.commit == released,
        "the backend of {environment} was built from {}",
        backend.commit
    );
    let schema = backend
        .schema_version
        .with_context(|| format!("the backend of {environment} cannot read its table"))?;
    ensure!(
        schema == backend.required_schema_version && schema >= 2,
        "the table of {environment} is at schema {schema}, the code needs {}",
        backend.required_schema_version
    );
    step.evidence(format!(
        "{environment}: page and backend show {}, schema {schema}, migrated before the first server began",
        short(&shown)
    ));
    Ok(())
}
