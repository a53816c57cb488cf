//! Pages of an index: their order, where one begins, and what is refused.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;

use super::{DYNAMODB_LOCAL, LOCALSTACK, code, expect, refusal, string};
use crate::board::put_listed;
use crate::case::{Case, Ground, cases};

pub(super) fn cases() -> Vec<Case> {
    cases![
        an_index_is_not_read_consistently,
        equals_are_listed_in_no_order_to_rely_on,
        a_page_that_ends_with_the_last_item_names_a_next_one,
        a_starting_key_must_fit_the_query,
        an_index_that_is_not_there_is_refused,
        a_table_that_is_not_there_is_refused,
    ]
}

/// A query of the index as the store makes it.
fn query(ground: &Ground) -> QueryFluentBuilder {
    ground
        .table
        .client
        .query()
        .table_name(&ground.table.name)
        .index_name("newest")
        .key_condition_expression("board = :board")
        .expression_attribute_values(":board", string("main"))
}

async fn an_index_is_not_read_consistently(ground: Ground) {
    let refused = refusal(&query(&ground).consistent_read(true).send().await);
    let error = |text: &str| ("ValidationException".to_owned(), text.to_owned());
    let other = error("Consistent read cannot be true when querying a GSI");
    expect(
        &ground,
        &refused,
        &error("Consistent reads are not supported on global secondary indexes"),
        &[(DYNAMODB_LOCAL, other.clone()), (LOCALSTACK, other)],
    );
}

/// AWS documents none; what is seen here is no promise.
async fn equals_are_listed_in_no_order_to_rely_on(ground: Ground) {
    for uuid in ["b", "a", "c"] {
        put_listed(&ground.table, uuid, "x", "1").await;
    }
    let page = query(&ground).scan_index_forward(false).send().await.unwrap();
    let seen: Vec<_> = page
        .items()
        .iter()
        .map(|item| item["uuid"].as_s().unwrap().as_str())
        .collect();
    let hashed = vec!["a", "c", "b"];
    let others = [(DYNAMODB_LOCAL, hashed.clone()), (LOCALSTACK, hashed)];
    expect(&ground, &seen, &vec!["c", "b", "a"], &others);
}

async fn a_page_that_ends_with_the_last_item_names_a_next_one(ground: Ground) {
    for uuid in ["a", "b"] {
        put_listed(&ground.table, uuid, "x", uuid).await;
    }
    let page = query(&ground).limit(2).send().await.unwrap();
    assert_eq!((page.count(), page.last_evaluated_key().is_some()), (2, true));
    let next = query(&ground).set_exclusive_start_key(page.last_evaluated_key);
    assert_eq!(next.send().await.unwrap().count(), 0);
}

/// A key that fits is taken, whether or not its item was ever there.
async fn a_starting_key_must_fit_the_query(ground: Ground) {
    let key = |board: &str, posted_at: AttributeValue| {
        query(&ground)
            .exclusive_start_key("uuid", string("u"))
            .exclusive_start_key("board", string(board))
            .exclusive_start_key("posted_at", posted_at)
            .send()
    };
    assert_eq!(code(&key("main", string("1")).await), "done");
    let error = |text: &str| ("ValidationException".to_owned(), text.to_owned());
    let mismatch = error("The provided starting key does not match the range key predicate");
    expect(
        &ground,
        &refusal(&key("other", string("1")).await),
        &error("The provided starting key is outside query boundaries based on provided conditions"),
        &[(DYNAMODB_LOCAL, mismatch.clone()), (LOCALSTACK, mismatch)],
    );
    let wrong_type = error("Type mismatch for attribute to update");
    expect(
        &ground,
        &refusal(&key("main", AttributeValue::N("1".into())).await),
        &error("The provided starting key is invalid"),
        &[(DYNAMODB_LOCAL, wrong_type.clone()), (LOCALSTACK, wrong_type)],
    );
}

async fn an_index_that_is_not_there_is_refused(ground: Ground) {
    let refused = code(&query(&ground).index_name("none").send().await);
    let other = "ResourceNotFoundException".to_owned();
    expect(
        &ground,
        &refused,
        &"ValidationException".to_owned(),
        &[(LOCALSTACK, other)],
    );
}

async fn a_table_that_is_not_there_is_refused(ground: Ground) {
    let refused = refusal(&query(&ground).table_name("messages-none").send().await);
    let error = |text: &str| ("ResourceNotFoundException".to_owned(), text.to_owned());
    expect(
        &ground,
        &refused,
        &error("Requested resource not found"),
        &[
            (
                DYNAMODB_LOCAL,
                error("Cannot do operations on a non-existent table"),
            ),
            (LOCALSTACK, error("Unknown table: messages-none")),
        ],
    );
}
