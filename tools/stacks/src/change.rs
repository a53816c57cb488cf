//! What a prepared change would do, resource by resource.

use anyhow::{Context as _, Result};
use serde_json::Value;

/// What must never be made anew unasked.
const TABLE: &str = "AWS::DynamoDB::Table";

/// One resource that would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// `Add`, `Modify`, `Remove`, `Import`.
    action: String,
    pub(crate) resource: String,
    kind: String,
    /// `True`, `Conditional`, `False` or nothing.
    replacement: String,
}

impl Change {
    /// Whether it would take in a table that an earlier stack kept.
    pub(crate) fn takes_in_a_table(&self) -> bool {
        self.kind == TABLE && self.action == "Import"
    }

    /// Whether it would cost the messages.
    pub(crate) fn loses_a_table(&self) -> bool {
        let gone = self.action == "Remove" || matches!(self.replacement.as_str(), "True" | "Conditional");
        self.kind == TABLE && gone
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:7} {} ({})",
            self.action.to_lowercase(),
            self.resource,
            self.kind
        )?;
        match self.replacement.as_str() {
            "True" => write!(f, ", made anew"),
            "Conditional" => write!(f, ", perhaps made anew"),
            _ => Ok(()),
        }
    }
}

/// CloudFormation calls a change set without a change failed, and says why in words.
pub(crate) fn nothing_to_do(reason: &str) -> bool {
    reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
}

/// All that a change set would do.
pub(crate) fn changes(set: &Value) -> Result<Vec<Change>> {
    let list = set["Changes"].as_array().context("a change set has changes")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(list
        .iter()
        .map(|change| &change["ResourceChange"])
        .map(|change| Change {
            action: text(&change["Action"]),
            resource: text(&change["LogicalResourceId"]),
            kind: text(&change["ResourceType"]),
            replacement: text(&change["Replacement"]),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(kind: &str, action: &str, replacement: &str) -> Change {
        let set = json!({"Changes": [{"ResourceChange": {
            "Action": action, "LogicalResourceId": "Messages", "ResourceType": kind, "Replacement": replacement,
        }}]});
        changes(&set).unwrap().remove(0)
    }

    #[test]
    fn a_table_is_lost_by_replacement_and_by_removal() {
        assert!(change(TABLE, "Modify", "True").loses_a_table());
        assert!(change(TABLE, "Modify", "Conditional").loses_a_table());
        assert!(change(TABLE, "Remove", "").loses_a_table());
        assert!(!change(TABLE, "Modify", "False").loses_a_table());
        assert!(!change(TABLE, "Add", "").loses_a_table());
        assert!(!change("AWS::IAM::Role", "Modify", "True").loses_a_table());
    }

    #[test]
    fn a_table_is_taken_in_by_an_import_alone() {
        assert!(change(TABLE, "Import", "").takes_in_a_table());
        assert!(!change(TABLE, "Add", "").takes_in_a_table());
        assert!(!change("AWS::S3::Bucket", "Import", "").takes_in_a_table());
    }
}
