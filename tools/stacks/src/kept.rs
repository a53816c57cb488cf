//! Tables that an earlier stack kept, which the next one takes in by their names. These are the
//! same in every copy of the template, so the tag says whose table it is.

use anyhow::Result;
use serde_json::Value;

use crate::Run;
use crate::change::Change;
use crate::error::AwsError;
use crate::parameters::PROJECT;
use crate::stack::{ChangeSet, Stack};
use crate::stacks::StackOf;
use crate::template::table_names;

impl Run<'_> {
    /// An error if the prepared change would take in a table of another project. One without the
    /// tag is from before there was one.
    pub(crate) fn refuse_strangers(&self, of: StackOf, stack: &Stack<'_>, set: &ChangeSet) -> Result<()> {
        if !set.changes.iter().any(Change::takes_in_a_table) {
            return Ok(());
        }
        let template = self.account.sh.read_file(of.part.template())?;
        let project = self.values.project();
        for table in table_names(&template, &self.values.told(of)) {
            let Some(found) = self.table(&table)? else {
                continue;
            };
            let arn = found["TableArn"].as_str().unwrap_or_default().to_owned();
            let tags = ["dynamodb", "list-tags-of-resource", "--resource-arn", &arn];
            let tags = self.account.ask(&tags)?;
            if let Some(owner) = owner(&tags).filter(|owner| *owner != project) {
                return Err(AwsError::OtherProject {
                    stack: stack.name.clone(),
                    table,
                    arn,
                    owner: owner.to_owned(),
                    project: project.to_owned(),
                }
                .into());
            }
        }
        Ok(())
    }
}

/// What the tag says, if there is one.
fn owner(tags: &Value) -> Option<&str> {
    let mut tags = tags["Tags"].as_array()?.iter();
    tags.find(|tag| tag["Key"] == PROJECT)?["Value"].as_str()
}
