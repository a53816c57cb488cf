//! Tables that an earlier stack kept, which the next one takes in by their names. These are the
//! same in every copy of the template, so the tag says whose table it is.
//!
//! AWS takes a table in as it is, and does not look at one again whose template is the same. One
//! that was restored from a backup has no protection, so that of the last environment is looked at.

use anyhow::Result;
use serde_json::Value;

use crate::Run;
use crate::change::Change;
use crate::environment::project;
use crate::error::AwsError;
use crate::parameters::PROJECT;
use crate::stack::{ChangeSet, Stack};
use crate::stacks::{Holds, StackOf};
use crate::template::table_names;

/// What the template gives the table of the last environment, so that no slip costs its messages.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Guard {
    Recovery,
    Protection,
}

impl Guard {
    /// Recovery first: a table is busy for a moment after its protection has changed.
    const ALL: [Self; 2] = [Self::Recovery, Self::Protection];

    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Recovery => "point-in-time recovery",
            Self::Protection => "deletion protection",
        }
    }
}

impl Run<'_> {
    /// Whether the template guards the tables of this environment.
    pub(crate) fn is_guarded(&self) -> bool {
        self.environment == project().last()
    }

    /// What the tables of a stack are called.
    pub(crate) fn tables(&self, of: StackOf) -> Result<Vec<String>> {
        let template = self.account.sh.read_file(of.part.template())?;
        Ok(table_names(&template, &self.values.told(of)))
    }

    /// What the tables of a stack lack of that which the template gives them.
    pub(crate) fn unguarded(&self, of: StackOf) -> Result<Vec<(String, Guard)>> {
        let mut lacking = Vec::new();
        if of.part.holds != Holds::Messages || !self.is_guarded() {
            return Ok(lacking);
        }
        for table in self.tables(of)? {
            let Some(found) = self.table(&table)? else {
                continue;
            };
            for guard in Guard::ALL {
                let has = match guard {
                    Guard::Recovery => self.has_recovery(&table)?,
                    Guard::Protection => found["DeletionProtectionEnabled"] == true,
                };
                if !has {
                    lacking.push((table.clone(), guard));
                }
            }
        }
        Ok(lacking)
    }

    /// Gives them that, and says so.
    pub(crate) fn guard(&self, of: StackOf) -> Result<()> {
        for (table, guard) in self.unguarded(of)? {
            let (verb, on): (_, &[&str]) = match guard {
                Guard::Recovery => (
                    "update-continuous-backups",
                    &[
                        "--point-in-time-recovery-specification",
                        "PointInTimeRecoveryEnabled=true",
                    ],
                ),
                Guard::Protection => ("update-table", &["--deletion-protection-enabled"]),
            };
            self.of_table(verb, &table, on)?;
            println!("  table {table} had no {}, and has it now", guard.in_words());
        }
        Ok(())
    }

    fn has_recovery(&self, table: &str) -> Result<bool> {
        let told = self.of_table("describe-continuous-backups", table, &[])?;
        let recovery = &told["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"];
        Ok(recovery["PointInTimeRecoveryStatus"] == "ENABLED")
    }

    fn of_table(&self, verb: &str, table: &str, more: &[&str]) -> Result<Value> {
        self.account
            .ask(&[&["dynamodb", verb, "--table-name", table], more].concat())
    }

    /// An error if the prepared change would take in a table of another project. One without the
    /// tag is from before there was one.
    pub(crate) fn refuse_strangers(&self, of: StackOf, stack: &Stack<'_>, set: &ChangeSet) -> Result<()> {
        if !set.changes.iter().any(Change::takes_in_a_table) {
            return Ok(());
        }
        let project = self.values.project();
        for table in self.tables(of)? {
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
