//! Data migrations: the list of them, and the one way they are run.
//!
//! Numbered, idempotent, recorded in the table. Old code still serves while one runs: expand, backfill, contract.
//! Tables and indexes are no business of migrations; the infrastructure's template makes them.

mod lock;
mod m0001_baseline;
mod m0002_board;
mod pages;

use std::pin::Pin;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::config;
use crate::dynamodb::{self, Table};
use lock::Lock;
pub use lock::schema_version;

/// All migrations, oldest first. The last one is the schema this code needs.
const MIGRATIONS: &[Migration] = &[m0001_baseline::MIGRATION, m0002_board::MIGRATION];

/// A migrator that stopped without a word blocks the next one for this long.
const LEASE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_secs(1);

struct Migration {
    version: u32,
    name: &'static str,
    /// Must be safe to run twice, and next to code that serves.
    apply: for<'a> fn(&'a Table, &'a mut Lock) -> Applied<'a>,
}

type Applied<'a> = Pin<Box<dyn Future<Output = Result<Counts>> + Send + 'a>>;

/// What one migration met and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages it looked at.
    pub seen: u64,
    /// Messages it changed.
    pub changed: u64,
}

/// What a run did: the number of each applied migration with its counts.
pub type Report = Vec<(u32, Counts)>;

/// How long to wait.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the table to answer, and again for another migrator to finish.
    pub wait: Duration,
    /// Until a silent migrator loses its lock.
    pub lease: Duration,
}

/// Schema this code needs.
pub fn required_version() -> u32 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// The subcommand `migrate`.
pub async fn run(config: config::Migrate) -> Result<()> {
    let table = dynamodb::table(&config.table).await;
    let patience = Patience {
        wait: config.migrate_wait_seconds,
        lease: LEASE,
    };
    tokio::select! {
        report = to_newest(&table, patience) => report.map(drop),
        () = serverkit::shutdown::requested() => bail!("stopped by a signal; the next run continues where this one was"),
    }
}

/// Brings `table` to the newest schema. Safe to repeat, safe to run twice at once.
pub async fn to_newest(table: &Table, patience: Patience) -> Result<Report> {
    reachable(table, patience.wait).await?;
    let mut lock = Lock::acquire(table, patience.lease, patience.wait).await?;
    let report = apply_missing(table, &mut lock).await;
    lock.release().await;
    report
}

async fn apply_missing(table: &Table, lock: &mut Lock) -> Result<Report> {
    // Read under the lock: another migrator may just have done it all.
    let from = schema_version(table).await?;
    let mut report = Report::new();
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > from) {
        let started = Instant::now();
        let counts = (migration.apply)(table, lock).await?;
        lock.record(migration.version).await?;
        tracing::info!(
            version = migration.version,
            name = migration.name,
            seen = counts.seen,
            changed = counts.changed,
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "migration applied"
        );
        report.push((migration.version, counts));
    }
    // A table newer than the code is no fault: that is what a rollback looks like.
    tracing::info!(
        table = table.name,
        from,
        applied = report.len(),
        required = required_version(),
        "schema is current"
    );
    Ok(report)
}

/// Waits until the table answers: in a new environment it may still be in the making.
async fn reachable(table: &Table, wait: Duration) -> Result<()> {
    let deadline = Instant::now() + wait;
    loop {
        match schema_version(table).await {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() >= deadline => {
                let error = anyhow::Error::from(error);
                return Err(error.context(format!(
                    "table {} did not answer within {} s: check TABLE_NAME, AWS_REGION, AWS_ENDPOINT_URL and the role",
                    table.name,
                    wait.as_secs()
                )));
            }
            Err(error) => {
                tracing::info!(
                    error = format!("{:#}", anyhow::Error::from(error)),
                    "waiting for the table"
                );
                tokio::time::sleep(POLL).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_without_gaps() {
        for (index, migration) in (1..).zip(MIGRATIONS) {
            assert_eq!(migration.version, index, "{}", migration.name);
        }
    }
}
