//! What a policy of a role allows: the part of IAM's rules that the templates here use.
//!
//! Whatever this module does not know is an error, never a yes or a no.

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::pattern::{like, texts};
use crate::statement::{allowed, statements};

const FIELDS: &[&str] = &["Sid", "Effect", "Action", "Resource"];

/// Whether `action` may be done to the resource of this ARN: some statement allows it, and none
/// denies it.
pub fn allows(policy: &Value, action: &str, resource: &str) -> Result<bool> {
    allowed(&statements(policy, FIELDS)?, |statement| {
        let fits = |field: &str, wanted: &str| -> Result<bool> {
            let patterns = texts(
                statement
                    .get(field)
                    .with_context(|| format!("a statement has no {field}"))?,
            )?;
            Ok(patterns.iter().any(|pattern| like(pattern, wanted)))
        };
        Ok(fits("Action", action)? && fits("Resource", resource)?)
    })
}

/// Every action that some statement names, as it is written.
pub fn actions(policy: &Value) -> Result<Vec<&str>> {
    let mut all = Vec::new();
    for statement in statements(policy, FIELDS)? {
        all.extend(texts(&statement["Action"])?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_action_is_allowed_on_what_is_named() {
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["ecr:Put*"], "Resource": ["arn:a", "arn:b/*"]},
            {"Effect": "Deny", "Action": "ecr:PutImage", "Resource": "arn:b/secret"},
        ]});
        let allowed = |action, resource| allows(&policy, action, resource).unwrap();
        assert!(allowed("ecr:PutImage", "arn:a"));
        assert!(allowed("ecr:PutImage", "arn:b/c"));
        assert!(!allowed("ecr:PutImage", "arn:b/secret"), "a denial wins");
        assert!(!allowed("ecr:PutImage", "arn:c"));
        assert!(!allowed("ecr:GetImage", "arn:a"));
        assert_eq!(actions(&policy).unwrap(), ["ecr:Put*", "ecr:PutImage"]);
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        let of = |statement: Value| json!({"Version": "2012-10-17", "Statement": [statement]});
        for statement in [
            json!({"Effect": "Allow", "Action": "a", "Resource": "*", "Condition": {}}),
            json!({"Effect": "Allow", "NotAction": "a", "Resource": "*"}),
            json!({"Effect": "Perhaps", "Action": "a", "Resource": "*"}),
            json!({"Effect": "Allow", "Action": "a"}),
        ] {
            assert!(allows(&of(statement.clone()), "a", "b").is_err(), "{statement}");
        }
    }
}
