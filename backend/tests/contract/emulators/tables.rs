//! Tables themselves: made, counted, protected.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, PointInTimeRecoverySpecification,
    ScalarAttributeType, SseSpecification, TableStatus,
};

use super::{DYNAMODB_LOCAL, EMBEDDED, LOCALSTACK, code, expect};
use crate::board::put_listed;
use crate::case::{Case, Ground, cases};

const UNKNOWN_OPERATION: &str = "UnknownOperationException";

pub(super) fn cases() -> Vec<Case> {
    cases![
        items_are_counted,
        a_new_table_is_not_active_yet,
        a_protected_table_is_not_deleted,
        recovery_to_a_point_in_time_can_be_asked_for,
        a_key_of_ones_own_can_be_asked_for,
    ]
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
