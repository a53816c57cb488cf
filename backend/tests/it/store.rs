//! What the store promises, whatever `DynamoDB` it runs on.

use api::{Message, NewMessage};
use backend::store::{Expected, Store, StoreError};

use crate::support::{current_table, empty_table, put_raw, unreachable_table};

const LIMIT: u32 = 100;

fn new(text: &str) -> NewMessage {
    NewMessage {
        author: "Ada".into(),
        text: text.into(),
    }
}

async fn listed(store: &Store) -> Vec<Message> {
    store.newest(LIMIT, None).await.unwrap().messages
}

async fn posted(store: &Store, text: &str) -> Message {
    store.post(new(text), None).await.unwrap().message
}

fn at(revisions: &[u32]) -> Expected {
    Expected::Revisions(revisions.to_vec())
}

#[tokio::test]
async fn lists_newest_first() {
    let store = Store::new(current_table().await);
    for text in ["first", "second", "third"] {
        posted(&store, text).await;
    }
    let texts: Vec<_> = listed(&store)
        .await
        .into_iter()
        .map(|message| message.text)
        .collect();
    assert_eq!(texts, ["third", "second", "first"]);
}

#[tokio::test]
async fn stores_what_it_returns() {
    let store = Store::new(empty_table().await);
    let message = posted(&store, "hello").await;
    assert_eq!(listed(&store).await, std::slice::from_ref(&message));
    assert_eq!(store.get(&message.uuid).await.unwrap(), message);
}

