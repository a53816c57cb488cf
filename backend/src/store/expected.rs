//! Changes are made at expected revisions only: which, and the condition that holds a write to
//! them.

use api::Message;
use aws_sdk_dynamodb::types::AttributeValue;

use super::Item;

/// Operands that `IN` takes in one expression.
const MOST_REVISIONS: usize = 100;

/// The revisions at which a message may be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Whatever it is.
    Any,
    /// One of these.
    Revisions(Vec<u32>),
}

/// The condition that a message is there and at an expected revision, and its values; it uses the
/// names `#posted_at` and, unless any revision will do, `#revision`.
pub(super) fn condition(expected: &Expected) -> (String, Item) {
    let there = "attribute_exists(#posted_at)".to_owned();
    let Expected::Revisions(revisions) = expected else {
        return (there, Item::new());
    };
    let mut values = Item::new();
    // No message is at 0; without it the list could be empty, which no expression takes.
    for (index, revision) in revisions.iter().take(MOST_REVISIONS - 1).chain([&0]).enumerate() {
        values.insert(format!(":r{index}"), AttributeValue::N(revision.to_string()));
    }
    let names: Vec<_> = values.keys().map(String::as_str).collect();
    let mut at = format!("#revision IN ({})", names.join(", "));
    // Messages from before revisions were counted.
    if revisions.contains(&Message::FIRST_REVISION) {
        at.push_str(" OR attribute_not_exists(#revision)");
    }
    (format!("{there} AND ({at})"), values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_take_what_an_expression_takes() {
        assert_eq!(condition(&Expected::Any).1.len(), 0);
        for (count, values) in [(0, 1), (1, 2), (500, 100)] {
            let expected = Expected::Revisions((1..=count).collect());
            assert_eq!(condition(&expected).1.len(), values);
        }
    }
}
