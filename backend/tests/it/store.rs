//! What the store promises, whatever `DynamoDB` it runs on.

use api::NewMessage;
use backend::store::{Store, StoreError};

use crate::support::{current_table, empty_table, put_raw, unreachable_table};

fn new(text: &str) -> NewMessage {
    NewMessage {
        author: "Ada".into(),
        text: text.into(),
    }
}

#[tokio::test]
async fn lists_newest_first() {
    let store = Store::new(current_table().await);
    for text in ["first", "second", "third"] {
        store.post(new(text)).await.unwrap();
    }
    let listed = store.newest(None).await.unwrap();
    let texts: Vec<_> = listed
        .messages
        .iter()
        .map(|message| message.text.as_str())
        .collect();
    assert_eq!(texts, ["third", "second", "first"]);
    assert_eq!(listed.next, None);
}

#[tokio::test]
async fn stores_what_it_returns() {
    let store = Store::new(empty_table().await);
    let posted = store.post(new("hello")).await.unwrap();
    assert_eq!(store.newest(None).await.unwrap().messages, [posted]);
}

#[tokio::test]
async fn pages_reach_every_message_once() {
    let store = Store::new(empty_table().await);
    for number in 0..230 {
        store.post(new(&number.to_string())).await.unwrap();
    }
    let (mut seen, mut pages, mut before) = (Vec::new(), 0, None);
    loop {
        let page = store.newest(before.as_deref()).await.unwrap();
        seen.extend(page.messages.into_iter().map(|message| message.text));
        pages += 1;
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    let expected: Vec<_> = (0..230).rev().map(|number| number.to_string()).collect();
    assert_eq!(seen, expected);
    assert!(pages >= 3, "{pages} pages");
}

#[tokio::test]
async fn schema_record_is_no_message() {
    let table = current_table().await;
    let store = Store::new(table);
    assert!(store.newest(None).await.unwrap().messages.is_empty());
}

#[tokio::test]
async fn unreadable_item_does_not_take_the_board_down() {
    let table = empty_table().await;
    put_raw(
        &table,
        &[
            ("uuid", "half"),
            ("board", "main"),
            ("posted_at", "2025-01-01T00:00:00.000000Z"),
        ],
    )
    .await;
    let store = Store::new(table);
    store.post(new("whole")).await.unwrap();
    let listed = store.newest(None).await.unwrap().messages;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].text, "whole");
}

#[tokio::test]
async fn a_message_is_written_once() {
    let store = Store::new(empty_table().await);
    let posted = store.post(new("hello")).await.unwrap();
    // The same write again is what a retry after a lost answer looks like.
    store.put(&posted).await.unwrap();
    let other = api::Message {
        text: "other".into(),
        ..posted.clone()
    };
    assert!(matches!(store.put(&other).await, Err(StoreError::Taken(uuid)) if uuid == posted.uuid));
    assert_eq!(store.newest(None).await.unwrap().messages, [posted]);
}

#[tokio::test]
async fn says_when_the_table_does_not_answer() {
    let store = Store::new(unreachable_table().await);
    assert!(matches!(
        store.newest(None).await,
        Err(StoreError::Unavailable { .. })
    ));
}
