//! A developer adds a migration: it runs before the new servers start, and all stored messages have
//! the new form.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::actors::Visitor;
use crate::environment::Environment;
use crate::git::short;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::release::{Expected, built, merged};
use crate::scenarios::workloads;

/// Migration 3: surrounding and repeated white space of texts goes, in what is stored and in what
/// is written from then on.
const PATCH: &str = "tools/e2e/fixtures/migration-3.patch";
const SCHEMA: u32 = 3;

const RAW: &str = "  hello   world ";
const TIDY: &str = "hello world";

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("migration", "new migration to staging", 600),
    suite: Suite::Main,
    needs: &["first-sync"],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let staging = Visitor::of(testbed.first(), &testbed.harness.http);
    let schema = staging.backend_version().await?.schema_version;
    ensure!(
        schema == Some(SCHEMA - 1),
        "the table is at schema {schema:?} before the migration, not {}",
        SCHEMA - 1
    );

    step.doing("post a message in the old form");
    staging.post("early bird", RAW).await?;
    let early = staging.message_of("early bird").await?;
    ensure!(
        early.text == RAW,
        "the old code stored {:?}, so nothing is left for the migration to change",
        early.text
    );
    let before = staging.messages().await?;

    testbed
        .application()
        .commit_patch(PATCH, "Store texts without superfluous white space")
        .await?;
    let commit = built(testbed, step, Environment::first(), Duration::from_mins(8)).await?;
    let expected = Expected {
        app: "backend",
        serves: &commit,
    };
    let release = merged(testbed, step, Environment::first(), &commit, &expected).await?;
    workloads::migrated_before_serving(testbed.first(), &release.digests["backend"]).await?;

    let version = staging.backend_version().await?;
    ensure!(
        version.schema_version == Some(SCHEMA),
        "the table is at schema {:?}",
        version.schema_version
    );
    ensure!(
        version.required_schema_version == SCHEMA,
        "the code needs schema {}",
        version.required_schema_version
    );

    let after = staging.messages().await?;
    for old in &before {
        let now = after.iter().find(|now| now.uuid == old.uuid);
        let now = now.with_context(|| format!("the message {:?} of {} is gone", old.text, old.author))?;
        let tidy = old.text.split_whitespace().collect::<Vec<_>>().join(" ");
        ensure!(
            now.text == tidy && now.author == old.author && now.posted_at == old.posted_at,
            "the message {old:?} has become {now:?}"
        );
    }
    let migrated = after
        .iter()
        .find(|message| message.uuid == early.uuid)
        .map(|message| message.text.as_str());
    ensure!(
        migrated == Some(TIDY),
        "the early message reads {migrated:?}, not {TIDY:?}"
    );
    ensure!(
        staging.page().await?.shows(TIDY),
        "the page does not show the early message"
    );

    workloads::others_ended(step, testbed.first(), &release.digests["backend"]).await?;
    staging.post("late riser", RAW).await?;
    let late = staging.message_of("late riser").await?;
    ensure!(late.text == TIDY, "the new code stored {:?}", late.text);
    step.evidence(format!(
        "the backend of {} serves on schema {SCHEMA}; {RAW:?} of before reads {TIDY:?}; all {} messages are there",
        short(&commit),
        before.len()
    ));
    Ok(())
}
