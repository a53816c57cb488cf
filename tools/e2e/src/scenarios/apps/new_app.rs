//! A bot is added by one command, goes through the whole loop by its own commit, and is removed by
//! another.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use project::Kind;

use super::change::{self, NewApps};
use super::state;
use crate::actors::{Release, pins};
use crate::environment::{self, Environment};
use crate::git::forge::ForgeAccess;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::objects::{self, Objects};
use crate::scenarios::workloads::pod_uids;

/// From the command until it runs in the first environment.
const LIVE_BUDGET: Duration = Duration::from_mins(5);
/// On a machine that has compiled the sample before.
const BUILT: Duration = Duration::from_mins(6);
const NOT_BUILT: Duration = Duration::from_mins(3);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("new-app", "a new app is added and removed", 900),
    suite: Suite::Apps,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    if !change::applies(testbed, step) {
        return Ok(());
    }
    let name = name(change::unused(testbed, name).await?);
    let bot = NewApps::of([(name.clone(), Kind::Worker)]);
    bot.delete_data(testbed, step).await?;
    let before = Before::of(testbed).await?;

    let asked = Instant::now();
    bot.add(testbed, step).await?;
    let (commit, _) = change::built_only(testbed, step, Environment::first(), BUILT, &bot.names()).await?;
    step.measured("new-app to proposal", asked.elapsed().as_secs_f64());
    a_run_that_builds_more_is_noticed(testbed)?;
    let (first, live) = bot.release(testbed, step, Environment::first(), &commit).await?;
    let took = live.saturating_duration_since(asked);
    step.measured("merge to live", (live - first.asked).as_secs_f64());
    step.measured("new-app to live", took.as_secs_f64());
    ensure!(
        took <= LIVE_BUDGET,
        "{} s passed from the command until {name} ran; the budget is {} s",
        took.as_secs(),
        LIVE_BUDGET.as_secs()
    );
    bot.run_what_is_pinned(testbed.first(), &first).await?;
    before.others_untouched(testbed, &first, &name).await?;
    state::survives(testbed, step, testbed.first(), &name).await?;
    promoted(testbed, step, &bot, &name, &first).await?;
    removed(testbed, step, &bot, &name, &before).await
}

fn name(round: u32) -> String {
    match round {
        1 => "bot".to_owned(),
        _ => format!("bot-{round}"),
    }
}

/// Nothing is built, and every other environment gets the digest of the first.
async fn promoted(
    testbed: &Testbed,
    step: &StepHandle,
    bot: &NewApps,
    name: &str,
    first: &Release,
) -> Result<()> {
    for &environment in &Environment::all()[1..] {
        let (release, live) = bot.promote(testbed, step, environment, NOT_BUILT).await?;
        let what = format!("merge to live in {environment}");
        step.measured(&what, live.as_secs_f64());
        let [there, here] = [&release, first].map(|release| release.digests.get(name));
        ensure!(
            there == here,
            "{environment} is pinned to {there:?}, {} to {here:?}",
            Environment::first()
        );
    }
    step.evidence(format!(
        "CI built {name} and nothing else; every environment runs {}",
        first.digests.get(name).context("it is pinned")?
    ));
    Ok(())
}

/// Argo CD removes what ran and leaves what was stored, until somebody deletes that.
async fn removed(
    testbed: &Testbed,
    step: &StepHandle,
    bot: &NewApps,
    name: &str,
    before: &Before,
) -> Result<()> {
    let took = bot.take_away(testbed, step, NOT_BUILT).await?;
    step.measured("remove-app to gone", took.as_secs_f64());
    for cluster in &testbed.clusters {
        let kept = state::kept(testbed, cluster, name).await?;
        let rounds = kept.with_context(|| format!("the claim on {} is gone too", cluster.environment))?;
        step.evidence(format!(
            "removed from {}; its claim stayed, with {rounds} rounds",
            cluster.environment
        ));
    }
    bot.delete_data(testbed, step).await?;
    before.as_it_was(testbed).await
}

/// The first run of `master` built every app: told apart from one that built the bot alone.
fn a_run_that_builds_more_is_noticed(testbed: &Testbed) -> Result<()> {
    let ledger = testbed.ci.ledger();
    let first = ledger.runs.first().context("CI has no run")?;
    let all: BTreeSet<_> = environment::apps().into_iter().map(str::to_owned).collect();
    let built = change::built(first)?;
    ensure!(
        built == all,
        "{} says that {built:?} were built, not {all:?}; this check sees nothing",
        first.log.display()
    );
    Ok(())
}

/// What is there before the first command.
struct Before {
    images: BTreeSet<String>,
    pins: BTreeMap<String, String>,
    pods: BTreeSet<String>,
    objects: Vec<Objects>,
}

impl Before {
    async fn of(testbed: &Testbed) -> Result<Self> {
        let manifests = testbed.manifests();
        let head = manifests.catch_up().await?;
        let mut objects = Vec::new();
        for cluster in &testbed.clusters {
            objects.push(objects::all(&cluster.client).await?);
        }
        Ok(Self {
            images: testbed
                .world
                .forge
                .client()
                .images(ForgeAccess::ORGANISATION)
                .await?,
            pins: pins(&manifests, &head, Environment::first()).await?,
            pods: pod_uids(testbed.first()).await?,
            objects,
        })
    }

    /// Other apps have the same pins and pods as before, and the registry no other images of them.
    async fn others_untouched(&self, testbed: &Testbed, first: &Release, added: &str) -> Result<()> {
        for (app, pinned) in &self.pins {
            ensure!(
                first.digests.get(app) == Some(pinned),
                "{app} was pinned to {pinned}, and is to {:?}",
                first.digests.get(app)
            );
        }
        let pods = pod_uids(testbed.first()).await?;
        ensure!(
            self.pods.is_subset(&pods),
            "pods were replaced: {:?} before, {pods:?} after",
            self.pods
        );
        let images = testbed
            .world
            .forge
            .client()
            .images(ForgeAccess::ORGANISATION)
            .await?;
        let new: Vec<_> = images.difference(&self.images).collect();
        let own = format!("{added}:");
        ensure!(
            !new.is_empty() && new.iter().all(|image| image.starts_with(&own)),
            "the registry has these new images: {new:?}"
        );
        Ok(())
    }

    /// The clusters have the objects that they had. Behind the first environment, other apps may
    /// have been released with the bot.
    async fn as_it_was(&self, testbed: &Testbed) -> Result<()> {
        for (cluster, before) in testbed.clusters.iter().zip(&self.objects) {
            let after = objects::all(&cluster.client).await?;
            if cluster.environment == Environment::first() {
                objects::same(before, &after)?;
            } else {
                let [before, after] = [before, &after].map(|objects| objects.keys().collect::<BTreeSet<_>>());
                ensure!(
                    before == after,
                    "{} had {before:?}, and has {after:?}",
                    cluster.environment
                );
            }
        }
        Ok(())
    }
}
