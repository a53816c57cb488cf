//! Listing: newest first, every message once, page by page.

use std::collections::BTreeSet;

use api::{Message, Problem};
use axum::http::StatusCode;

use crate::board::{Board, put_listed, put_raw, texts};
use crate::case::{Case, Ground, cases};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        an_empty_table_lists_nothing,
        messages_come_newest_first,
        pages_hold_as_many_as_asked_for,
        pages_are_complete_while_others_post,
        messages_of_the_same_instant_are_all_listed,
        pages_larger_than_a_megabyte_are_complete,
        a_foreign_cursor_is_refused,
        an_item_that_is_no_message_is_left_out,
    ]
}

async fn an_empty_table_lists_nothing(ground: Ground) {
    let board = Board::on(&ground.table);
    let page = board.page(20, None).await;
    assert_eq!((page.messages, page.next), (vec![], None));
}

async fn messages_come_newest_first(ground: Ground) {
    let board = Board::on(&ground.table);
    for text in ["first", "second", "third"] {
        board.posted(text).await;
    }
    assert_eq!(texts(&board.all().await), ["third", "second", "first"]);
}

async fn pages_hold_as_many_as_asked_for(ground: Ground) {
    let board = Board::on(&ground.table);
    let posted: Vec<_> = post_many(&board, 12).await;
    let pages = board.pages(5, None).await;
    let sizes: Vec<_> = pages.iter().map(|page| page.messages.len()).collect();
    assert_eq!(sizes, [5, 5, 2]);
    let listed: Vec<_> = pages.into_iter().flat_map(|page| page.messages).collect();
    assert!(listed.iter().eq(posted.iter().rev()));
}

async fn pages_are_complete_while_others_post(ground: Ground) {
    let board = Board::on(&ground.table);
    let posted = post_many(&board, 30).await;
    let mut listed = Vec::new();
    let mut before = None;
    loop {
        let page = board.page(7, before.as_deref()).await;
        listed.extend(page.messages);
        before = page.next;
        if before.is_none() {
            break;
        }
        post_many(&board, 3).await;
    }
    assert!(
        listed.iter().eq(posted.iter().rev()),
        "what came later is on newer pages only"
    );
}

async fn messages_of_the_same_instant_are_all_listed(ground: Ground) {
    for uuid in ["a", "b", "c", "d", "e"] {
        put_listed(&ground.table, uuid, "same", "2025-01-01T00:00:00.000000Z").await;
    }
    let pages = Board::on(&ground.table).pages(2, None).await;
    let listed: Vec<_> = pages.into_iter().flat_map(|page| page.messages).collect();
    let distinct: BTreeSet<_> = listed.iter().map(|message| &message.uuid).collect();
    assert_eq!((listed.len(), distinct.len()), (5, 5));
}

/// `DynamoDB` ends a page at 1 MB, however few items that are.
async fn pages_larger_than_a_megabyte_are_complete(ground: Ground) {
    let text = "x".repeat(300_000);
    for number in 0..7 {
        let posted_at = format!("2025-01-01T00:00:00.{number:06}Z");
        put_listed(&ground.table, &number.to_string(), &text, &posted_at).await;
    }
    let pages = Board::on(&ground.table).pages(100, None).await;
    let listed = pages.iter().flat_map(|page| &page.messages);
    let uuids: Vec<_> = listed.map(|message| message.uuid.as_str()).collect();
    assert_eq!(uuids, ["6", "5", "4", "3", "2", "1", "0"]);
}

async fn a_foreign_cursor_is_refused(ground: Ground) {
    let board = Board::on(&ground.table);
    post_many(&board, 3).await;
    let cursor = board.page(1, None).await.next.unwrap();
    let foreign = [
        "noise".to_owned(),
        "_".to_owned(),
        "%00".to_owned(),
        format!("{cursor}x%20y"),
    ];
    for cursor in foreign {
        let answer = board.get(&format!("{}?before={cursor}", api::MESSAGES)).await;
        let problem: Problem = answer.json(StatusCode::BAD_REQUEST);
        assert_eq!(problem.status, 400, "{cursor}");
    }
}

async fn an_item_that_is_no_message_is_left_out(ground: Ground) {
    let half = [
        ("uuid", "half"),
        ("board", "main"),
        ("posted_at", "2025-01-01T00:00:00.000000Z"),
    ];
    put_raw(&ground.table, &half).await;
    let board = Board::on(&ground.table);
    let whole = board.posted("whole").await;
    assert_eq!(board.all().await, [whole]);
}

async fn post_many(board: &Board, count: usize) -> Vec<Message> {
    let mut posted = Vec::new();
    for number in 0..count {
        posted.push(board.posted(&number.to_string()).await);
    }
    posted
}
