//! What becomes of one item, and the conditional write that does it.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};

use crate::dynamodb::Table;
use crate::store::Item;

/// Attributes to set and to remove; all others stay as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// `None` removes the attribute.
    attributes: BTreeMap<String, Option<AttributeValue>>,
}

impl Change {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets attribute `name`, whether or not it was there.
    #[must_use]
    pub fn set(mut self, name: &str, value: AttributeValue) -> Self {
        self.attributes.insert(name.to_owned(), Some(value));
        self
    }

    /// Sets attribute `name` to a string.
    #[must_use]
    pub fn set_text(self, name: &str, value: impl Into<String>) -> Self {
        self.set(name, AttributeValue::S(value.into()))
    }

    /// Removes attribute `name`.
    #[must_use]
    pub fn remove(mut self, name: &str) -> Self {
        self.attributes.insert(name.to_owned(), None);
        self
    }

    /// `item` as it is after this change.
    pub fn applied(&self, item: &Item) -> Item {
        let mut item = item.clone();
        for (name, value) in &self.attributes {
            match value {
                Some(value) => item.insert(name.clone(), value.clone()),
                None => item.remove(name),
            };
        }
        item
    }

    /// Writes this change of `item` only while each attribute that was read is as it was and each
    /// that is new is still absent; otherwise the answer carries the item as it is by then.
    pub(super) fn write(&self, table: &Table, item: &Item) -> UpdateItemFluentBuilder {
        let mut names = Placeholders::new('#');
        let mut values = Placeholders::new(':');
        let mut conditions = Vec::new();
        for (name, value) in item {
            conditions.push(format!(
                "{} = {}",
                names.put(name.clone()),
                values.put(value.clone())
            ));
        }
        let (mut sets, mut removes) = (Vec::new(), Vec::new());
        for (name, value) in &self.attributes {
            let placeholder = names.put(name.clone());
            if !item.contains_key(name) {
                conditions.push(format!("attribute_not_exists({placeholder})"));
            }
            match value {
                Some(value) => sets.push(format!("{placeholder} = {}", values.put(value.clone()))),
                None => removes.push(placeholder),
            }
        }
        table
            .client
            .update_item()
            .table_name(&table.name)
            .set_key(
                item.get("uuid")
                    .map(|key| Item::from([("uuid".into(), key.clone())])),
            )
            .update_expression(clause("SET", &sets) + &clause("REMOVE", &removes))
            .condition_expression(conditions.join(" AND "))
            .set_expression_attribute_names(Some(names.all))
            .set_expression_attribute_values(Some(values.all))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

/// Stand-ins for names or values in an expression; a name itself may be a reserved word.
struct Placeholders<T> {
    sign: char,
    all: HashMap<String, T>,
}

impl<T> Placeholders<T> {
    fn new(sign: char) -> Self {
        Self {
            sign,
            all: HashMap::new(),
        }
    }

    fn put(&mut self, meant: T) -> String {
        let placeholder = format!("{}a{}", self.sign, self.all.len());
        self.all.insert(placeholder.clone(), meant);
        placeholder
    }
}

/// Part of an update expression; nothing where there is nothing to say.
fn clause(word: &str, parts: &[String]) -> String {
    if parts.is_empty() {
        return String::new();
    }
    format!("{word} {} ", parts.join(", "))
}
