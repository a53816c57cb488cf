//! The statements of a policy, and what they decide together; the same for policies of roles and of
//! trust.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value};

use crate::pattern::texts;

/// The fields that a statement of a trust policy has here.
pub(crate) const OF_TRUST: &[&str] = &["Sid", "Effect", "Principal", "Action", "Condition"];
/// Whether what is expected fits what was said.
pub(crate) type Comparison = fn(&str, &str) -> bool;

/// The fields of one statement.
pub(crate) type Statement = Map<String, Value>;

/// All statements of a policy; one with a field that is not `known` is an error.
pub(crate) fn statements<'p>(policy: &'p Value, known: &[&str]) -> Result<Vec<&'p Statement>> {
    ensure!(policy["Version"] == "2012-10-17", "unknown version of the policy");
    let list = policy["Statement"].as_array().context("a list of statements")?;
    list.iter()
        .map(|statement| {
            let fields = statement.as_object().context("a statement is an object")?;
            for name in fields.keys() {
                ensure!(
                    known.contains(&name.as_str()),
                    "unknown field {name} of a statement"
                );
            }
            Ok(fields)
        })
        .collect()
}

/// Whether some statement that `applies` allows it, and none denies it.
pub(crate) fn allowed(
    statements: &[&Statement],
    applies: impl Fn(&Statement) -> Result<bool>,
) -> Result<bool> {
    let mut allowed = false;
    for statement in statements {
        if !applies(statement)? {
            continue;
        }
        match statement["Effect"].as_str() {
            Some("Allow") => allowed = true,
            Some("Deny") => return Ok(false),
            other => bail!("unknown effect {other:?}"),
        }
    }
    Ok(allowed)
}

/// Whether every condition of a statement holds: one of its values fits, as the `comparison` of its
/// operator has it, what is `said` under its key.
pub(crate) fn conditions_hold<'s>(
    statement: &Statement,
    comparison: impl Fn(&str) -> Result<Comparison>,
    said: impl Fn(&str) -> Result<Option<&'s str>>,
) -> Result<bool> {
    let conditions = statement.get("Condition").and_then(Value::as_object);
    for (operator, keys) in conditions.into_iter().flatten() {
        let fits = comparison(operator)?;
        for (key, expected) in keys.as_object().context("keys of a condition")? {
            let Some(said) = said(key)? else {
                return Ok(false);
            };
            if !texts(expected)?.iter().any(|expected| fits(expected, said)) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
