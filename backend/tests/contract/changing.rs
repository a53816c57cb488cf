//! Edits and deletes: only of the message as the client saw it.

use std::collections::BTreeMap;

use api::{Message, Problem};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};

use crate::board::{Board, at_once, put_listed, put_raw, texts};
use crate::case::{Case, Ground, cases};

/// No message has it.
const UNKNOWN: &str = "8d1f64e0-4a3c-4a38-9f2c-0c5f0f5a4a10";

pub(crate) fn cases() -> Vec<Case> {
    cases![
        an_edit_gives_the_next_revision,
        an_edit_of_another_revision_is_refused,
        a_change_without_a_revision_is_refused,
        an_unknown_message_is_not_found,
        a_deleted_message_is_gone,
        a_delete_of_another_revision_is_refused,
        an_edit_does_not_bring_a_message_back,
        one_of_many_edits_wins,
        one_of_an_edit_and_a_delete_wins,
        a_message_without_revision_is_at_the_first,
        what_is_no_longer_accepted_stays_readable,
    ]
}

async fn an_edit_gives_the_next_revision(ground: Ground) {
    let board = Board::on(&ground.table);
    let (first, second) = (board.posted("first").await, board.posted("second").await);
    let answer = board.edit(&first.uuid, "\"1\"", "changed").await;
    assert_eq!(answer.header(header::ETAG), Some("\"2\""));
    let edited: Message = answer.json(StatusCode::OK);
    assert!(edited.edited_at.as_ref().is_some_and(|at| *at >= first.posted_at));
    let expected = Message {
        text: "changed".into(),
        edited_at: edited.edited_at.clone(),
        revision: 2,
        ..first
    };
    assert_eq!(edited, expected);
    assert_eq!(board.all().await, [second, edited]);
}

async fn an_edit_of_another_revision_is_refused(ground: Ground) {
    let board = Board::on(&ground.table);
    let posted = board.posted("first").await;
    let edited: Message = board
        .edit(&posted.uuid, "\"1\"", "second")
        .await
        .json(StatusCode::OK);
    for etag in ["\"1\"", "\"3\"", "\"x\"", "W/\"2\""] {
        let answer = board.edit(&posted.uuid, etag, "third").await;
        let _: Problem = answer.json(StatusCode::PRECONDITION_FAILED);
    }
    assert_eq!(board.all().await, [edited]);
}

