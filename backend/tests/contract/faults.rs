//! What the user gets while the table, or the way to it, fails: a proxy between SDK and database
//! does what was planned.

use std::time::{Duration, Instant};

use api::{Message, Problem};
use axum::http::{StatusCode, header};
use backend::dynamodb::{self, Table, Timeouts};
use testkit::fault_proxy::{Fault, FaultProxy};

use crate::board::{Answer, Board, texts};
use crate::case::{Case, Ground, cases};
use crate::migrating::PATIENCE;

/// As the product's, but shorter.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_millis(500),
    attempt: Duration::from_millis(500),
    operation: Duration::from_secs(2),
    attempts: 3,
    first_pause: Duration::from_millis(10),
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        throttled_twice_is_not_noticed,
        throttled_throughout_is_a_503,
        a_server_error_is_tried_again,
        server_errors_throughout_are_a_503,
        what_a_proxy_refuses_is_a_503_at_once,
        a_late_answer_is_not_waited_for,
        late_answers_throughout_are_a_504,
        a_lost_answer_stores_one_message,
        a_lost_answer_to_a_keyed_post_is_no_replay,
        a_lost_answer_to_an_edit_is_one_edit,
        a_lost_answer_to_a_delete_is_a_delete,
        a_write_that_comes_late_changes_nothing,
        a_refused_condition_is_not_tried_again,
        an_unreachable_table_is_not_ready_and_recovers,
    ]
}

/// A board that reaches its table through a proxy.
async fn behind_proxy(ground: &Ground) -> (FaultProxy, Board) {
    let proxy = FaultProxy::start(&ground.endpoint).await.unwrap();
    let table = Table {
        client: dynamodb::client(testkit::loader(&proxy.endpoint), TIMEOUTS).await,
        name: ground.table.name.clone(),
    };
    (proxy, Board::on(&table))
}

/// What is stored, seen past the proxy.
async fn stored(ground: &Ground) -> Vec<Message> {
    Board::on(&ground.table).all().await
}

/// Says when to come back, and nothing of what is inside.
fn assert_unavailable(answer: &Answer) {
    let problem: Problem = answer.json(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header(header::CONTENT_TYPE), Some(Problem::CONTENT_TYPE));
    assert_eq!(answer.header(header::RETRY_AFTER), Some("1"));
    for word in ["Exception", "dynamodb", "planned", "dispatch", "timeout"] {
        assert!(!problem.detail.contains(word), "{}", problem.detail);
    }
}

async fn throttled_twice_is_not_noticed(ground: Ground) {
    for fault in [Fault::Throttled, Fault::ServiceThrottled] {
        let (proxy, board) = behind_proxy(&ground).await;
        let before = stored(&ground).await.len();
        proxy.next(2, "PutItem", fault);
        board.posted("hello").await;
        assert_eq!(proxy.seen("PutItem"), 3, "{fault:?}");
        assert_eq!(stored(&ground).await.len(), before + 1, "{fault:?}");

        proxy.next(2, "Query", fault);
        assert_eq!(board.page(20, None).await.messages.len(), before + 1);
    }
}

async fn throttled_throughout_is_a_503(ground: Ground) {
    for fault in [Fault::Throttled, Fault::ServiceThrottled] {
        let (proxy, board) = behind_proxy(&ground).await;
        proxy.always(fault);
        let started = Instant::now();
        assert_unavailable(&board.post("Ada", "hello").await);
        assert_unavailable(&board.get(api::MESSAGES).await);
        assert!(started.elapsed() < 2 * TIMEOUTS.operation);
        assert_eq!((proxy.seen("PutItem"), proxy.seen("Query")), (3, 3), "{fault:?}");
    }
    assert_eq!(stored(&ground).await, []);
}

async fn a_server_error_is_tried_again(ground: Ground) {
    let (proxy, board) = behind_proxy(&ground).await;
    proxy.next(1, "PutItem", Fault::ServerError);
    proxy.next(1, "Query", Fault::ServerError);
    let posted = board.posted("hello").await;
    assert_eq!(board.page(20, None).await.messages, [posted]);
    assert_eq!((proxy.seen("PutItem"), proxy.seen("Query")), (2, 2));
}

async fn server_errors_throughout_are_a_503(ground: Ground) {
    let (proxy, board) = behind_proxy(&ground).await;
    proxy.always(Fault::ServerError);
    assert_unavailable(&board.post("Ada", "hello").await);
    assert_unavailable(&board.get(api::MESSAGES).await);
}

/// The SDK takes a status that `DynamoDB` does not send for final, even 429: it makes one attempt.
async fn what_a_proxy_refuses_is_a_503_at_once(ground: Ground) {
    let statuses = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::NOT_IMPLEMENTED,
        StatusCode::HTTP_VERSION_NOT_SUPPORTED,
    ];
    for status in statuses {
        let (proxy, board) = behind_proxy(&ground).await;
        proxy.always(Fault::Bare(status));
        assert_unavailable(&board.post("Ada", "hello").await);
        assert_unavailable(&board.get(api::MESSAGES).await);
        assert_eq!((proxy.seen("PutItem"), proxy.seen("Query")), (1, 1), "{status}");
    }
}

