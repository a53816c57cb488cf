//! A table that throttles: the migration slows down and gets through.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use backend::dynamodb::Table;
use backend::migrate::{Counts, Migration};

use super::{MANY, MARK, fill, migrator, never, with};
use crate::support::empty_table;

const ITEMS: usize = 100;

/// Makes refusals of answers to writes. The write has happened by then: its answer got lost on the
/// way.
#[derive(Clone, Debug)]
struct Refusals {
    /// Answers until all come as they should.
    left: Arc<AtomicUsize>,
    /// Of those, refusals before each one that comes as it should.
    in_a_row: usize,
}

impl Refusals {
    fn new(left: usize, in_a_row: usize) -> Self {
        Self {
            left: Arc::new(AtomicUsize::new(left)),
            in_a_row,
        }
    }

    /// The table, which throttles whom it is given to.
    fn of(&self, table: &Table) -> Table {
        let config = table.client.config().to_builder().interceptor(self.clone());
        Table {
            client: Client::from_conf(config.build()),
            name: table.name.clone(),
        }
    }

    fn left(&self) -> usize {
        self.left.load(Ordering::SeqCst)
    }
}

impl Intercept for Refusals {
    fn name(&self) -> &'static str {
        "refusals"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        // `{}`, which only writes are answered by.
        if response.headers().get("content-length") != Some("2") {
            return Ok(());
        }
        let one_less = |left: usize| left.checked_sub(1);
        let left = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        if left.is_ok_and(|left| left % (self.in_a_row + 1) != 1) {
            *response.status_mut() = 400.try_into()?;
            let error =
                r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow down"}"#;
            response.headers_mut().remove("content-length");
            *response.body_mut() = error.into();
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_throttled_walk_gets_through() {
    let table = empty_table().await;
    fill(&table, ITEMS).await;
    let refusals = Refusals::new(60, 1);
    let throttled = refusals.of(&table);
    let report = migrator(&throttled, &[MARK]).up(never()).await.unwrap();
    assert_eq!(refusals.left(), 0, "nothing was throttled");
    assert_eq!(report.applied[0].counts.seen, ITEMS as u64);
    assert_eq!(with(&table, "mark").await, ITEMS);
}

/// No item changes the second time, so the lock, the checkpoint and the end are all that is
/// written. Each is refused more often than a server would try.
#[tokio::test]
async fn a_throttled_record_is_written_too() {
    let table = empty_table().await;
    fill(&table, MANY).await;
    migrator(&table, &[MARK]).up(never()).await.unwrap();
    let again = Migration {
        version: 2,
        name: "mark again",
        ..MARK
    };
    let refusals = Refusals::new(3 * 5, 4);
    let throttled = refusals.of(&table);
    let report = migrator(&throttled, &[MARK, again]).up(never()).await.unwrap();
    assert_eq!(refusals.left(), 0, "nothing was throttled");
    let seen = Counts {
        seen: MANY as u64,
        changed: 0,
    };
    assert_eq!(report.applied[0].counts, seen);
    let record = super::record(&table).await;
    assert_eq!((record.version, record.holder), (2, None));
}
