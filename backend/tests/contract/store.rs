//! What the store promises beyond what a client can ask for.

use api::{Message, NewMessage};
use backend::migrate::to_newest;
use backend::store::{Expected, Store, StoreError};
use time::OffsetDateTime;

use crate::board::put_listed;
use crate::case::{Case, Ground, cases};
use crate::migrating::PATIENCE;

const LIMIT: u32 = 100;

pub(crate) fn cases() -> Vec<Case> {
    cases![
        pages_reach_every_message_once_and_none_is_empty,
        schema_record_is_no_message,
        a_key_names_one_message,
        a_key_still_names_its_message_after_an_edit,
        edits_count_and_keep_their_place,
        messages_from_before_revisions_are_at_the_first,
        deletes_what_was_seen_and_nothing_else,
        posts_of_one_instant_are_told_apart,
        edits_of_one_instant_are_told_apart,
    ]
}

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

async fn pages_reach_every_message_once_and_none_is_empty(ground: Ground) {
    let store = Store::new(ground.table);
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

async fn schema_record_is_no_message(ground: Ground) {
    to_newest(&ground.table, PATIENCE).await.unwrap();
    let store = Store::new(ground.table);
    assert!(listed(&store).await.is_empty());
    let edited = store.edit("_schema", &new("x"), &Expected::Any).await;
    assert!(matches!(edited, Err(StoreError::NotFound)), "{edited:?}");
    let deleted = store.delete("_schema", &Expected::Any).await;
    assert!(matches!(deleted, Err(StoreError::NotFound)), "{deleted:?}");
    let read = store.get("_schema").await;
    assert!(matches!(read, Err(StoreError::NotFound)), "{read:?}");
}

async fn a_key_names_one_message(ground: Ground) {
    let store = Store::new(ground.table);
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

async fn a_key_still_names_its_message_after_an_edit(ground: Ground) {
    let store = Store::new(ground.table);
    let first = store.post(new("hello"), Some("k")).await.unwrap().message;
    let edited = store.edit(&first.uuid, &new("edited"), &at(&[1])).await.unwrap();
    let again = store.post(new("hello"), Some("k")).await.unwrap();
    assert_eq!((again.message, again.replayed), (edited, true));
}

async fn edits_count_and_keep_their_place(ground: Ground) {
    let store = Store::new(ground.table);
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

async fn messages_from_before_revisions_are_at_the_first(ground: Ground) {
    for uuid in ["old-1", "old-2"] {
        put_listed(&ground.table, uuid, "before", "2025-01-01T00:00:00.000000Z").await;
    }
    let store = Store::new(ground.table);
    assert_eq!(store.get("old-1").await.unwrap().revision, 1);
    let stale = store.edit("old-1", &new("x"), &at(&[2])).await;
    assert!(matches!(stale, Err(StoreError::Changed(1))), "{stale:?}");
    assert_eq!(
        store.edit("old-1", &new("x"), &at(&[1])).await.unwrap().revision,
        2
    );
    store.delete("old-2", &at(&[1])).await.unwrap();
}

async fn deletes_what_was_seen_and_nothing_else(ground: Ground) {
    let store = Store::new(ground.table);
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

/// A store whose clock stands, so that all its writes are of one instant.
fn at_one_instant(ground: Ground) -> Store {
    Store::with_clock(ground.table, || OffsetDateTime::UNIX_EPOCH)
}

/// A second call is no second try of the first one.
async fn posts_of_one_instant_are_told_apart(ground: Ground) {
    let store = at_one_instant(ground);
    let keyed = store.post(new("hello"), Some("k")).await.unwrap();
    let again = store.post(new("hello"), Some("k")).await.unwrap();
    assert_eq!((keyed.replayed, again.replayed), (false, true));
    assert_eq!(keyed.message, again.message);
    let others = [posted(&store, "hello").await, posted(&store, "hello").await];
    assert!(
        others
            .iter()
            .all(|other| other.posted_at == keyed.message.posted_at)
    );
    assert_eq!(listed(&store).await.len(), 1 + others.len());
}

async fn edits_of_one_instant_are_told_apart(ground: Ground) {
    let store = at_one_instant(ground);
    let uuid = posted(&store, "hello").await.uuid;
    let first = store.edit(&uuid, &new("first"), &at(&[1])).await.unwrap();
    let stale = store.edit(&uuid, &new("first"), &at(&[1])).await;
    assert!(matches!(stale, Err(StoreError::Changed(2))), "{stale:?}");
    let second = store.edit(&uuid, &new("second"), &Expected::Any).await.unwrap();
    assert_eq!((second.text.as_str(), second.revision), ("second", 3));
    assert_eq!(second.edited_at, first.edited_at);
    assert_eq!(listed(&store).await, [second]);
}