async fn a_change_without_a_revision_is_refused(ground: Ground) {
    let board = Board::on(&ground.table);
    let posted = board.posted("first").await;
    let path = api::message_path(&posted.uuid);
    let edit = Request::put(&path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(r#"{"author":"Ada","text":"x"}"#));
    for request in [edit, Request::delete(&path).body(Body::empty())] {
        let answer = board.send(request.unwrap()).await;
        let _: Problem = answer.json(StatusCode::PRECONDITION_REQUIRED);
    }
    assert_eq!(board.all().await, [posted]);
}

/// The record of the schema is no message either.
async fn an_unknown_message_is_not_found(ground: Ground) {
    backend::migrate::to_newest(&ground.table, crate::migrating::PATIENCE)
        .await
        .unwrap();
    let board = Board::on(&ground.table);
    for uuid in [UNKNOWN, "_schema"] {
        let answers = [
            board.get(&api::message_path(uuid)).await,
            board.edit(uuid, "\"1\"", "x").await,
            board.delete(uuid, "\"1\"").await,
        ];
        for answer in answers {
            let _: Problem = answer.json(StatusCode::NOT_FOUND);
        }
    }
    assert_eq!(board.all().await, []);
    assert_eq!(board.get(api::READYZ).await.status, StatusCode::OK);
}

async fn a_deleted_message_is_gone(ground: Ground) {
    let board = Board::on(&ground.table);
    let (kept, deleted) = (board.posted("kept").await, board.posted("deleted").await);
    let answer = board.delete(&deleted.uuid, "\"1\"").await;
    assert_eq!(
        (answer.status, answer.body.len()),
        (StatusCode::NO_CONTENT, 0),
        "{answer:?}"
    );
    assert_eq!(board.all().await, [kept]);
    let found = board.get(&api::message_path(&deleted.uuid)).await;
    let _: Problem = found.json(StatusCode::NOT_FOUND);
    let _: Problem = board
        .delete(&deleted.uuid, "\"1\"")
        .await
        .json(StatusCode::NOT_FOUND);
}

async fn a_delete_of_another_revision_is_refused(ground: Ground) {
    let board = Board::on(&ground.table);
    let posted = board.posted("first").await;
    let edited: Message = board
        .edit(&posted.uuid, "\"1\"", "second")
        .await
        .json(StatusCode::OK);
    let answer = board.delete(&posted.uuid, "\"1\"").await;
    let _: Problem = answer.json(StatusCode::PRECONDITION_FAILED);
    assert_eq!(board.all().await, [edited]);
}

async fn an_edit_does_not_bring_a_message_back(ground: Ground) {
    let board = Board::on(&ground.table);
    let posted = board.posted("first").await;
    board.delete(&posted.uuid, "\"1\"").await;
    let answer = board.edit(&posted.uuid, "\"1\"", "second").await;
    let _: Problem = answer.json(StatusCode::NOT_FOUND);
    assert_eq!(board.all().await, []);
}

async fn one_of_many_edits_wins(ground: Ground) {
    let board = Board::on(&ground.table);
    let posted = board.posted("first").await;
    let answers = at_once((0..8).map(|number| {
        let (board, uuid) = (board.clone(), posted.uuid.clone());
        async move { board.edit(&uuid, "\"1\"", &number.to_string()).await }
    }))
    .await;
    let mut outcomes = BTreeMap::new();
    for answer in &answers {
        *outcomes.entry(answer.status.as_u16()).or_default() += 1;
    }
    assert_eq!(outcomes, BTreeMap::from([(200, 1), (412, 7)]));
    let won = answers.iter().find(|answer| answer.status == 200).unwrap();
    assert_eq!(board.all().await, [won.json::<Message>(StatusCode::OK)]);
}

async fn one_of_an_edit_and_a_delete_wins(ground: Ground) {
    let board = Board::on(&ground.table);
    let posted = board.posted("first").await;
    let (edit, delete) = tokio::join!(
        board.edit(&posted.uuid, "\"1\"", "second"),
        board.delete(&posted.uuid, "\"1\""),
    );
    let left = board.all().await;
    match (edit.status.as_u16(), delete.status.as_u16()) {
        (200, 412) => assert_eq!(left, [edit.json::<Message>(StatusCode::OK)]),
        (404 | 412, 204) => assert_eq!(left, []),
        other => panic!("neither won, or both: {other:?}"),
    }
}

/// As versions wrote it that knew no revisions.
async fn a_message_without_revision_is_at_the_first(ground: Ground) {
    put_listed(&ground.table, UNKNOWN, "old", "2025-01-01T00:00:00.000000Z").await;
    let board = Board::on(&ground.table);
    let found = board.get(&api::message_path(UNKNOWN)).await;
    assert_eq!(found.header(header::ETAG), Some("\"1\""));
    let edited: Message = board.edit(UNKNOWN, "\"1\"", "new").await.json(StatusCode::OK);
    assert_eq!((edited.revision, edited.text.as_str()), (2, "new"));
}

/// Stored before the rules for text, or past the API.
async fn what_is_no_longer_accepted_stays_readable(ground: Ground) {
    let stored = ["\0", "a\u{1}b", "\r\n", "\u{200B}", "\u{FFFF}", "\u{85}"];
    for (number, text) in stored.iter().enumerate() {
        // Without `board`, as before schema 2: the migration has to carry it too.
        let (uuid, posted_at) = (
            format!("stored-{number}"),
            format!("2025-01-01T00:00:0{number}.000000Z"),
        );
        let message = [
            ("uuid", uuid.as_str()),
            ("author", *text),
            ("text", *text),
            ("posted_at", &posted_at),
        ];
        put_raw(&ground.table, &message).await;
    }
    backend::migrate::to_newest(&ground.table, crate::migrating::PATIENCE)
        .await
        .unwrap();
    let board = Board::on(&ground.table);
    let listed = board.all().await;
    assert!(texts(&listed).into_iter().rev().eq(stored));
    for message in &listed {
        let same = board.edit(&message.uuid, &message.etag(), &message.text).await;
        let _: Problem = same.json(StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(board.all().await, listed);
}
