//! What an item may be, and what a write that is refused tells.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};

use super::{EMBEDDED, code, expect, refusal, string};
use crate::board::put_listed;
use crate::case::{Case, Ground, cases};

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_failed_condition_shows_the_old_item,
        an_item_has_at_most_400_kb,
        a_sort_key_of_an_index_has_at_most_1024_bytes,
        an_empty_text_is_stored_an_empty_key_refused,
        a_number_has_at_most_38_digits,
        names_that_are_reserved_or_unused_are_refused,
    ]
}

async fn put(ground: &Ground, uuid: &str, name: &str, value: AttributeValue) -> (String, String) {
    let put = ground.table.client.put_item().table_name(&ground.table.name);
    refusal(&put.item("uuid", string(uuid)).item(name, value).send().await)
}

/// How the store tells a message that is not there from one at another revision.
async fn a_failed_condition_shows_the_old_item(ground: Ground) {
    use ReturnValuesOnConditionCheckFailure::AllOld;
    let (client, table) = (&ground.table.client, &ground.table.name);
    put_listed(&ground.table, "there", "x", "1").await;
    for (uuid, attributes) in [("there", Some(5)), ("not there", None)] {
        let put = client
            .put_item()
            .table_name(table)
            .item("uuid", string(uuid))
            .condition_expression("author = :nobody")
            .expression_attribute_values(":nobody", string("nobody"))
            .return_values_on_condition_check_failure(AllOld)
            .send()
            .await
            .unwrap_err()
            .into_service_error();
        let update = client
            .update_item()
            .table_name(table)
            .key("uuid", string(uuid))
            .update_expression("SET author = :nobody")
            .condition_expression("author = :nobody")
            .expression_attribute_values(":nobody", string("nobody"))
            .return_values_on_condition_check_failure(AllOld)
            .send()
            .await
            .unwrap_err()
            .into_service_error();
        let delete = client
            .delete_item()
            .table_name(table)
            .key("uuid", string(uuid))
            .condition_expression("author = :nobody")
            .expression_attribute_values(":nobody", string("nobody"))
            .return_values_on_condition_check_failure(AllOld)
            .send()
            .await
            .unwrap_err()
            .into_service_error();
        let (
            PutItemError::ConditionalCheckFailedException(put),
            UpdateItemError::ConditionalCheckFailedException(update),
            DeleteItemError::ConditionalCheckFailedException(delete),
        ) = (put, update, delete)
        else {
            panic!("not refused by the condition");
        };
        let old = [put.item(), update.item(), delete.item()].map(|item| item.map(HashMap::len));
        assert_eq!(old, [attributes; 3], "{uuid}");
    }
}

/// Names and values together.
async fn an_item_has_at_most_400_kb(ground: Ground) {
    let longest = 400 * 1024 - "uuid".len() - "u".len() - "text".len();
    for (length, outcome) in [(longest, "done"), (longest + 1, "ValidationException")] {
        let stored = put(&ground, "u", "text", string(&"x".repeat(length))).await;
        assert_eq!(stored.0, outcome, "{length} bytes");
    }
}

async fn a_sort_key_of_an_index_has_at_most_1024_bytes(ground: Ground) {
    let put = |length| {
        let put = ground.table.client.put_item().table_name(&ground.table.name);
        put.item("uuid", string("u"))
            .item("board", string("main"))
            .item("posted_at", string(&"x".repeat(length)))
            .send()
    };
    assert_eq!(code(&put(1024).await), "done");
    expect(
        &ground,
        &code(&put(1025).await),
        &"ValidationException".to_owned(),
        &[(EMBEDDED, "done".to_owned())],
    );
}

async fn an_empty_text_is_stored_an_empty_key_refused(ground: Ground) {
    assert_eq!(put(&ground, "u", "text", string("")).await.0, "done");
    assert_eq!(
        put(&ground, "", "text", string("x")).await.0,
        "ValidationException"
    );
    assert_eq!(
        put(&ground, "u", "board", string("")).await.0,
        "ValidationException"
    );
}

async fn a_number_has_at_most_38_digits(ground: Ground) {
    for (digits, outcome) in [(38, "done"), (39, "ValidationException")] {
        let number = AttributeValue::N("9".repeat(digits));
        assert_eq!(put(&ground, "u", "number", number).await.0, outcome);
    }
    for (written, read) in [("1.0", "1"), ("1e3", "1000"), ("007", "7"), ("-0", "0")] {
        put(&ground, "u", "number", AttributeValue::N(written.into())).await;
        let get = ground.table.client.get_item().table_name(&ground.table.name);
        let item = get.key("uuid", string("u")).send().await.unwrap().item.unwrap();
        assert_eq!(item["number"], AttributeValue::N(read.into()), "{written}");
    }
}

async fn names_that_are_reserved_or_unused_are_refused(ground: Ground) {
    let update = |expression: &str| {
        let update = ground.table.client.update_item().table_name(&ground.table.name);
        update
            .key("uuid", string("u"))
            .update_expression(expression)
            .expression_attribute_values(":x", string("x"))
    };
    assert_eq!(code(&update("SET text = :x").send().await), "ValidationException");
    let unused = update("SET author = :x").expression_attribute_names("#text", "text");
    assert_eq!(code(&unused.send().await), "ValidationException");
    assert_eq!(code(&update("SET author = :x").send().await), "done");
}
