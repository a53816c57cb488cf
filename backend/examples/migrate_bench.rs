//! How fast a backfill walks, at several sizes:
//! `cargo run -p backend --example migrate_bench -- 20000 50000 100000`.
//!
//! Each size gets a table of its own in an embedded `DynamoDB`, or in the one at
//! `DYNAMODB_ENDPOINT`. docs/MIGRATIONS.md keeps the figures.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use backend::dynamodb::{self, Table, Timeouts};
use backend::migrate::{MIGRATIONS, Migration, Migrator, Patience};
use testkit::embedded::Embedded;

/// As many as one request takes.
const BATCH: usize = 25;
const PATIENCE: Patience = Patience {
    wait: Duration::from_secs(10),
    lease: Duration::from_secs(20),
};

#[tokio::main]
async fn main() -> Result<()> {
    let sizes = std::env::args()
        .skip(1)
        .map(|size| {
            size.parse()
                .with_context(|| format!("{size:?} is not a number of items"))
        })
        .collect::<Result<Vec<usize>>>()?;
    let endpoint = match std::env::var("DYNAMODB_ENDPOINT") {
        Ok(endpoint) => endpoint,
        Err(_) => Embedded::start().await?.endpoint,
    };
    // Every item has its new form by then: what is measured is the reading alone.
    let again = Migration {
        version: 3,
        name: "board again",
        ..MIGRATIONS[1]
    };
    let twice = [MIGRATIONS, &[again]].concat();
    println!(
        "{:>9}  {:>22}  {:>22}",
        "items", "all change, items/s", "none changes, items/s"
    );
    for size in sizes {
        let table = Table {
            client: dynamodb::client(testkit::loader(&endpoint), Timeouts::default()).await,
            name: format!("bench-{size}"),
        };
        testkit::table::create(&table.client, &table.name).await?;
        fill(&table, size).await?;
        let changing = rate(&table, size, MIGRATIONS).await?;
        let reading = rate(&table, size, &twice).await?;
        println!("{size:>9}  {changing:>22.0}  {reading:>22.0}");
        table.client.delete_table().table_name(&table.name).send().await?;
    }
    Ok(())
}

/// Items per second of one run.
async fn rate(table: &Table, size: usize, migrations: &[Migration]) -> Result<f64> {
    let started = Instant::now();
    let migrator = Migrator::new(table, migrations, PATIENCE);
    let report = Box::pin(migrator.up(std::future::pending())).await?;
    let seen = report.applied.last().context("nothing was missing")?.counts.seen;
    anyhow::ensure!(seen == u64::try_from(size)?, "{seen} of {size} items were seen");
    Ok(f64::from(u32::try_from(size)?) / started.elapsed().as_secs_f64())
}

/// Messages of about 300 bytes, as they were before schema 2.
async fn fill(table: &Table, size: usize) -> Result<()> {
    let text = "a message of a usual length, two lines or so. ".repeat(4);
    let messages = (0..size)
        .map(|number| {
            let attributes = [
                ("uuid", uuid::Uuid::new_v4().to_string()),
                ("author", "Ada Lovelace".to_owned()),
                ("text", text.clone()),
                (
                    "posted_at",
                    format!("2026-01-01T00:{:02}:00.{number:06}Z", number % 60),
                ),
            ];
            let item = attributes.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
            let put = PutRequest::builder().set_item(Some(item.into())).build()?;
            Ok(WriteRequest::builder().put_request(put).build())
        })
        .collect::<Result<Vec<_>>>()?;
    for batch in messages.chunks(BATCH) {
        let request = table
            .client
            .batch_write_item()
            .request_items(&table.name, batch.to_vec());
        let left = request.send().await?.unprocessed_items.unwrap_or_default();
        anyhow::ensure!(left.is_empty(), "{} batches were refused", left.len());
    }
    Ok(())
}
