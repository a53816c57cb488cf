//! A release with a migration is rolled back: the previous code serves on the newer schema, CI
//! respects the rollback, and the release is then rolled forward again.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::actors::{ReadLoad, Release, Reviewer, Visitor, pins};
use crate::environment::{API, Environment};
use crate::git::checkout::edited;
use crate::git::short;
use crate::gitops;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::release::{Expected, built, merged, typed};
use crate::wait::{Verdict, eventually};

/// Adds the migration, and with it this file.
const PATCH: &str = "tools/e2e/fixtures/migration-3.patch";
const MIGRATION: &str = "backend/src/migrate/m0003_trim_text.rs";
const SCHEMA: u32 = 3;
/// No image is made of it, and a push of it starts CI.
const ASIDE: &str = "deny.toml";

const SERVES: Duration = Duration::from_secs(30);
const LIVE: Duration = Duration::from_secs(40);
const RUN: Duration = Duration::from_mins(2);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("rollback", "rollback past a migration", 600),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "A release that brought a migration turns out to be wrong. Somebody runs `cargo xtask rollback staging` and \
                merges its proposal.",
        effect: "The digests of the previous release come back. Its code serves on the newer schema, with every message \
                 unchanged. Later runs of CI do not propose the withdrawn release.",
        within: "30 s from the merge, 0 failed requests",
        way_out: "Push a fix, which CI proposes as usual, or go forward with `cargo xtask rollback staging --to COMMIT`.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let staging = Visitor::of(testbed.first(), &testbed.harness.http);
    if staging.backend_version().await?.required_schema_version < SCHEMA {
        release_migration(testbed, step).await?;
    }
    let manifests = testbed.manifests();
    let head = manifests.catch_up().await?;
    let (newest, earlier) = releases(testbed).await?;
    let digests = pins(&manifests, &head, Environment::first()).await?;
    staging.post("late", "written by the new code").await?;
    let schema = staging.backend_version().await?.schema_version;
    let messages = staging.messages().await?;

    let reads = ReadLoad::start(testbed, Environment::first())?;
    roll_back(testbed, Environment::first(), &earlier).await?;
    let back = merge(testbed, step, &earlier, "back", SCHEMA - 1).await?;
    ensure!(back.digests != digests, "the digests are those of before");
    let version = staging.backend_version().await?;
    ensure!(
        version.schema_version == schema && schema >= Some(SCHEMA),
        "the table was at schema {schema:?} and is at {:?}",
        version.schema_version
    );
    ensure!(staging.messages().await? == messages, "the messages have changed");
    let author = format!("early {}", short(&back.commit));
    staging.post(&author, "written by the old code").await?;
    staging.message_of(&author).await?;

    let run = push_aside(testbed, step).await?;
    ensure!(
        run.contains("was taken back from commit"),
        "CI does not say that the release was taken back:\n{run}"
    );
    let open = Reviewer::of(&testbed.world).open(Environment::first()).await?;
    ensure!(open.is_empty(), "CI proposes what was taken back: {open:?}");

    roll_back(testbed, Environment::first(), &newest).await?;
    let forward = merge(testbed, step, &newest, "forward", SCHEMA).await?;
    ensure!(forward.digests == digests, "the digests are not those of before");
    staging.message_of(&author).await?;
    step.evidence(format!(
        "code that needs schema {} served on schema {}; all {} messages stayed; CI proposed nothing in between",
        SCHEMA - 1,
        schema.unwrap_or_default(),
        messages.len()
    ));
    reads.stop(step).await?.at_most(0)
}

async fn release_migration(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let application = testbed.application();
    application.catch_up().await?;
    application
        .commit_patch(PATCH, "Store texts without superfluous white space")
        .await?;
    let commit = built(testbed, step, Environment::first(), RUN * 4).await?;
    let expected = Expected {
        app: "backend",
        serves: &commit,
    };
    merged(testbed, step, Environment::first(), &commit, &expected)
        .await
        .map(drop)
}

/// The commit that staging runs, and that of its newest release without the migration.
async fn releases(testbed: &Testbed) -> Result<(String, String)> {
    let (application, manifests) = (testbed.application(), testbed.manifests());
    let mut released = Vec::new();
    let path = Environment::first().overlay(API);
    for version in manifests.versions_of(&path).await? {
        let pin = overlay::read(&version, API).with_context(|| path.clone())?;
        released.extend(pin.commit);
    }
    let newest = released.first().context("nothing was released")?.clone();
    for commit in released {
        if !application.has_file_at(&commit, MIGRATION).await? {
            return Ok((newest, commit));
        }
    }
    anyhow::bail!("staging had no release without the migration")
}

/// An operator has the release of `to` proposed to an environment.
pub(crate) async fn roll_back(testbed: &Testbed, environment: Environment, to: &str) -> Result<()> {
    testbed.application().catch_up().await?;
    typed(testbed, &["rollback", environment.name(), "--to", to], RUN)
        .await
        .map(drop)
}

/// Merge the proposal of `commit`, and wait until only code that needs `schema` answers.
async fn merge(
    testbed: &Testbed,
    step: &StepHandle,
    commit: &str,
    way: &str,
    schema: u32,
) -> Result<Release> {
    let reviewer = Reviewer::of(&testbed.world);
    let proposal = reviewer.rollback(step, Environment::first(), commit).await?;
    let manifests = testbed.manifests();
    let release = reviewer
        .merge(step, Environment::first(), &proposal, &manifests)
        .await?;
    let staging = Visitor::of(testbed.first(), &testbed.harness.http);
    eventually(step, "the other code", SERVES, async || {
        let serves = staging.backend_version().await?.required_schema_version;
        Ok(if serves == schema {
            Verdict::Ready(())
        } else {
            Verdict::Pending(format!("code that needs schema {serves} answers"))
        })
    })
    .await?;
    let first = release.asked.elapsed().as_secs_f64();
    step.measured(&format!("{way}: merge to first answer"), first);
    let live = gitops::app(step, testbed.first(), "backend")
        .at(&release.commit)
        .live(LIVE)
        .await?;
    let live = live.saturating_duration_since(release.asked);
    step.measured(&format!("{way}: merge to live"), live.as_secs_f64());
    // Its image may be the same in both releases.
    gitops::app(step, testbed.first(), "frontend")
        .at(&release.commit)
        .settled(LIVE)
        .await?;
    Ok(release)
}

/// A push that changes no image, and what its run said.
async fn push_aside(testbed: &Testbed, step: &StepHandle) -> Result<String> {
    let application = testbed.application();
    application.catch_up().await?;
    let began = Instant::now();
    application
        .commit_edit("Note something", |folder| {
            let note = format!("# {:?}\n", std::time::SystemTime::now());
            edited(folder, ASIDE, |text| Ok(format!("{text}{note}")))
        })
        .await?;
    let commit = application.push(Environment::first().branch()).await?;
    let run = testbed
        .ci
        .passed(step, Environment::first().branch(), &commit, RUN)
        .await?;
    step.measured("a run of CI in between", began.elapsed().as_secs_f64());
    run.said()
}
