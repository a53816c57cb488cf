//! The item `_schema`: which schema the table is at, and who may change it now.
//!
//! The lock is a lease taken by a conditional write. It keeps two migrators from doing the same work; that their work
//! is safe even if a lease runs out early is the migrations' own business (conditional writes only).

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use uuid::Uuid;

use super::pages::update_if;
use crate::dynamodb::Table;
use crate::store::{StoreError, text, unavailable};

/// Key of the record; it has no `board`, so the index never lists it.
pub(super) const SCHEMA_ITEM: &str = "_schema";

const POLL: Duration = Duration::from_millis(500);

/// Schema the table is at; 0 where none was recorded.
pub fn schema_version(table: &Table) -> impl Future<Output = Result<u32, StoreError>> + Send {
    let get = table
        .client
        .get_item()
        .table_name(&table.name)
        .key("uuid", AttributeValue::S(SCHEMA_ITEM.into()))
        .consistent_read(true);
    async move {
        let answer = get.send().await.map_err(unavailable("read the schema record"))?;
        let version = answer
            .item()
            .and_then(|item| item.get("version")?.as_n().ok()?.parse().ok());
        Ok(version.unwrap_or(0))
    }
}

/// The right to change the schema of one table, until the lease runs out.
pub(super) struct Lock {
    table: Table,
    owner: String,
    lease: Duration,
    kept: Instant,
}

impl Lock {
    /// Takes the lock as soon as nobody holds it; gives up after `wait`.
    pub(super) async fn acquire(table: &Table, lease: Duration, wait: Duration) -> Result<Self> {
        let mut lock = Self {
            table: table.clone(),
            owner: Uuid::new_v4().to_string(),
            lease,
            kept: Instant::now(),
        };
        let deadline = Instant::now() + wait;
        while !lock.take().await? {
            if Instant::now() >= deadline {
                bail!(
                    "another migrator ({}) still holds the lock of table {} after {} s: look at its logs, then run \
                     `backend migrate` again",
                    lock.holder().await?,
                    table.name,
                    wait.as_secs()
                );
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(lock)
    }

    async fn take(&mut self) -> Result<bool> {
        let update = self
            .until("SET #owner = :me, #until = :until")
            .condition_expression("attribute_not_exists(#owner) OR #owner = :me OR #until < :now")
            .expression_attribute_values(":now", AttributeValue::N(millis(Duration::ZERO)));
        self.write(update).await
    }

    /// Renews the lease when a third of it has passed; to be called for each item.
    pub(super) async fn keep(&mut self) -> Result<()> {
        if self.kept.elapsed() < self.lease / 3 {
            return Ok(());
        }
        let update = self
            .until("SET #until = :until")
            .condition_expression("#owner = :me");
        if !self.write(update).await? {
            bail!(
                "lost the lock of table {} to {}",
                self.table.name,
                self.holder().await?
            );
        }
        Ok(())
    }

    /// Records that the table is at `version` now.
    pub(super) async fn record(&mut self, version: u32) -> Result<()> {
        let update = self
            .until("SET #until = :until, #version = :version")
            .condition_expression("#owner = :me AND (attribute_not_exists(#version) OR #version <= :version)")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", AttributeValue::N(version.to_string()));
        if !self.write(update).await? {
            bail!(
                "lost the lock of table {} before schema {version} was recorded",
                self.table.name
            );
        }
        Ok(())
    }

    /// Gives the lock back. Where that fails the lease runs out by itself.
    pub(super) async fn release(self) {
        let update = self
            .table
            .client
            .update_item()
            .update_expression("REMOVE #owner, #until")
            .condition_expression("#owner = :me")
            .expression_attribute_names("#owner", "lock_owner")
            .expression_attribute_names("#until", "lock_until")
            .expression_attribute_values(":me", AttributeValue::S(self.owner.clone()));
        if let Err(error) = update_if(&self.table, SCHEMA_ITEM, update).await {
            tracing::warn!(
                error = format!("{error:#}"),
                "the lock stays until its lease runs out"
            );
        }
    }

    async fn write(&mut self, update: UpdateItemFluentBuilder) -> Result<bool> {
        // Read before the write: the lease in the table must not end before the one counted here.
        let started = Instant::now();
        let written = update_if(&self.table, SCHEMA_ITEM, update).await?;
        if written {
            self.kept = started;
        }
        Ok(written)
    }

    fn until(&self, expression: &str) -> UpdateItemFluentBuilder {
        self.table
            .client
            .update_item()
            .update_expression(expression)
            .expression_attribute_names("#owner", "lock_owner")
            .expression_attribute_names("#until", "lock_until")
            .expression_attribute_values(":me", AttributeValue::S(self.owner.clone()))
            .expression_attribute_values(":until", AttributeValue::N(millis(self.lease)))
    }

    async fn holder(&self) -> Result<String> {
        let answer = self
            .table
            .client
            .get_item()
            .table_name(&self.table.name)
            .key("uuid", AttributeValue::S(SCHEMA_ITEM.into()))
            .consistent_read(true)
            .send()
            .await
            .context("read the holder of the lock")?;
        let holder = answer.item().and_then(|item| text(item, "lock_owner"));
        Ok(holder.unwrap_or("gone since").to_owned())
    }
}

/// Milliseconds since the epoch, `ahead` of now. Hosts that run migrators are taken to agree to within the lease.
fn millis(ahead: Duration) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is past 1970");
    (now + ahead).as_millis().to_string()
}
