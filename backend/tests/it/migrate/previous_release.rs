//! The release before serves while migrations run and after they have ended.
//!
//! Twice: the store of the release before this one, kept as a client of a few lines, on this
//! schema; and this release, whole, on a schema that is one ahead of it. Who adds a migration that
//! the store needs brings the client up to the store it replaces.

use std::time::Duration;

use api::{BackendVersion, Message, MessageList};
use aws_sdk_dynamodb::types::AttributeValue;
use axum::http::StatusCode;
use backend::dynamodb::Table;
use backend::migrate::{Change, MIGRATIONS, Migration, required_version};
use serde_json::json;

use super::{MANY, fill, listed, migrator, never, record, slowly};
use crate::support::{app, body, current_table, empty_table, get, post};

/// What a message was at schema 1: these four strings.
const ATTRIBUTES: [&str; 4] = ["uuid", "author", "text", "posted_at"];

/// The store of schema 1: its requests, the items it writes, and what it understands of those it
/// reads.
struct PreviousRelease<'a>(&'a Table);

impl PreviousRelease<'_> {
    /// All messages, unordered. What lacks an attribute is no message to it; so it passes over the
    /// schema record.
    async fn list(&self) -> Vec<[String; 4]> {
        let (mut messages, mut next) = (Vec::new(), None);
        loop {
            let scan = self.0.client.scan().table_name(&self.0.name);
            let page = scan.set_exclusive_start_key(next).send().await.unwrap();
            messages.extend(page.items().iter().filter_map(|item| {
                let attributes = ATTRIBUTES.map(|name| item.get(name)?.as_s().ok().cloned());
                let [Some(uuid), Some(author), Some(text), Some(posted_at)] = attributes else {
                    return None;
                };
                Some([uuid, author, text, posted_at])
            }));
            next = page.last_evaluated_key;
            if next.is_none() {
                return messages;
            }
        }
    }

    async fn post(&self, number: usize) -> [String; 4] {
        let posted_at = format!("2025-06-01T00:00:00.{number:06}Z");
        let message = [
            format!("by-old-{number}"),
            "Bob".into(),
            "while migrating".into(),
            posted_at,
        ];
        let attributes = ATTRIBUTES.into_iter().map(str::to_owned);
        let item = attributes.zip(message.clone().map(AttributeValue::S)).collect();
        self.0
            .client
            .put_item()
            .table_name(&self.0.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#uuid)")
            .expression_attribute_names("#uuid", "uuid")
            .send()
            .await
            .unwrap();
        message
    }
}

#[tokio::test]
async fn the_store_of_the_release_before_works_on_this_schema() {
    let table = empty_table().await;
    fill(&table, MANY).await;
    let before = PreviousRelease(&table);

    // While the migrations run: nothing is ever missing, and what is posted is there at once.
    let run = tokio::spawn({
        let table = table.clone();
        async move { slowly(&table, MIGRATIONS).up(never()).await }
    });
    let mut posted = 0;
    while !run.is_finished() {
        let message = before.post(posted).await;
        posted += 1;
        let all = before.list().await;
        assert_eq!(all.len(), MANY + posted);
        assert!(all.contains(&message));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    run.await.unwrap().unwrap();
    assert!(posted > 0);

    // After they have ended: it sees what the new store posts, and the other way round what was
    // there when the walk came by.
    let new = app(&table);
    let message: Message = body(
        post(&new, json!({"author": "Ada", "text": "new"}).to_string()).await,
        StatusCode::CREATED,
    )
    .await;
    let expected = [message.uuid, message.author, message.text, message.posted_at];
    assert!(before.list().await.contains(&expected));
    assert!(listed(&table).await > MANY);

    // What it posts from now on lacks the new form: it is stored, and the same form under the next
    // number brings it in.
    before.post(posted).await;
    let missing = before.list().await.len() - listed(&table).await;
    assert!(missing > 0);
    let board = MIGRATIONS[1];
    let again = Migration {
        version: required_version() + 1,
        name: "board again",
        ..board
    };
    let list = [MIGRATIONS, &[again]].concat();
    let report = migrator(&table, &list).up(never()).await.unwrap();
    assert_eq!(report.applied[0].counts.changed, missing as u64);
    assert_eq!(before.list().await.len(), listed(&table).await);
}

#[tokio::test]
async fn this_release_works_on_the_schema_of_the_next() {
    const FORM: fn(&std::collections::HashMap<String, AttributeValue>) -> anyhow::Result<Option<Change>> =
        |item| Ok((!item.contains_key("unheard_of")).then(|| Change::new().set_text("unheard_of", "x")));
    let table = current_table().await;
    let app = app(&table);
    let posting = json!({"author": "Ada", "text": "hi"}).to_string();
    let first: Message = body(post(&app, posting.clone()).await, StatusCode::CREATED).await;

    let next = Migration::backfill(required_version() + 1, "next", FORM);
    let list = [MIGRATIONS, &[next]].concat();
    let report = migrator(&table, &list).up(never()).await.unwrap();
    assert_eq!(report.applied[0].counts.changed, 1);

    assert_eq!(get(&app, api::READYZ).await.status(), StatusCode::OK);
    let version: BackendVersion = body(get(&app, api::VERSION).await, StatusCode::OK).await;
    assert_eq!(version.schema_version, Some(required_version() + 1));
    let second: Message = body(post(&app, posting).await, StatusCode::CREATED).await;
    let list: MessageList = body(get(&app, api::MESSAGES).await, StatusCode::OK).await;
    assert_eq!(list.messages, [second, first]);
    assert_eq!(record(&table).await.version, required_version() + 1);
}
