//! Very many messages, and the plainest ways of writing them.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use tokio::task::JoinSet;

use super::TABLE;
use super::tenths::Tenths;
use crate::database::BOARD;

/// As many messages as one request takes.
pub(super) const BATCH: u32 = 25;
/// As many requests at once as the backfill has under way.
pub(super) const AT_ONCE: usize = 16;
/// Odd, so that no two numbers have the same product: keys are as scattered as real ones.
const SCATTER: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;

/// What stands in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As before schema 2: in no index.
    Old,
    /// With the attribute that puts it into the index.
    New,
}

/// Writes messages 0 to `count`, and tells how fast.
pub(super) async fn write(client: &Client, count: u32, form: Form) -> Result<Tenths> {
    let mut moments = Vec::new();
    let started = Instant::now();
    for tenth in 1..=10 {
        let until = |tenth: u32| u32::try_from(u64::from(count) * u64::from(tenth) / 10);
        let (from, to) = (until(tenth - 1)?, until(tenth)?);
        at_once(from, to, BATCH, |from, to| batch(client.clone(), from, to, form)).await?;
        moments.push((started.elapsed(), to));
    }
    Ok(Tenths::of(count, &moments))
}

/// Writes messages 0 to `count` in their new form, one to a request; messages a second.
pub(super) async fn write_one_by_one(client: &Client, count: u32) -> Result<f64> {
    let started = Instant::now();
    at_once(0, count, 1, |number, _| one(client.clone(), number)).await?;
    Ok(f64::from(count) / started.elapsed().as_secs_f64())
}

/// Goes from one number to another in steps, with some of them under way at the same time.
async fn at_once<F>(from: u32, to: u32, step: u32, write: impl Fn(u32, u32) -> F) -> Result<()>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut under_way = JoinSet::new();
    let mut next = from;
    while next < to || !under_way.is_empty() {
        while next < to && under_way.len() < AT_ONCE {
            let end = to.min(next + step);
            under_way.spawn(write(next, end));
            next = end;
        }
        if let Some(written) = under_way.join_next().await {
            written.context("a writer ended early")??;
        }
    }
    Ok(())
}

async fn batch(client: Client, from: u32, to: u32, form: Form) -> Result<()> {
    let requests = (from..to).map(|number| {
        let put = PutRequest::builder().set_item(Some(message(number, form)));
        Ok(WriteRequest::builder().put_request(put.build()?).build())
    });
    let requests = requests.collect::<Result<Vec<_>>>()?;
    let written = client.batch_write_item().request_items(TABLE, requests);
    let written = written.send().await.context("write messages")?;
    let refused = written.unprocessed_items.unwrap_or_default();
    ensure!(refused.is_empty(), "messages from {from} on were not taken");
    Ok(())
}

async fn one(client: Client, number: u32) -> Result<()> {
    let put = client.put_item().table_name(TABLE);
    let put = put.set_item(Some(message(number, Form::New)));
    put.send().await.map(drop).context("write a message")
}

/// One of about 300 bytes.
fn message(number: u32, form: Form) -> std::collections::HashMap<String, AttributeValue> {
    let uuid = u128::from(number).wrapping_mul(SCATTER);
    let text = "a message of a usual length, two lines or so. ".repeat(4);
    let posted_at = format!("2026-01-01T00:{:02}:00.{number:09}Z", number % 60);
    let mut attributes = vec![
        ("uuid", format!("{uuid:032x}")),
        ("author", "Ada Lovelace".to_owned()),
        ("text", text),
        ("posted_at", posted_at),
    ];
    if form == Form::New {
        attributes.push(("board", BOARD.to_owned()));
    }
    let attributes = attributes.into_iter();
    attributes
        .map(|(name, value)| (name.to_owned(), AttributeValue::S(value)))
        .collect()
}
