//! New code whose migration fails on a message, the message fixed, and a revert to the old code on
//! the new schema.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::actors::{Reviewer, Visitor};
use crate::environment::{API, Environment};
use crate::git::short;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::backend_release::{Change, Course};
use crate::scenarios::release::built;
use crate::scenarios::{migration_job, workloads};

const FAILED: Duration = Duration::from_secs(30);
const BUILT: Duration = Duration::from_mins(8);
/// Counts the words of each text, and refuses one that has none.
const PATCH: &str = "tools/e2e/fixtures/words-migration.patch";
const MIGRATION: &str = "backend/src/migrate/words.rs";
const NUMBERED: &str = "Migration::backfill(3,";
/// The number of the migration that other scenarios bring, which a table knows by its name.
const TAKEN: u32 = 3;
const CODE: &str = API;
const WORDLESS: &str = "… !";
const MENDED: &str = "words fail me";

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("new-migration", "new code whose migration fails", 1200),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "New code brings a migration that cannot convert one of the stored messages. Somebody fixes the message and \
                merges another commit; later the whole change is reverted.",
        effect: "The sync fails, and the Job's log names the message. The old version keeps serving. The next commit migrates \
                 and goes live. After the revert, the old code serves on the new schema, with every message.",
        within: "30 s to the failure, 40 s from each merge to live, 0 failed requests",
        way_out: "Fix the message or the function (docs/MIGRATIONS.md), and merge. Going back needs no migration.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let staging = Visitor::of(testbed.first(), &testbed.harness.http);
    let old = staging.backend_version().await?;
    let schema = old.schema_version.unwrap_or_default().max(TAKEN) + 1;
    staging.post("a friend of few words", WORDLESS).await?;
    let wordless = staging.message_of("a friend of few words").await?;
    let course = Course::begin(testbed, step).await?;
    let code = testbed.application();
    let seed = code.catch_up().await?;

    code.commit_patch(PATCH, "Count the words of messages").await?;
    // The table may be further than the code: that is how this scenario leaves it.
    code.commit_text(MIGRATION, NUMBERED, &format!("Migration::backfill({schema},"))
        .await?;
    let commit = built(testbed, step, Environment::first(), BUILT).await?;
    let reviewer = Reviewer::of(&testbed.world);
    let proposal = reviewer.proposal(step, Environment::first(), &commit).await?;
    let manifests = testbed.manifests();
    let bad = reviewer
        .merge(step, Environment::first(), &proposal, &manifests)
        .await?;
    course.stopped(&bad.commit, "backoff limit", FAILED).await?;
    let said = migration_job::said(testbed.first(), &wordless.uuid).await?;
    step.evidence(format!("the migration: {said}"));

    staging.edit(&wordless, MENDED).await?;
    let merged = Instant::now();
    let any = Change {
        settings: &[("RUST_LOG", "info")],
        ..Change::default()
    };
    let good = course.release(&any).await?;
    course.live(&good).await?;
    step.measured("next commit to live", merged.elapsed().as_secs_f64());
    let new = staging.backend_version().await?;
    ensure!(
        new.commit == commit && new.schema_version == Some(schema),
        "{} serves on schema {:?}, not {commit} on {schema}",
        new.commit,
        new.schema_version
    );

    course.back().await?;
    step.doing("take the code back, too");
    code.catch_up().await?;
    code.commit_restored(CODE, &seed).await?;
    let restored = code.push(Environment::first().branch()).await?;
    testbed
        .ci
        .passed(step, Environment::first().branch(), &restored, BUILT)
        .await?;
    workloads::none_ending(step, testbed.first()).await?;
    let now = staging.backend_version().await?;
    ensure!(
        now.commit == old.commit && now.required_schema_version == old.required_schema_version,
        "{} serves after the way back, {} did before",
        now.commit,
        old.commit
    );
    ensure!(
        now.schema_version == Some(schema),
        "the way back has changed the schema to {:?}",
        now.schema_version
    );
    course.same_messages_but(&wordless.uuid, MENDED).await?;
    staging
        .post("a late friend", "written by old code on a new schema")
        .await?;
    staging.message_of("a late friend").await?;
    step.evidence(format!(
        "{}, which needs schema {}, reads and writes on schema {schema}",
        short(&now.commit),
        now.required_schema_version
    ));
    course.end().await
}
