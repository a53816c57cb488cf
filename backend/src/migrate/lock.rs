//! The right to change the schema of one table: a lease in the record `_schema`, taken and kept by
//! conditional writes.
//!
//! No clock of another host is trusted: a lock may be taken over once it was watched for a whole
//! lease and nobody renewed it. Everything a migrator writes to the record is conditional on still
//! having the lock. Its writes of items need no lock to be safe, they are conditional themselves;
//! the lock only keeps two migrators from doing the same work.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Error, Result, anyhow, ensure};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::timeout;
use uuid::Uuid;

use super::record::{Checkpoint, Done, Holder, Record, SCHEMA_ITEM};
use super::{Counts, Migration, Patience, Release};
use crate::dynamodb::Table;

const POLL: Duration = Duration::from_millis(500);

/// Held until `release`; where that is never reached, the lease runs out by itself.
pub(super) struct Lock {
    table: Table,
    owner: String,
    lease: Duration,
    taken: Instant,
}

impl Lock {
    /// Takes the lock as soon as nobody holds it, or its holder is silent for a lease. Gives up
    /// after `patience.wait` without a sign of a migrator at work, until when it is no matter that
    /// the record cannot be read.
    pub(super) async fn acquire(table: &Table, patience: Patience) -> Result<Self> {
        let mut lock = Self {
            table: table.clone(),
            owner: Uuid::new_v4().to_string(),
            lease: patience.lease,
            taken: Instant::now(),
        };
        let mut since = Instant::now();
        let mut watched: Option<(Holder, Instant)> = None;
        loop {
            let holder = match Record::read(table).await {
                Ok(record) => record.holder,
                Err(error) if since.elapsed() >= patience.wait => return Err(error.into()),
                Err(error) => {
                    let error = format!("{:#}", Error::from(error));
                    tracing::info!(error, "waiting for the lock, which cannot be read");
                    tokio::time::sleep(POLL).await;
                    continue;
                }
            };
            let silent = match (&holder, &watched) {
                (Some(now), Some((before, seen))) if now == before => seen.elapsed() >= patience.lease,
                _ => {
                    if let Some(holder) = &holder {
                        tracing::info!(owner = holder.owner, "another migrator has the lock");
                        since = Instant::now();
                    }
                    watched = holder.clone().map(|holder| (holder, Instant::now()));
                    false
                }
            };
            lock.taken = Instant::now();
            if lock.is_free(holder.as_ref(), silent) && lock.take(holder.as_ref()).await? {
                tracing::info!(owner = lock.owner, taken_over = silent, "lock taken");
                return Ok(lock);
            }
            if since.elapsed() >= patience.wait {
                return Err(lock.is_not_mine(holder.as_ref(), patience.wait));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Whether it may be taken. This run has it already where the answer to an attempt was late.
    fn is_free(&self, holder: Option<&Holder>, silent: bool) -> bool {
        silent || holder.is_none_or(|holder| holder.owner == self.owner)
    }

    /// Why this run gives up waiting for it.
    fn is_not_mine(&self, holder: Option<&Holder>, wait: Duration) -> Error {
        let (table, wait) = (&self.table.name, wait.as_secs());
        match holder.filter(|holder| holder.owner != self.owner) {
            Some(Holder { owner, .. }) => anyhow!(
                "another migrator ({owner}) still holds the lock of table {table} after {wait} s: look at its logs, then run \
                 `backend migrate` again"
            ),
            None => anyhow!(
                "the lock of table {table} could not be written within {wait} s: find out what throttles the table, then run \
                 `backend migrate` again"
            ),
        }
    }

    /// Does `work` and renews the lease meanwhile; drops the work as soon as the lock is lost.
    pub(super) async fn hold<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            result = work => result,
            lost = self.renew_until_lost() => Err(lost),
        }
    }

    /// Records which release this run is of.
    pub(super) async fn begin(&self, release: &Release) -> Result<()> {
        self.keep(release, "its release was recorded").await
    }

    /// Records that this run of `release` came to its end.
    pub(super) async fn end(&self, release: Release) -> Result<()> {
        let release = Release {
            ended: true,
            ..release
        };
        self.keep(&release, "its end was recorded").await
    }

    async fn keep(&self, release: &Release, goal: &str) -> Result<()> {
        let update = self
            .update("SET #release = :release")
            .expression_attribute_names("#release", "release")
            .expression_attribute_values(":release", release.to_attribute());
        self.while_held(update, goal).await
    }

    /// From now on code that requires less than schema `readers` does not serve.
    pub(super) async fn exclude_readers_before(&self, readers: u32) -> Result<()> {
        let update = self
            .update("SET min_reader = :readers")
            .expression_attribute_values(":readers", AttributeValue::N(readers.to_string()));
        self.while_held(update, "it could take anything away").await
    }

    /// Remembers that everything up to the checkpoint is written.
    pub(super) async fn reach(&self, checkpoint: &Checkpoint) -> Result<()> {
        let update = self
            .update("SET checkpoint = :checkpoint")
            .expression_attribute_values(":checkpoint", checkpoint.to_attribute());
        self.while_held(update, "its position was recorded").await
    }

    /// Records that `migration` is done.
    pub(super) async fn record(&self, migration: &Migration, counts: Counts) -> Result<()> {
        let done = Done {
            name: Some(migration.name.to_owned()),
            at: now()?,
            counts,
        };
        let update = self
            .update("SET #version = :version, #done = :done REMOVE checkpoint")
            .expression_attribute_names("#version", "version")
            .expression_attribute_names("#done", Done::attribute(migration.version))
            .expression_attribute_values(":version", AttributeValue::N(migration.version.to_string()))
            .expression_attribute_values(":done", done.to_attribute());
        self.while_held(update, "its end was recorded").await
    }

    /// Gives the lock back. Where that fails, or takes longer than the lease, the lease runs out by
    /// itself.
    pub(super) async fn release(self) {
        let update = self.update("REMOVE lock_owner, lock_until");
        let error = match timeout(self.lease, self.send(update)).await {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => error,
            Err(error) => error.into(),
        };
        tracing::warn!(
            error = format!("{error:#}"),
            "the lock stays until its lease runs out"
        );
    }

    /// Takes the lock from `holder`, exactly as it was seen. The owner may be this run: an answer
    /// can get lost. `false` also when the answer takes so long that little of the lease would be
    /// left.
    async fn take(&self, holder: Option<&Holder>) -> Result<bool> {
        let update = self
            .update("SET lock_owner = :me, lock_until = :until")
            .expression_attribute_values(":until", AttributeValue::N(millis(self.lease)));
        let update = match holder {
            None => update.condition_expression("attribute_not_exists(lock_owner) OR lock_owner = :me"),
            Some(holder) => update
                .condition_expression("(lock_owner = :owner AND lock_until = :seen) OR lock_owner = :me")
                .expression_attribute_values(":owner", AttributeValue::S(holder.owner.clone()))
                .expression_attribute_values(":seen", AttributeValue::N(holder.until.clone())),
        };
        let answer = timeout(self.lease / 3, self.send(update)).await;
        answer.unwrap_or(Ok(false))
    }

    /// Ends only with the reason why the lock is lost.
    async fn renew_until_lost(&self) -> Error {
        let mut kept = self.taken;
        loop {
            tokio::time::sleep(self.lease / 3).await;
            // Read before the write: the lease in the table must not end before the one counted
            // here.
            let asked = Instant::now();
            let left = self.lease.saturating_sub(kept.elapsed());
            let update = self
                .update("SET lock_until = :until")
                .expression_attribute_values(":until", AttributeValue::N(millis(self.lease)));
            match timeout(left, self.send(update)).await {
                Ok(Ok(true)) => kept = asked,
                Ok(Ok(false)) => {
                    return anyhow!("lost the lock of table {} to another migrator", self.table.name);
                }
                Ok(Err(error)) => tracing::warn!(error = format!("{error:#}"), "the lock is not renewed yet"),
                Err(_) => {
                    return anyhow!(
                        "the lock of table {} could not be renewed for {} s",
                        self.table.name,
                        self.lease.as_secs()
                    );
                }
            }
        }
    }

    async fn while_held(&self, update: UpdateItemFluentBuilder, goal: &str) -> Result<()> {
        let written = self.send(update).await?;
        ensure!(
            written,
            "lost the lock of table {} before {goal}",
            self.table.name
        );
        Ok(())
    }

    /// An update of the record that is valid only while this run has the lock.
    fn update(&self, expression: &str) -> UpdateItemFluentBuilder {
        self.table
            .client
            .update_item()
            .table_name(&self.table.name)
            .key("uuid", AttributeValue::S(SCHEMA_ITEM.into()))
            .update_expression(expression)
            .condition_expression("lock_owner = :me")
            .expression_attribute_values(":me", AttributeValue::S(self.owner.clone()))
    }

    /// `false` when the condition does not hold.
    async fn send(&self, update: UpdateItemFluentBuilder) -> Result<bool> {
        match update.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(error)
                    .with_context(|| format!("update the schema record of table {}", self.table.name)),
            },
        }
    }
}

fn now() -> Result<String> {
    let now = OffsetDateTime::now_utc().replace_nanosecond(0)?;
    now.format(&Rfc3339).context("write the time")
}

/// Milliseconds since the epoch, `ahead` of now.
fn millis(ahead: Duration) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is past 1970");
    (now + ahead).as_millis().to_string()
}
