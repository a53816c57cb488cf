//! Where the databases differ from what AWS documents, as far as a service like this one could meet it. docs/EMULATORS.md tells it
//! in words and names these cases.

use std::collections::HashMap;
use std::fmt::Debug;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    PointInTimeRecoverySpecification, ReturnValuesOnConditionCheckFailure, ScalarAttributeType,
    SseSpecification, TableStatus,
};

use crate::board::put_listed;
use crate::case::{Case, Ground, cases};

const EMBEDDED: &str = "embedded";
const DYNAMODB_LOCAL: &str = "dynamodb-local";
const LOCALSTACK: &str = "localstack";

const UNKNOWN_OPERATION: &str = "UnknownOperationException";

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_failed_condition_shows_the_old_item,
        an_index_is_not_read_consistently,
        equals_are_listed_in_no_order_to_rely_on,
        a_page_that_ends_with_the_last_item_names_a_next_one,
        a_starting_key_must_fit_the_query,
        an_index_that_is_not_there_is_refused,
        a_table_that_is_not_there_is_refused,
        an_item_has_at_most_400_kb,
        a_sort_key_of_an_index_has_at_most_1024_bytes,
        an_empty_text_is_stored_an_empty_key_refused,
        a_number_has_at_most_38_digits,
        names_that_are_reserved_or_unused_are_refused,
        items_are_counted,
        a_new_table_is_not_active_yet,
        a_protected_table_is_not_deleted,
        recovery_to_a_point_in_time_can_be_asked_for,
        a_key_of_ones_own_can_be_asked_for,
    ]
}

/// Fails unless `seen` is what AWS documents or, on a database that is named, what that one does instead.
fn expect<T: PartialEq + Debug>(ground: &Ground, seen: &T, aws: &T, instead: &[(&str, T)]) {
    let other = instead.iter().find(|(database, _)| *database == ground.database);
    assert_eq!(seen, other.map_or(aws, |(_, other)| other));
}

/// The error's code, or `done`.
fn code<T, E: ProvideErrorMetadata, R>(result: &Result<T, SdkError<E, R>>) -> String {
    refusal(result).0
}

/// The error's code and text.
fn refusal<T, E: ProvideErrorMetadata, R>(result: &Result<T, SdkError<E, R>>) -> (String, String) {
    let Err(error) = result else {
        return ("done".to_owned(), String::new());
    };
    let error = error.as_service_error().expect("the database answers");
    let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
    (text(error.code()), text(error.message()))
}

fn string(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
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

/// AWS counts about every six hours.
async fn items_are_counted(ground: Ground) {
    put_listed(&ground.table, "u", "x", "1").await;
    let describe = ground
        .table
        .client
        .describe_table()
        .table_name(&ground.table.name);
    let table = describe.send().await.unwrap().table.unwrap();
    let at_once = [EMBEDDED, DYNAMODB_LOCAL, LOCALSTACK].map(|database| (database, Some(1)));
    expect(&ground, &table.item_count(), &Some(0), &at_once);
}

async fn a_new_table_is_not_active_yet(ground: Ground) {
    let (client, table) = (&ground.table.client, &ground.table.name);
    let key = KeySchemaElement::builder()
        .attribute_name("uuid")
        .key_type(KeyType::Hash);
    let attribute = AttributeDefinition::builder()
        .attribute_name("uuid")
        .attribute_type(ScalarAttributeType::S);
    let created = client
        .create_table()
        .table_name(format!("{table}-new"))
        .attribute_definitions(attribute.build().unwrap())
        .key_schema(key.build().unwrap())
        .billing_mode(BillingMode::PayPerRequest);
    let created = created.send().await.unwrap().table_description.unwrap();
    let active = Some(TableStatus::Active);
    expect(
        &ground,
        &created.table_status,
        &Some(TableStatus::Creating),
        &[(DYNAMODB_LOCAL, active.clone()), (LOCALSTACK, active)],
    );
}

async fn a_protected_table_is_not_deleted(ground: Ground) {
    let (client, table) = (&ground.table.client, &ground.table.name);
    let protect = client
        .update_table()
        .table_name(table)
        .deletion_protection_enabled(true);
    assert_eq!(code(&protect.send().await), "done");
    let deleted = client.delete_table().table_name(table).send().await;
    assert_eq!(code(&deleted), "ValidationException");
}

async fn recovery_to_a_point_in_time_can_be_asked_for(ground: Ground) {
    let specification = PointInTimeRecoverySpecification::builder()
        .point_in_time_recovery_enabled(true)
        .build();
    let update = ground
        .table
        .client
        .update_continuous_backups()
        .table_name(&ground.table.name);
    let outcome = update
        .point_in_time_recovery_specification(specification.unwrap())
        .send()
        .await;
    let unknown = [EMBEDDED, DYNAMODB_LOCAL].map(|database| (database, UNKNOWN_OPERATION.to_owned()));
    expect(&ground, &code(&outcome), &"done".to_owned(), &unknown);
}

async fn a_key_of_ones_own_can_be_asked_for(ground: Ground) {
    let key = SseSpecification::builder().enabled(true).build();
    let update = ground.table.client.update_table().table_name(&ground.table.name);
    let outcome = update.sse_specification(key).send().await;
    let refused = [EMBEDDED, DYNAMODB_LOCAL].map(|database| (database, "ValidationException".to_owned()));
    expect(&ground, &code(&outcome), &"done".to_owned(), &refused);
}
