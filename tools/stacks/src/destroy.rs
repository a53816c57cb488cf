//! What goes with an environment, and what stays.

use anyhow::Result;
use serde_json::Value;

use crate::environment::{Environment, project};
use crate::stack::Stack;
use crate::stacks::{Holds, PARTS, Part, Scope, StackOf};
use crate::state::ROLLED_BACK;
use crate::{Run, is_empty};

/// The part of which each app has a stack with the repository of its images.
const REPOSITORY: &str = "repository";

impl Run<'_> {
    /// The environment's own stacks; with the last environment, the shared ones too.
    pub(crate) fn destroy(&self) -> Result<()> {
        let user = self.another_that_is_there();
        for of in self.wanted.iter().rev() {
            let stack = self.stack(*of);
            if of.part.scope != Scope::Environment
                && let Some(user) = user
            {
                println!("{:40} stays: {user} uses it", stack.name);
                continue;
            }
            self.remove(*of, &stack)?;
        }
        if user.is_none() {
            self.name_other_repositories();
        }
        Ok(())
    }

    /// Names the repositories of images that a person has made by hand, as for a controller or for
    /// previews.
    fn name_other_repositories(&self) {
        let name = |of: &StackOf| of.name(self.values.project(), self.environment);
        let own = self.wanted.iter().filter(|of| of.part.name == REPOSITORY);
        let own: Vec<_> = own.map(name).collect();
        let prefix = format!("{}-{REPOSITORY}-", self.values.project());
        let others = self.stacks.keys().filter(|name| name.starts_with(&prefix));
        for stack in others.filter(|name| !own.is_empty() && !own.contains(name)) {
            println!(
                "{stack:40} stays, with its images: it is of no app; if nobody needs it: `aws cloudformation delete-stack --stack-name \
                 {stack}`"
            );
        }
    }

    /// Another environment that has a stack. One that waits for its first change, as a plan leaves
    /// it that was cut off, does not count.
    fn another_that_is_there(&self) -> Option<Environment> {
        let is_there = |other: &Environment| {
            let own = PARTS.iter().filter(|part| part.scope == Scope::Environment);
            let own = own.flat_map(Part::stacks);
            let mut names = own.map(|of| of.name(self.values.project(), other));
            names.any(|name| self.stacks.get(&name).is_some_and(|stack| !is_empty(stack)))
        };
        let mut others = project().environments().iter();
        others.find(|other| *other != self.environment && is_there(other))
    }

    fn remove(&self, of: StackOf, stack: &Stack<'_>) -> Result<()> {
        let holds = of.part.holds;
        if stack.found.is_none() {
            println!("{:40} is not there", stack.name);
            return if holds == Holds::Messages {
                self.name_left(of)
            } else {
                Ok(())
            };
        }
        if stack.found.is_some_and(is_empty) {
            stack.delete()?;
            println!("{:40} removed; it was empty", stack.name);
            return Ok(());
        }
        // It lists what it has lost again, and a table that it had taken in is somebody's.
        if stack.found.is_some_and(is_rolled_back) {
            stack.delete()?;
            println!("{:40} removed; its first deployment had failed", stack.name);
            return if holds == Holds::Messages {
                self.name_left(of)
            } else {
                Ok(())
            };
        }
        if holds == Holds::Histories {
            println!("{:40} stays, with the histories of its repositories", stack.name);
            return Ok(());
        }
        let inside = match holds {
            Holds::Objects => stack.resources("AWS::S3::Bucket")?,
            Holds::Messages => stack.resources("AWS::DynamoDB::Table")?,
            Holds::Histories | Holds::Nothing => Vec::new(),
        };
        if holds == Holds::Objects {
            for bucket in &inside {
                self.empty(bucket)?;
            }
        }
        stack.delete()?;
        println!("{:40} removed", stack.name);
        if holds == Holds::Messages {
            inside.iter().try_for_each(|table| self.remove_table(table))?;
        }
        Ok(())
    }

    /// Names the tables that may be left of a run that was cut off behind their stack. A table of
    /// that name may be somebody else's, so a person removes it.
    fn name_left(&self, of: StackOf) -> Result<()> {
        for table in self.tables(of)? {
            if self.protection(&table)?.is_some() && !self.is_of_a_stack(&table)? {
                leave(&table, "is of no stack");
            }
        }
        Ok(())
    }

    fn is_of_a_stack(&self, resource: &str) -> Result<bool> {
        let owner = [
            "cloudformation",
            "describe-stack-resources",
            "--physical-resource-id",
            resource,
        ];
        match self.account.ask(&owner) {
            Err(error) if error.to_string().contains("does not exist") => Ok(false),
            answer => answer.map(|_| true),
        }
    }

    /// AWS removes no bucket with something in it.
    fn empty(&self, bucket: &str) -> Result<()> {
        let address = format!("s3://{bucket}");
        self.account
            .ask(&["s3", "rm", &address, "--recursive", "--only-show-errors"])?;
        Ok(())
    }

    /// The template keeps every table; one that is not protected was not meant to be kept. Where
    /// the template protects it, it has lost that outside, perhaps when it was restored.
    fn remove_table(&self, table: &str) -> Result<()> {
        match self.protection(table)? {
            None => {}
            Some(true) => println!(
                "  kept: table {table}, which is protected, and its key; `deploy` takes the table in again"
            ),
            Some(false) if self.is_guarded() => {
                leave(table, "is not protected, although the template has it so");
            }
            Some(false) => {
                self.account
                    .ask(&["dynamodb", "delete-table", "--table-name", table])?;
                println!("  removed: table {table}, which was not protected");
            }
        }
        Ok(())
    }

    /// Whether a table is protected, if it is there.
    fn protection(&self, table: &str) -> Result<Option<bool>> {
        let found = self.table(table)?;
        Ok(found.map(|found| found["DeletionProtectionEnabled"] == true))
    }

    /// All that AWS tells about a table, if it is there.
    pub(crate) fn table(&self, table: &str) -> Result<Option<Value>> {
        let describe = ["dynamodb", "describe-table", "--table-name", table];
        match self.account.ask(&describe) {
            Err(error) if error.to_string().contains("ResourceNotFound") => Ok(None),
            described => Ok(Some(described?["Table"].take())),
        }
    }
}

fn is_rolled_back(stack: &Value) -> bool {
    stack["StackStatus"] == ROLLED_BACK
}

/// Says that a table stays, and how a person removes it.
fn leave(table: &str, which: &str) {
    println!(
        "  left: table {table}, which {which}; if nobody needs it: `aws dynamodb delete-table --table-name {table}`"
    );
}
