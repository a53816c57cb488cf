//! One run over a table: waits for it, takes the lock, does what is missing and records it.

use std::num::NonZeroU32;
use std::pin::pin;
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, anyhow, bail};

use super::lock::Lock;
use super::patient::patient;
use super::plan::{Plan, plan, required};
use super::progress::rate;
use super::record::{Record, Unfit};
use super::release::Release;
use super::status::{Preview, Status};
use super::walk::{backfill, preview};
use super::{Migration, Phase};
use crate::dynamodb::Table;

const POLL: Duration = Duration::from_secs(1);
/// What a build says that was told no commit.
pub(crate) const UNKNOWN_COMMIT: &str = "unknown";

/// What a migration met and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages it looked at.
    pub seen: u64,
    /// Messages it changed.
    pub changed: u64,
}

/// How long to wait.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the table to answer, and again for a sign of the migrator that has the lock.
    pub wait: Duration,
    /// Until a silent migrator loses its lock.
    pub lease: Duration,
    /// Between the moment from which older code is not ready, and the first item that a contraction
    /// changes.
    pub leave: Duration,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What is done now and was not before, oldest first.
    pub applied: Vec<Applied>,
    /// Contractions left to a later release.
    pub later: Vec<u32>,
}

/// A migration that a run finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Its number.
    pub version: u32,
    /// Over all runs it took.
    pub counts: Counts,
    /// Of these, what runs before had done.
    pub earlier: Counts,
}

/// Migrations, and the table to run them on.
#[derive(Clone, Debug)]
pub struct Migrator<'a> {
    /// The table.
    pub table: &'a Table,
    /// All migrations, oldest first.
    pub migrations: &'a [Migration],
    /// Commit of the code that has them: what tells one release from the next.
    pub commit: &'a str,
    /// How long to wait.
    pub patience: Patience,
    /// How many items to look at a second; `None` is as many as possible.
    pub items_per_second: Option<NonZeroU32>,
}

impl<'a> Migrator<'a> {
    /// Runs without a limit on its speed, for code that was told no commit.
    pub fn new(table: &'a Table, migrations: &'a [Migration], patience: Patience) -> Self {
        Self {
            table,
            migrations,
            commit: UNKNOWN_COMMIT,
            patience,
            items_per_second: None,
        }
    }

