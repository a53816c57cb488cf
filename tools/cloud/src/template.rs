//! The templates as values, and texts of them with their `${…}` filled in.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::account::Account;
use crate::tools;

/// One file of `infra/aws`. Its short forms (`!Sub x`) are read as what follows them.
#[derive(Debug)]
pub struct Template {
    /// The file's name without `.yaml`.
    pub name: String,
    /// All of it.
    pub value: Value,
}

impl Template {
    /// The one of this name.
    pub fn read(name: &str) -> Result<Self> {
        let path = tools::templates().join(format!("{name}.yaml"));
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let value = serde_saphyr::from_str(&text).with_context(|| format!("read {}", path.display()))?;
        Ok(Self {
            name: name.to_owned(),
            value,
        })
    }

    /// Every one there is.
    pub fn all() -> Result<Vec<Self>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(tools::templates()).context("list infra/aws")? {
            let path = entry.context("list infra/aws")?.path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                let name = path.file_stem().context("a template has a name")?;
                names.push(name.to_string_lossy().into_owned());
            }
        }
        names.sort();
        names.iter().map(|name| Self::read(name)).collect()
    }

    /// Its resources of one type, by their names.
    pub fn resources(&self, kind: &str) -> BTreeMap<String, Value> {
        let all = self.value["Resources"].as_object();
        let all = all.into_iter().flatten();
        all.filter(|(_, resource)| resource["Type"] == kind)
            .map(|(name, resource)| (name.clone(), resource.clone()))
            .collect()
    }

    /// `text` with each `${Name}` filled in from `given`, else from the template's defaults; an
    /// error if one is neither.
    pub fn fill(&self, text: &str, given: &[(&str, &str)]) -> Result<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').context("a `${` without its `}`")?;
            filled.push_str(before);
            filled.push_str(&self.value_of(name, given)?);
            rest = after;
        }
        Ok(filled + rest)
    }

    pub(crate) fn value_of(&self, name: &str, given: &[(&str, &str)]) -> Result<String> {
        if let Some((_, value)) = given.iter().find(|(known, _)| *known == name) {
            return Ok((*value).to_owned());
        }
        match name {
            "AWS::Partition" => return Ok("aws".to_owned()),
            "AWS::AccountId" => return Ok(Account::read()?.id),
            "AWS::Region" => return Ok(Account::read()?.region),
            _ => {}
        }
        match self.value["Parameters"][name]["Default"].as_str() {
            Some(default) => Ok(default.to_owned()),
            None => bail!("{}: nothing says what ${{{name}}} is", self.name),
        }
    }
}
