//! A table that throttles: the walk slows down and gets through.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use backend::dynamodb::Table;

use super::{MARK, fill, migrator, never, with};
use crate::support::empty_table;

const ITEMS: usize = 100;

/// Answers to writes that are left to come as they should; of those before, every second one
/// becomes a refusal. The write has happened by then: its answer got lost on the way.
#[derive(Clone, Debug)]
struct Refusals(Arc<AtomicUsize>);

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
        let left = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        if left.is_ok_and(|left| left % 2 == 0) {
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
    let left = Refusals(Arc::new(AtomicUsize::new(60)));
    let config = table.client.config().to_builder().interceptor(left.clone());
    let throttled = Table {
        client: Client::from_conf(config.build()),
        name: table.name.clone(),
    };
    let report = migrator(&throttled, &[MARK]).up(never()).await.unwrap();
    assert_eq!(left.0.load(Ordering::SeqCst), 0, "nothing was throttled");
    assert_eq!(report.applied[0].counts.seen, ITEMS as u64);
    assert_eq!(with(&table, "mark").await, ITEMS);
}
