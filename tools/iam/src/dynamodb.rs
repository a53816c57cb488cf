//! Which right a request to `DynamoDB` needs.

use anyhow::{Context as _, Result};
use serde_json::Value;

/// A request, as IAM sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// As `dynamodb:GetItem`.
    pub action: String,
    /// The table's name, or its ARN where the request has that; `*` for the list of all.
    pub table: String,
    /// The index that is read, if one is.
    pub index: Option<String>,
}

impl Call {
    /// Reads a request's `x-amz-target` and body. An error if it names no table, or more than one:
    /// batches and transactions need the rights of each of their parts, which nothing here asks
    /// for.
    pub fn of(target: &str, body: &[u8]) -> Result<Self> {
        let (_, operation) = target.rsplit_once('.').context("an operation")?;
        let body: Value = serde_json::from_slice(body).context("read a request")?;
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        Ok(Self {
            action: format!("dynamodb:{operation}"),
            table: match operation {
                "ListTables" => "*".to_owned(),
                _ => text("TableName").with_context(|| format!("{operation} names no one table"))?,
            },
            index: text("IndexName"),
        })
    }

    /// The ARN that a policy has to name, in a partition (`aws`) of AWS.
    pub fn resource(&self, partition: &str, region: &str, account: &str) -> String {
        let table = if self.table.starts_with("arn:") || self.table == "*" {
            self.table.clone()
        } else {
            format!("arn:{partition}:dynamodb:{region}:{account}:table/{}", self.table)
        };
        match &self.index {
            Some(index) => format!("{table}/index/{index}"),
            None => table,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(operation: &str, body: &str) -> Result<Call> {
        Call::of(&format!("DynamoDB_20120810.{operation}"), body.as_bytes())
    }

    #[test]
    fn a_request_needs_a_right_to_its_table_or_to_the_index_that_it_reads() {
        let get = call("GetItem", r#"{"TableName": "t", "Key": {}}"#).unwrap();
        assert_eq!(get.action, "dynamodb:GetItem");
        assert_eq!(get.resource("aws", "r", "1"), "arn:aws:dynamodb:r:1:table/t");
        let query = call("Query", r#"{"TableName": "t", "IndexName": "newest"}"#).unwrap();
        assert_eq!(
            query.resource("aws", "r", "1"),
            "arn:aws:dynamodb:r:1:table/t/index/newest"
        );
        let other = call("Scan", r#"{"TableName": "arn:aws:dynamodb:r:2:table/t"}"#).unwrap();
        assert_eq!(other.resource("aws", "r", "1"), "arn:aws:dynamodb:r:2:table/t");
        let list = call("ListTables", "{}").unwrap();
        assert_eq!(list.resource("aws", "r", "1"), "*");
    }

    #[test]
    fn what_names_no_one_table_is_an_error() {
        for (operation, body) in [
            ("BatchGetItem", r#"{"RequestItems": {"t": {}}}"#),
            (
                "TransactWriteItems",
                r#"{"TransactItems": [{"Put": {"TableName": "t"}}]}"#,
            ),
            ("GetItem", "no JSON"),
        ] {
            assert!(call(operation, body).is_err(), "{operation}");
        }
        assert!(Call::of("GetItem", b"{}").is_err());
    }
}
