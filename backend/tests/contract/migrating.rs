//! Migrations on every database; what they do in detail is tested beside them, on the embedded one.

use std::time::Duration;

use api::BackendVersion;
use axum::http::StatusCode;
use backend::migrate::{Patience, required_version, to_newest};

use crate::board::{Board, put_raw, texts};
use crate::case::{Case, Ground, cases};

/// Short, because nothing here is far away.
pub(crate) const PATIENCE: Patience = Patience {
    wait: Duration::from_secs(30),
    lease: Duration::from_secs(10),
    leave: Duration::ZERO,
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        an_old_table_is_listed_after_the_migration,
        two_migrators_at_once_end_well,
        the_record_of_the_schema_is_no_message,
    ]
}

/// More than one page of a backfill.
const MANY: usize = 130;

async fn an_old_table_is_listed_after_the_migration(ground: Ground) {
    put_unlisted(&ground, 3).await;
    let board = Board::on(&ground.table);
    assert_eq!(
        board.get(api::READYZ).await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(board.all().await, []);

    to_newest(&ground.table, PATIENCE).await.unwrap();

    assert_eq!(board.get(api::READYZ).await.status, StatusCode::OK);
    board.posted("new").await;
    assert_eq!(texts(&board.all().await), ["new", "2", "1", "0"]);
}

async fn two_migrators_at_once_end_well(ground: Ground) {
    put_unlisted(&ground, MANY).await;
    let (one, other) = tokio::join!(
        to_newest(&ground.table, PATIENCE),
        to_newest(&ground.table, PATIENCE)
    );
    one.unwrap();
    other.unwrap();
    assert_eq!(Board::on(&ground.table).all().await.len(), MANY);
}

async fn the_record_of_the_schema_is_no_message(ground: Ground) {
    to_newest(&ground.table, PATIENCE).await.unwrap();
    let board = Board::on(&ground.table);
    assert_eq!(board.all().await, []);
    let version: BackendVersion = board.get(api::VERSION).await.json(StatusCode::OK);
    assert_eq!(version.schema_version, Some(required_version()));
}

/// Messages as they were before the index.
async fn put_unlisted(ground: &Ground, count: usize) {
    for number in 0..count {
        let (uuid, text) = (format!("old-{number}"), number.to_string());
        let posted_at = format!("2025-01-01T00:00:00.{number:06}Z");
        let item = [
            ("uuid", uuid.as_str()),
            ("author", "Ada"),
            ("text", &text),
            ("posted_at", &posted_at),
        ];
        put_raw(&ground.table, &item).await;
    }
}