async fn a_late_answer_is_not_waited_for(ground: Ground) {
    let (proxy, board) = behind_proxy(&ground).await;
    proxy.next(1, "Query", Fault::Late(Duration::from_secs(20)));
    let started = Instant::now();
    assert_eq!(board.page(20, None).await.messages, []);
    assert!(started.elapsed() < TIMEOUTS.operation);
}

async fn late_answers_throughout_are_a_504(ground: Ground) {
    let (proxy, board) = behind_proxy(&ground).await;
    proxy.always(Fault::Late(Duration::from_secs(20)));
    let started = Instant::now();
    for answer in [board.get(api::MESSAGES).await, board.post("Ada", "hello").await] {
        let _: Problem = answer.json(StatusCode::GATEWAY_TIMEOUT);
    }
    assert!(started.elapsed() < 3 * TIMEOUTS.operation);
}

/// The condition of the write tells a try that is sent again from another message.
async fn a_lost_answer_stores_one_message(ground: Ground) {
    let (proxy, board) = behind_proxy(&ground).await;
    proxy.next(1, "PutItem", Fault::CutAfter);
    let posted = board.posted("hello").await;
    assert_eq!(proxy.seen("PutItem"), 2);
    assert_eq!(stored(&ground).await, [posted]);

    proxy.next(1, "PutItem", Fault::CutBefore);
    let next = board.posted("again").await;
    assert_eq!(stored(&ground).await.first(), Some(&next));
}

async fn a_lost_answer_to_a_keyed_post_is_no_replay(ground: Ground) {
    let (proxy, board) = behind_proxy(&ground).await;
    proxy.next(1, "PutItem", Fault::CutAfter);
    let answer = board.post_keyed("k1", "hello").await;
    assert_eq!(answer.header(api::IDEMPOTENT_REPLAYED), None);
    let posted: Message = answer.json(StatusCode::CREATED);
    assert_eq!(stored(&ground).await, [posted]);
}

async fn a_lost_answer_to_an_edit_is_one_edit(ground: Ground) {
    let (proxy, board) = behind_proxy(&ground).await;
    let posted = board.posted("first").await;
    proxy.next(1, "UpdateItem", Fault::CutAfter);
    let edited: Message = board
        .edit(&posted.uuid, "\"1\"", "second")
        .await
        .json(StatusCode::OK);
    assert_eq!((edited.revision, proxy.seen("UpdateItem")), (2, 2));
    assert_eq!(stored(&ground).await, [edited]);
}

async fn a_lost_answer_to_a_delete_is_a_delete(ground: Ground) {
    let (proxy, board) = behind_proxy(&ground).await;
    let posted = board.posted("first").await;
    proxy.next(1, "DeleteItem", Fault::CutAfter);
    let answer = board.delete(&posted.uuid, "\"1\"").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    assert_eq!(stored(&ground).await, []);
}

/// The first try is given up, the second one stores; the first arrives after all, when the message
/// was changed again.
async fn a_write_that_comes_late_changes_nothing(ground: Ground) {
    let (proxy, board) = behind_proxy(&ground).await;
    let late = TIMEOUTS.attempt + Duration::from_millis(300);
    for operation in ["PutItem", "UpdateItem"] {
        proxy.next(1, operation, Fault::Late(late));
    }
    let posted = board.posted("first").await;
    let edited = board.edit(&posted.uuid, "\"1\"", "second").await;
    assert_eq!(edited.status, StatusCode::OK, "{edited:?}");
    let edited: Message = board
        .edit(&posted.uuid, "\"2\"", "third")
        .await
        .json(StatusCode::OK);
    tokio::time::sleep(late).await;
    assert_eq!((proxy.seen("PutItem"), proxy.seen("UpdateItem")), (2, 3));
    assert_eq!(stored(&ground).await, [edited]);
}

async fn a_refused_condition_is_not_tried_again(ground: Ground) {
    let (proxy, board) = behind_proxy(&ground).await;
    board.post_keyed("k1", "hello").await;
    let answer = board.post_keyed("k1", "goodbye").await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(proxy.seen("PutItem"), 2);
    assert_eq!(texts(&stored(&ground).await), ["hello"]);
}

async fn an_unreachable_table_is_not_ready_and_recovers(ground: Ground) {
    backend::migrate::to_newest(&ground.table, PATIENCE)
        .await
        .unwrap();
    let (proxy, board) = behind_proxy(&ground).await;
    assert_eq!(board.get(api::READYZ).await.status, StatusCode::OK);
    proxy.always(Fault::CutBefore);
    assert_eq!(board.get(api::HEALTHZ).await.status, StatusCode::OK);
    assert_unavailable(&board.get(api::READYZ).await);
    assert_unavailable(&board.post("Ada", "hello").await);
    proxy.heal();
    assert_eq!(board.get(api::READYZ).await.status, StatusCode::OK);
    let posted = board.posted("hello").await;
    assert_eq!(stored(&ground).await, [posted]);
}
