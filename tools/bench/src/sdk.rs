//! The reference nothing can beat: the emulator called by the SDK that the backend uses.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use tokio::task::JoinSet;

use crate::database::{BOARD, Database, TABLE};
use crate::load::{Load, Sample};
use crate::workload::Request;

/// What the backend puts on a page when nobody says.
const PAGE: i32 = 20;

/// Makes each posted message another one, later than the one before.
static POSTED: AtomicU64 = AtomicU64::new(0);

/// A client of the emulator.
#[derive(Clone, Debug)]
pub(crate) struct Sdk(Client);

impl Sdk {
    pub(crate) async fn of(database: &Database) -> Self {
        Self(database.client().await)
    }

    /// Stores `count` messages.
    pub(crate) async fn seed(&self, count: usize) -> Result<()> {
        for _ in 0..count {
            self.post().await?;
        }
        Ok(())
    }

    /// As many calls at once as the load has connections, for as long as it lasts.
    pub(crate) async fn under(&self, load: Load) -> Result<Sample> {
        let started = Instant::now();
        let mut callers = JoinSet::new();
        for _ in 0..load.workload.connections {
            callers.spawn(self.clone().call(load.workload.request, started + load.length));
        }
        let mut took = Vec::new();
        while let Some(caller) = callers.join_next().await {
            took.extend(caller.context("a caller ended early")??);
        }
        let elapsed = started.elapsed();
        took.sort_unstable();
        let percentile = |part: usize| took[(took.len() - 1) * part / 100].as_secs_f64() * 1e3;
        Ok(Sample {
            per_second: f64::from(u32::try_from(took.len()).context("count the calls")?)
                / elapsed.as_secs_f64(),
            p50_ms: percentile(50),
            p99_ms: percentile(99),
        })
    }

    async fn call(self, request: Request, until: Instant) -> Result<Vec<Duration>> {
        let mut took = Vec::new();
        while Instant::now() < until {
            let started = Instant::now();
            match request {
                Request::Post => self.post().await?,
                Request::List | Request::Page => self.list().await?,
            }
            took.push(started.elapsed());
        }
        Ok(took)
    }

    async fn list(&self) -> Result<()> {
        self.0
            .query()
            .table_name(TABLE)
            .index_name("newest")
            .key_condition_expression("#board = :board")
            .expression_attribute_names("#board", "board")
            .expression_attribute_values(":board", AttributeValue::S(BOARD.into()))
            .scan_index_forward(false)
            .limit(PAGE)
            .send()
            .await
            .map(drop)
            .context("query the emulator")
    }

    async fn post(&self) -> Result<()> {
        let number = POSTED.fetch_add(1, Ordering::Relaxed);
        let text = |value: &str| AttributeValue::S(value.to_owned());
        self.0
            .put_item()
            .table_name(TABLE)
            .item("uuid", text(&format!("direct-{number}")))
            .item("author", text("Ada Lovelace"))
            .item(
                "text",
                text("It can follow analysis, but it has no power of anticipating any relations or truths."),
            )
            .item("posted_at", text(&format!("2026-01-01T00:00:00.{number:09}Z")))
            .item("board", text(BOARD))
            .condition_expression("attribute_not_exists(#uuid)")
            .expression_attribute_names("#uuid", "uuid")
            .send()
            .await
            .map(drop)
            .context("put an item into the emulator")
    }
}