#[tokio::test]
async fn pages_reach_every_message_once_and_none_is_empty() {
    let store = Store::new(empty_table().await);
    for number in 0..12 {
        posted(&store, &number.to_string()).await;
    }
    for (limit, pages) in [(1, 12), (4, 3), (5, 3), (12, 1), (100, 1)] {
        let (mut seen, mut count, mut before) = (Vec::new(), 0, None);
        loop {
            let page = store.newest(limit, before.as_deref()).await.unwrap();
            assert!(!page.messages.is_empty(), "limit {limit}");
            seen.extend(page.messages.into_iter().map(|message| message.text));
            count += 1;
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        let expected: Vec<_> = (0..12).rev().map(|number| number.to_string()).collect();
        assert_eq!((seen, count), (expected, pages), "limit {limit}");
    }
}

#[tokio::test]
async fn schema_record_is_no_message() {
    let store = Store::new(current_table().await);
    assert!(listed(&store).await.is_empty());
    let edited = store.edit("_schema", &new("x"), &Expected::Any).await;
    assert!(matches!(edited, Err(StoreError::NotFound)), "{edited:?}");
    let deleted = store.delete("_schema", &Expected::Any).await;
    assert!(matches!(deleted, Err(StoreError::NotFound)), "{deleted:?}");
    let read = store.get("_schema").await;
    assert!(matches!(read, Err(StoreError::NotFound)), "{read:?}");
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
    let whole = posted(&store, "whole").await;
    assert_eq!(listed(&store).await, [whole]);
}

#[tokio::test]
async fn a_key_names_one_message() {
    let store = Store::new(empty_table().await);
    let first = store.post(new("hello"), Some("k")).await.unwrap();
    assert!(!first.replayed);
    let again = store.post(new("hello"), Some("k")).await.unwrap();
    assert_eq!((&again.message, again.replayed), (&first.message, true));
    let other = store.post(new("other"), Some("k")).await;
    assert!(matches!(other, Err(StoreError::KeyUsed(_))), "{other:?}");
    assert_eq!(listed(&store).await, [first.message]);

    let others = [Some("K"), None, None];
    for key in others {
        assert!(!store.post(new("hello"), key).await.unwrap().replayed);
    }
    assert_eq!(listed(&store).await.len(), 1 + others.len());
}

#[tokio::test]
async fn a_key_still_names_its_message_after_an_edit() {
    let store = Store::new(empty_table().await);
    let first = store.post(new("hello"), Some("k")).await.unwrap().message;
    let edited = store.edit(&first.uuid, &new("edited"), &at(&[1])).await.unwrap();
    let again = store.post(new("hello"), Some("k")).await.unwrap();
    assert_eq!((again.message, again.replayed), (edited, true));
}

#[tokio::test]
async fn edits_count_and_keep_their_place() {
    let store = Store::new(empty_table().await);
    let message = posted(&store, "hello").await;
    let newer = posted(&store, "newer").await;
    let edited = store
        .edit(&message.uuid, &new("edited"), &at(&[7, 1]))
        .await
        .unwrap();
    assert_eq!((edited.text.as_str(), edited.revision), ("edited", 2));
    assert!(edited.edited_at.as_ref().unwrap() > &edited.posted_at);
    assert_eq!(edited.posted_at, message.posted_at);
    assert_eq!(listed(&store).await, [newer, edited.clone()]);

    let stale = store.edit(&message.uuid, &new("lost"), &at(&[1])).await;
    assert!(matches!(stale, Err(StoreError::Changed(2))), "{stale:?}");
    let unmatched = store.edit(&message.uuid, &new("lost"), &at(&[])).await;
    assert!(matches!(unmatched, Err(StoreError::Changed(2))), "{unmatched:?}");
    let any = store
        .edit(&message.uuid, &new("any"), &Expected::Any)
        .await
        .unwrap();
    assert_eq!(any.revision, 3);
}

#[tokio::test]
async fn one_of_many_edits_at_once_wins() {
    let store = Store::new(empty_table().await);
    let message = posted(&store, "hello").await;
    let edits: Vec<_> = (0..8)
        .map(|number| {
            let (store, uuid) = (store.clone(), message.uuid.clone());
            tokio::spawn(async move { store.edit(&uuid, &new(&number.to_string()), &at(&[1])).await })
        })
        .collect();
    let mut won = Vec::new();
    for edit in edits {
        match edit.await.unwrap() {
            Ok(message) => won.push(message),
            Err(error) => assert!(matches!(error, StoreError::Changed(2)), "{error:?}"),
        }
    }
    assert_eq!(won.len(), 1);
    assert_eq!(listed(&store).await, won);
}

#[tokio::test]
async fn messages_from_before_revisions_are_at_the_first() {
    let table = empty_table().await;
    for uuid in ["old-1", "old-2"] {
        put_raw(
            &table,
            &[
                ("uuid", uuid),
                ("author", "Ada"),
                ("text", "before"),
                ("posted_at", "2025-01-01T00:00:00.000000Z"),
                ("board", "main"),
            ],
        )
        .await;
    }
    let store = Store::new(table);
    assert_eq!(store.get("old-1").await.unwrap().revision, 1);
    let stale = store.edit("old-1", &new("x"), &at(&[2])).await;
    assert!(matches!(stale, Err(StoreError::Changed(1))), "{stale:?}");
    assert_eq!(
        store.edit("old-1", &new("x"), &at(&[1])).await.unwrap().revision,
        2
    );
    store.delete("old-2", &at(&[1])).await.unwrap();
}

#[tokio::test]
async fn deletes_what_was_seen_and_nothing_else() {
    let store = Store::new(empty_table().await);
    let message = posted(&store, "hello").await;
    let stale = store.delete(&message.uuid, &at(&[2])).await;
    assert!(matches!(stale, Err(StoreError::Changed(1))), "{stale:?}");
    store.delete(&message.uuid, &at(&[1])).await.unwrap();
    assert!(listed(&store).await.is_empty());
    for gone in [
        store.delete(&message.uuid, &Expected::Any).await,
        store.get(&message.uuid).await.map(drop),
        store
            .edit(&message.uuid, &new("x"), &Expected::Any)
            .await
            .map(drop),
    ] {
        assert!(matches!(gone, Err(StoreError::NotFound)), "{gone:?}");
    }
}

#[tokio::test]
async fn says_when_the_table_does_not_answer() {
    let store = Store::new(unreachable_table().await);
    assert!(matches!(
        store.newest(LIMIT, None).await,
        Err(StoreError::Unavailable { .. })
    ));
}
