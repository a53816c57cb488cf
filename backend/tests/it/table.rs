//! The table as the infrastructure makes it: key `uuid`, and the index `newest`.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use backend::dynamodb::Table;

/// Makes `table`, which must not exist.
pub(crate) async fn create(table: &Table) {
    let attribute = |name: &str| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .unwrap()
    };
    let key = |name: &str, kind| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .unwrap()
    };
    let newest = GlobalSecondaryIndex::builder()
        .index_name("newest")
        .key_schema(key("board", KeyType::Hash))
        .key_schema(key("posted_at", KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::All).build())
        .build()
        .unwrap();
    table
        .client
        .create_table()
        .table_name(&table.name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(["uuid", "board", "posted_at"].map(attribute).to_vec()))
        .key_schema(key("uuid", KeyType::Hash))
        .global_secondary_indexes(newest)
        .send()
        .await
        .unwrap();
}
