//! The table of messages, read from the template that AWS gets: no second place says what its keys
//! and indexes are.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, Projection,
};
use serde::Deserialize;
use serde::de::IgnoredAny;

const TEMPLATE: &str = include_str!("../../../infra/aws/message-board.yaml");

/// Makes the table under `name` unless there is one; says whether it was made.
pub async fn create(client: &Client, name: &str) -> Result<bool> {
    let table = Properties::of_template()?;
    let created = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::from(table.billing_mode.as_str()))
        .set_attribute_definitions(Some(table.attributes()?))
        .set_key_schema(Some(keys(&table.key_schema)?))
        .set_global_secondary_indexes(Some(table.indexes()?))
        .send()
        .await;
    match created {
        Ok(_) => Ok(true),
        Err(error) if is_there(&error) => Ok(false),
        Err(error) => Err(error).with_context(|| format!("create table {name}")),
    }
}

/// Writes an item of strings as it is, past every rule of the application.
pub async fn put(client: &Client, name: &str, attributes: &[(&str, &str)]) -> Result<()> {
    let item: HashMap<_, _> = attributes
        .iter()
        .map(|(name, value)| ((*name).to_owned(), AttributeValue::S((*value).to_owned())))
        .collect();
    client
        .put_item()
        .table_name(name)
        .set_item(Some(item))
        .send()
        .await
        .with_context(|| format!("write an item to table {name}"))?;
    Ok(())
}

fn is_there(error: &SdkError<CreateTableError>) -> bool {
    error
        .as_service_error()
        .is_some_and(CreateTableError::is_resource_in_use_exception)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Template {
    resources: Resources,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resources {
    messages: Resource,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    properties: Properties,
}

/// A property that is not here is an error: the tables of the tests would silently lack it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    billing_mode: String,
    attribute_definitions: Vec<Attribute>,
    key_schema: Vec<Key>,
    global_secondary_indexes: Vec<Index>,
    // The caller names the table, and whose it is and what protects the data in AWS changes no
    // answer.
    #[serde(rename = "TableName")]
    _table_name: IgnoredAny,
    #[serde(rename = "Tags")]
    _tags: IgnoredAny,
    #[serde(rename = "DeletionProtectionEnabled")]
    _deletion_protection_enabled: IgnoredAny,
    #[serde(rename = "PointInTimeRecoverySpecification")]
    _point_in_time_recovery_specification: IgnoredAny,
    #[serde(rename = "SSESpecification")]
    _sse_specification: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Attribute {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Key {
    attribute_name: String,
    key_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Index {
    #[serde(rename = "IndexName")]
    name: String,
    key_schema: Vec<Key>,
    projection: Projected,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Projected {
    projection_type: String,
}

impl Properties {
    fn of_template() -> Result<Self> {
        let template: Template =
            serde_saphyr::from_str(TEMPLATE).context("read the table in infra/aws/message-board.yaml")?;
        Ok(template.resources.messages.properties)
    }

    fn attributes(&self) -> Result<Vec<AttributeDefinition>> {
        let attribute = |attribute: &Attribute| {
            AttributeDefinition::builder()
                .attribute_name(&attribute.attribute_name)
                .attribute_type(attribute.attribute_type.as_str().into())
                .build()
                .context("define an attribute")
        };
        self.attribute_definitions.iter().map(attribute).collect()
    }

    fn indexes(&self) -> Result<Vec<GlobalSecondaryIndex>> {
        let index = |index: &Index| {
            let projection = index.projection.projection_type.as_str().into();
            GlobalSecondaryIndex::builder()
                .index_name(&index.name)
                .set_key_schema(Some(keys(&index.key_schema)?))
                .projection(Projection::builder().projection_type(projection).build())
                .build()
                .context("define an index")
        };
        self.global_secondary_indexes.iter().map(index).collect()
    }
}

fn keys(schema: &[Key]) -> Result<Vec<KeySchemaElement>> {
    let key = |key: &Key| {
        KeySchemaElement::builder()
            .attribute_name(&key.attribute_name)
            .key_type(key.key_type.as_str().into())
            .build()
            .context("define a key")
    };
    schema.iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::{KeyType, ProjectionType, ScalarAttributeType};

    use super::*;

    #[test]
    fn the_template_is_understood_wholly() {
        let table = Properties::of_template().unwrap();
        assert_eq!(
            BillingMode::from(table.billing_mode.as_str()),
            BillingMode::PayPerRequest
        );
        let key = &keys(&table.key_schema).unwrap()[0];
        assert_eq!((key.attribute_name(), key.key_type()), ("uuid", &KeyType::Hash));
        let strings = |attribute: &AttributeDefinition| *attribute.attribute_type() == ScalarAttributeType::S;
        assert!(table.attributes().unwrap().iter().all(strings));
        let index = &table.indexes().unwrap()[0];
        assert_eq!(index.index_name(), "newest");
        let projected = index.projection().and_then(Projection::projection_type);
        assert_eq!(projected, Some(&ProjectionType::All));
    }
}
