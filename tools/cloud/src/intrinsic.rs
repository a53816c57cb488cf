//! Functions of a template in their long forms (`Fn::If` and its like), worked out for given
//! parameters.
//!
//! A short form (`!If`) loses its name where YAML is read as plain values. What this module does
//! not know is an error.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value};

use crate::template::Template;

/// Parameters by their names; what is missing has the template's default.
pub type Given<'g> = [(&'g str, &'g str)];

impl Template {
    /// The text that a property comes to.
    pub fn text(&self, value: &Value, given: &Given<'_>) -> Result<String> {
        if let Some(text) = value.as_str() {
            return Ok(text.to_owned());
        }
        let (function, argument) = only_entry(value)?;
        match function {
            "Ref" => self.value_of(name(argument)?, given),
            "Fn::Sub" => self.substituted(argument, given),
            "Fn::If" => {
                let [condition, then, otherwise] = list(argument)? else {
                    bail!("Fn::If takes three arguments")
                };
                let holds = self.condition(name(condition)?, given)?;
                self.text(if holds { then } else { otherwise }, given)
            }
            "Fn::Select" => self.selected(argument, given),
            other => bail!("{}: unknown function {other}", self.name),
        }
    }

    /// Whether the condition of this name holds.
    pub fn condition(&self, name: &str, given: &Given<'_>) -> Result<bool> {
        let condition = &self.value["Conditions"][name];
        self.holds(condition, given)
            .with_context(|| format!("{}: condition {name}", self.name))
    }

    fn holds(&self, condition: &Value, given: &Given<'_>) -> Result<bool> {
        let (function, argument) = only_entry(condition)?;
        if function == "Condition" {
            return self.condition(name(argument)?, given);
        }
        let arguments = list(argument)?;
        match function {
            "Fn::Equals" => {
                let [left, right] = arguments else {
                    bail!("Fn::Equals takes two arguments")
                };
                Ok(self.text(left, given)? == self.text(right, given)?)
            }
            "Fn::Not" => {
                let [inner] = arguments else {
                    bail!("Fn::Not takes one argument")
                };
                Ok(!self.holds(inner, given)?)
            }
            "Fn::And" | "Fn::Or" => {
                let all: Vec<_> = arguments
                    .iter()
                    .map(|inner| self.holds(inner, given))
                    .collect::<Result<_>>()?;
                Ok(match function {
                    "Fn::And" => all.iter().all(|holds| *holds),
                    _ => all.iter().any(|holds| *holds),
                })
            }
            other => bail!("unknown function {other}"),
        }
    }

    /// `text`, or `[text, {Name: value}]`.
    fn substituted(&self, argument: &Value, given: &Given<'_>) -> Result<String> {
        if let Some(text) = argument.as_str() {
            return self.fill(text, given);
        }
        let [text, names] = list(argument)? else {
            bail!("Fn::Sub takes a text and names")
        };
        let names = names.as_object().context("names of Fn::Sub")?;
        let mut known: Vec<(&str, String)> = Vec::new();
        for (name, value) in names {
            known.push((name, self.text(value, given)?));
        }
        let known: Vec<_> = known
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .chain(given.iter().copied())
            .collect();
        self.fill(name(text)?, &known)
    }

    /// One part of a text that `Fn::Split` takes apart.
    fn selected(&self, argument: &Value, given: &Given<'_>) -> Result<String> {
        let [index, parts] = list(argument)? else {
            bail!("Fn::Select takes an index and a list")
        };
        let (function, split) = only_entry(parts)?;
        ensure!(function == "Fn::Split", "Fn::Select of {function}");
        let [delimiter, text] = list(split)? else {
            bail!("Fn::Split takes a delimiter and a text")
        };
        let text = self.text(text, given)?;
        let index = index.as_u64().context("an index")?;
        let part = text
            .split(name(delimiter)?)
            .nth(usize::try_from(index).context("an index")?);
        part.map(str::to_owned)
            .with_context(|| format!("`{text}` has no part {index}"))
    }
}

/// Function and argument, as `{"Ref": "Name"}` has them.
fn only_entry(value: &Value) -> Result<(&str, &Value)> {
    let fields = value
        .as_object()
        .filter(|fields: &&Map<_, _>| fields.len() == 1)
        .and_then(|fields| fields.iter().next());
    let (function, argument) = fields.with_context(|| format!("no function in its long form: {value}"))?;
    Ok((function, argument))
}

fn list(value: &Value) -> Result<&[Value]> {
    value
        .as_array()
        .map(Vec::as_slice)
        .context("a function takes a list")
}

fn name(value: &Value) -> Result<&str> {
    value.as_str().context("a name")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template() -> Template {
        let value = json!({
            "Parameters": {"Owner": {"Default": "a/b"}, "Id": {"Default": ""}},
            "Conditions": {
                "Named": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Id"}, ""]}]},
                "Both": {"Fn::And": [{"Condition": "Named"}, {"Fn::Equals": [{"Ref": "Owner"}, "a/b"]}]},
                "Short": ["Id", ""],
            },
        });
        Template {
            name: "t".to_owned(),
            value,
        }
    }

    #[test]
    fn functions_come_to_what_their_parameters_say() {
        let part = |index: u64| json!({"Fn::Select": [index, {"Fn::Split": ["/", {"Ref": "Owner"}]}]});
        let text = json!({"Fn::Sub": ["${First}@${Id}", {"First": part(0)}]});
        let either = json!({"Fn::If": ["Both", text, {"Fn::Sub": "none of ${Owner}"}]});
        let of = |given: &Given<'_>| template().text(&either, given).unwrap();
        assert_eq!(of(&[("Id", "7")]), "a@7");
        assert_eq!(of(&[]), "none of a/b");
        assert_eq!(of(&[("Id", "7"), ("Owner", "c/d")]), "none of c/d");
        assert!(template().text(&part(2), &[]).is_err());
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        assert!(template().condition("Short", &[]).is_err());
        assert!(template().condition("Missing", &[]).is_err());
        for unknown in [
            json!({"Fn::Join": ["", []]}),
            json!(["Id"]),
            json!({"Ref": "Nobody"}),
        ] {
            assert!(template().text(&unknown, &[]).is_err(), "{unknown}");
        }
    }
}
