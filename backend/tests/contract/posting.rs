//! Posting: what was stored is what was sent, and a post that is sent again is one message.

use api::{MAX_AUTHOR, MAX_TEXT, Message, Problem};
use axum::http::{StatusCode, header};

use crate::board::{Answer, Board, at_once};
use crate::case::{Case, Ground, cases};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_post_is_found_where_the_answer_says,
        every_character_is_kept,
        line_breaks_are_stored_as_line_feeds,
        the_longest_message_is_stored,
        the_same_key_is_one_message,
        the_same_key_with_another_body_is_refused,
        a_key_is_remembered_after_an_edit,
        one_of_many_posts_with_one_key_is_stored,
        one_of_many_bodies_with_one_key_wins,
    ]
}

async fn a_post_is_found_where_the_answer_says(ground: Ground) {
    let board = Board::on(&ground.table);
    let answer = board.post("Ada", "hello").await;
    let posted: Message = answer.json(StatusCode::CREATED);
    assert_eq!(answer.header(header::ETAG), Some("\"1\""));
    let found = board.get(answer.header(header::LOCATION).unwrap()).await;
    assert_eq!(found.header(header::ETAG), Some("\"1\""));
    assert_eq!(found.json::<Message>(StatusCode::OK), posted);
    assert_eq!(board.all().await, [posted]);
}

async fn every_character_is_kept(ground: Ground) {
    let board = Board::on(&ground.table);
    let texts = [
        "  blanks \n\tkept  ",
        "e\u{301} is not \u{e9}",
        "👩‍👩‍👧 🇪🇺 \u{10FFFD}",
        "مرحبا\u{202E}dlrow",
        "\u{FEFF} and \u{FFFD} and \u{E000}",
        "\"quoted\" \\ </script> {{ #name :value }}",
    ];
    for text in texts {
        let posted: Message = board.post("Ærøskøbing", text).await.json(StatusCode::CREATED);
        let found: Message = board
            .get(&api::message_path(&posted.uuid))
            .await
            .json(StatusCode::OK);
        assert_eq!((found.author.as_str(), found.text.as_str()), ("Ærøskøbing", text));
    }
    let mut listed: Vec<_> = board
        .all()
        .await
        .into_iter()
        .map(|message| message.text)
        .collect();
    listed.reverse();
    assert_eq!(listed, texts);
}

async fn line_breaks_are_stored_as_line_feeds(ground: Ground) {
    let board = Board::on(&ground.table);
    let posted: Message = board
        .post_keyed("k1", "one\r\ntwo\rthree\n")
        .await
        .json(StatusCode::CREATED);
    assert_eq!(posted.text, "one\ntwo\nthree\n");
    assert!(is_replay(&board.post_keyed("k1", "one\ntwo\nthree\n").await));
    assert_eq!(board.all().await, [posted]);
}

/// In the characters that take the most bytes.
async fn the_longest_message_is_stored(ground: Ground) {
    let board = Board::on(&ground.table);
    let (author, text) = ("🦀".repeat(MAX_AUTHOR), "🦀".repeat(MAX_TEXT));
    let posted: Message = board.post(&author, &text).await.json(StatusCode::CREATED);
    assert_eq!((&posted.author, &posted.text), (&author, &text));
    assert_eq!(board.all().await, [posted]);
}

async fn the_same_key_is_one_message(ground: Ground) {
    let board = Board::on(&ground.table);
    let (first, again) = (
        board.post_keyed("k1", "hello").await,
        board.post_keyed("k1", "hello").await,
    );
    assert!(!is_replay(&first) && is_replay(&again));
    assert_eq!(first.header(header::LOCATION), again.header(header::LOCATION));
    let posted: Message = first.json(StatusCode::CREATED);
    assert_eq!(again.json::<Message>(StatusCode::CREATED), posted);
    let other: Message = board.post_keyed("k2", "hello").await.json(StatusCode::CREATED);
    assert_eq!(board.all().await, [other, posted]);
}

async fn the_same_key_with_another_body_is_refused(ground: Ground) {
    let board = Board::on(&ground.table);
    let posted: Message = board.post_keyed("k1", "hello").await.json(StatusCode::CREATED);
    let problem: Problem = board.post_keyed("k1", "goodbye").await.json(StatusCode::CONFLICT);
    assert_eq!(problem.status, 409);
    assert_eq!(board.all().await, [posted]);
}

async fn a_key_is_remembered_after_an_edit(ground: Ground) {
    let board = Board::on(&ground.table);
    let posted: Message = board.post_keyed("k1", "hello").await.json(StatusCode::CREATED);
    let edited: Message = board
        .edit(&posted.uuid, &posted.etag(), "goodbye")
        .await
        .json(StatusCode::OK);
    let again = board.post_keyed("k1", "hello").await;
    assert_eq!(again.status, StatusCode::CREATED);
    assert!(is_replay(&again));
    let _: Problem = board.post_keyed("k1", "goodbye").await.json(StatusCode::CONFLICT);
    assert_eq!(board.all().await, [edited]);
}

async fn one_of_many_posts_with_one_key_is_stored(ground: Ground) {
    let board = Board::on(&ground.table);
    let answers = at_once((0..8).map(|_| {
        let board = board.clone();
        async move { board.post_keyed("k1", "hello").await }
    }))
    .await;
    assert_eq!(answers.iter().filter(|answer| !is_replay(answer)).count(), 1);
    let stored = board.all().await;
    assert_eq!(stored.len(), 1);
    for answer in answers {
        assert_eq!(answer.json::<Message>(StatusCode::CREATED), stored[0]);
    }
}

async fn one_of_many_bodies_with_one_key_wins(ground: Ground) {
    let board = Board::on(&ground.table);
    let answers = at_once((0..8).map(|number| {
        let board = board.clone();
        async move { board.post_keyed("k1", &number.to_string()).await }
    }))
    .await;
    let stored = board.all().await;
    assert_eq!(stored.len(), 1);
    let (won, lost): (Vec<_>, Vec<_>) = answers
        .iter()
        .partition(|answer| answer.status == StatusCode::CREATED);
    assert_eq!((won.len(), lost.len()), (1, 7));
    assert_eq!(won[0].json::<Message>(StatusCode::CREATED), stored[0]);
    assert!(lost.iter().all(|answer| answer.status == StatusCode::CONFLICT));
}

fn is_replay(answer: &Answer) -> bool {
    answer.header(api::IDEMPOTENT_REPLAYED) == Some("true")
}