    /// What the table says, without changing it.
    pub async fn status(&self) -> Result<Status<'a>> {
        Ok(Status {
            table: &self.table.name,
            required: required(self.migrations),
            migrations: self.migrations,
            record: Record::read(self.table).await?,
        })
    }

    /// What `up` would do now. Writes nothing and takes no lock; one walk for all migrations, each
    /// meeting the items as those before it would leave them.
    pub async fn preview(&self) -> Result<Preview<'a>> {
        let (_, plan) = self.plan(&Record::read(self.table).await?)?;
        let counts = preview(&patient(self.table), plan.now, self.items_per_second).await?;
        Ok(Preview {
            table: &self.table.name,
            now: plan.now.iter().zip(counts).collect(),
            later: plan.later,
        })
    }

    /// Brings the table to the newest schema, or stops where it is when `stop` ends. Safe to
    /// repeat, safe to run twice at once.
    pub async fn up(&self, stop: impl Future<Output = ()>) -> Result<Report> {
        let mut stop = pin!(stop);
        let table = patient(self.table);
        let lock = tokio::select! {
            lock = self.lock(&table) => lock?,
            () = &mut stop => bail!("stopped by a signal before anything was done"),
        };
        let report = tokio::select! {
            report = lock.hold(Box::pin(self.apply_missing(&table, &lock))) => report,
            () = &mut stop => Err(anyhow!("stopped by a signal; the next run goes on where this one was")),
        };
        lock.release().await;
        report
    }

    async fn lock(&self, table: &Table) -> Result<Lock> {
        self.reachable().await?;
        Lock::acquire(table, self.patience).await
    }

    async fn apply_missing(&self, table: &Table, lock: &Lock) -> Result<Report> {
        // Read under the lock: another migrator may just have done it all.
        let record = Record::read(table).await?;
        let (release, plan) = self.plan(&record)?;
        lock.begin(&release).await?;
        let mut report = Report::default();
        let mut min_reader = 0;
        for migration in plan.now {
            if let Phase::Contract { readers } = migration.phase
                && min_reader < readers
            {
                // One that needs less takes nothing back of what one before it has asked for.
                min_reader = record.min_reader.max(readers);
                lock.exclude_readers_before(min_reader).await?;
                if release.from > 0 {
                    tokio::time::sleep(self.patience.leave).await;
                }
            }
            let applied = self.apply(table, migration, &record, lock).await?;
            report.applied.push(applied);
        }
        for migration in plan.later {
            tracing::warn!(
                version = migration.version,
                name = migration.name,
                from = release.from,
                "left to a later release: code that needs what it takes away may still serve"
            );
            report.later.push(migration.version);
        }
        // A table newer than the code is no fault: that is what a rollback looks like.
        tracing::info!(
            table = self.table.name,
            from = record.version,
            applied = report.applied.len(),
            required = release.required,
            "schema is current"
        );
        lock.end(release).await?;
        Ok(report)
    }

    /// What to do on a table with this record, and as which release; or why it is not for this
    /// code.
    fn plan(&self, record: &Record) -> Result<(Release, Plan<'a>)> {
        let required = required(self.migrations);
        if let Err(unfit @ Unfit::Contracted { .. }) = record.check(required) {
            return Err(Error::new(unfit).context(format!(
                "table {} cannot be migrated by this code",
                self.table.name
            )));
        }
        for migration in self.migrations {
            if let Some(name) = record.taken_by(migration) {
                bail!(
                    "migration {number} ({}) cannot run on table {}, where another one ({name}) has that number: keep \
                     {number} as `expand({number}, \"{name}\")` and give yours the next one (docs/MIGRATIONS.md, \"A number \
                     is taken once it ran\")",
                    migration.name,
                    self.table.name,
                    number = migration.version,
                );
            }
        }
        let release = Release::on(record, self.commit, required);
        let plan = plan(self.migrations, record.version, release.from)?;
        Ok((release, plan))
    }

    async fn apply(
        &self,
        table: &Table,
        migration: &Migration,
        record: &Record,
        lock: &Lock,
    ) -> Result<Applied> {
        let started = Instant::now();
        let checkpoint = record
            .checkpoint
            .clone()
            .filter(|checkpoint| checkpoint.is_of(migration));
        let earlier = checkpoint
            .as_ref()
            .map(|checkpoint| checkpoint.counts)
            .unwrap_or_default();
        let counts = if migration.walks_over_items() {
            tracing::info!(
                version = migration.version,
                name = migration.name,
                earlier_seen = earlier.seen,
                "migrating items"
            );
            backfill(table, lock, migration, checkpoint, self.items_per_second)
                .await
                .with_context(|| format!("migration {} ({})", migration.version, migration.name))?
        } else {
            Counts::default()
        };
        lock.record(migration, counts).await?;
        tracing::info!(
            version = migration.version,
            name = migration.name,
            seen = counts.seen,
            changed = counts.changed,
            items_per_second = rate(counts.seen - earlier.seen, started.elapsed()),
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "migration applied"
        );
        Ok(Applied {
            version: migration.version,
            counts,
            earlier,
        })
    }

    /// Waits until the table answers: in a new environment it may still be in the making.
    async fn reachable(&self) -> Result<()> {
        let Patience { wait, .. } = self.patience;
        let deadline = Instant::now() + wait;
        loop {
            let error = match Record::read(self.table).await {
                Ok(_) => return Ok(()),
                Err(error) => Error::from(error),
            };
            if Instant::now() >= deadline {
                return Err(error.context(format!(
                    "table {} did not answer within {} s: check TABLE_NAME, AWS_REGION, AWS_ENDPOINT_URL and the role",
                    self.table.name,
                    wait.as_secs()
                )));
            }
            tracing::info!(error = format!("{error:#}"), "waiting for the table");
            tokio::time::sleep(POLL).await;
        }
    }
}
