//! The tables of previews.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context as _, Error, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use ureq::Agent;

use super::walls;
use crate::aws::{Role, Service, endpoint};
use crate::http::{Refusal, agent};

/// More pages than an account has tables for.
const PAGES: usize = 1000;
/// Of a table that is there, or is being made or deleted.
const IN_USE: &str = "ResourceInUseException";
const NOT_FOUND: &str = "ResourceNotFoundException";

pub(super) struct Tables {
    agent: Agent,
    role: Role,
    endpoint: String,
    /// How their names begin.
    prefix: String,
    /// Where it says what a table is like, and what is in it at first.
    walls: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    table_names: Vec<String>,
    last_evaluated_table_name: Option<String>,
}

impl Tables {
    pub(super) fn new(prefix: &str, walls: PathBuf) -> Result<Self> {
        let role = Role::from_env()?;
        Ok(Self {
            agent: agent(),
            endpoint: endpoint("dynamodb", &role.region),
            role,
            prefix: prefix.to_owned(),
            walls,
        })
    }

    /// The numbers of those that are there.
    pub(super) fn list(&self) -> Result<BTreeSet<u64>> {
        let mut found = BTreeSet::new();
        let mut asked = json!({});
        for _ in 0..PAGES {
            let page: Page = serde_json::from_value(self.call("ListTables", &asked)?)
                .context("understand the list of tables")?;
            let numbers = page.table_names.iter().filter_map(|name| self.number(name));
            found.extend(numbers);
            match page.last_evaluated_table_name {
                Some(last) => asked = json!({ "ExclusiveStartTableName": last }),
                None => return Ok(found),
            }
        }
        bail!("more than {PAGES} pages of tables")
    }

    /// Makes one and fills it, from wherever an earlier attempt has ended. Says whether it can be
    /// used: AWS takes seconds for one, in which others are not to wait.
    pub(super) fn make(&self, number: u64) -> Result<bool> {
        let name = format!("{}{number}", self.prefix);
        let read = |file: &str| {
            let text = walls::read(&self.walls, file)?;
            serde_json::from_str::<Value>(&text).with_context(|| format!("understand {file}"))
        };
        let (mut table, messages) = (read("table.json")?, read("messages.json")?);
        table["TableName"] = json!(name);
        if let Err(error) = self.call("CreateTable", &table)
            && code(&error).as_deref() != Some(IN_USE)
        {
            return Err(error);
        }
        let described = self.call("DescribeTable", &json!({ "TableName": name }))?;
        if described["Table"]["TableStatus"] != "ACTIVE" {
            return Ok(false);
        }
        for message in messages.as_array().context("messages.json is no list")? {
            self.call("PutItem", &json!({ "TableName": name, "Item": message }))?;
        }
        Ok(true)
    }

    /// Deletes one, if it is there.
    pub(super) fn delete(&self, number: u64) -> Result<()> {
        let name = format!("{}{number}", self.prefix);
        match self.call("DeleteTable", &json!({ "TableName": name })) {
            // One that is being made, or deleted: the next round looks again.
            Err(error) if matches!(code(&error).as_deref(), Some(IN_USE | NOT_FOUND)) => Ok(()),
            other => other.map(drop),
        }
    }

    fn number(&self, name: &str) -> Option<u64> {
        name.strip_prefix(&self.prefix)?.parse().ok()
    }

    fn call(&self, action: &str, body: &Value) -> Result<Value> {
        let service = Service {
            name: "dynamodb",
            target: "DynamoDB_20120810",
            content: "application/x-amz-json-1.0",
            endpoint: &self.endpoint,
        };
        service.ask(&self.agent, &self.role, action, body)
    }
}

/// The code with which DynamoDB has refused, if `error` is that; not what stands before its `#`.
fn code(error: &Error) -> Option<String> {
    let refusal: &Refusal = error.downcast_ref()?;
    let said: Value = serde_json::from_str(&refusal.said).ok()?;
    said["__type"].as_str()?.rsplit('#').next().map(str::to_owned)
}

#[cfg(test)]
pub(super) mod tests;
