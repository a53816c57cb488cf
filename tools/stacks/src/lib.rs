//! `cargo xtask aws …`: shows, makes and removes what one environment needs from AWS, template by
//! template.

mod account;
mod change;
mod destroy;
mod environment;
mod error;
mod events;
mod flags;
mod kept;
mod parameters;
mod stack;
mod stacks;
mod state;
mod template;

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use taskkit::checkout::{self, KeptSettings};
use tempfile::NamedTempFile;
use xshell::Shell;

use crate::account::Account;
use crate::environment::Environment;
use crate::error::AwsError;
use crate::flags::{AwsDeploy, AwsDestroy, AwsVerb};
use crate::parameters::{Settings, Values};
use crate::stack::{ChangeSet, Stack};
use crate::stacks::{PARTS, Part, StackOf};
use crate::state::{State, WAITING};
use crate::template::with_plain_table_name;

pub use crate::flags::Aws;

impl Aws {
    /// Runs the verb, from the root of the repository.
    pub fn run(self) -> Result<()> {
        checkout::forget_git(KeptSettings::Person)?;
        environment::read()?;
        let sh = &checkout::shell()?;
        match &self.verb {
            AwsVerb::Plan(target) => Run::start(sh, target)?.plan(),
            AwsVerb::Deploy(AwsDeploy {
                target,
                replace_table,
            }) => Run::start(sh, target)?.deploy(*replace_table),
            AwsVerb::Destroy(AwsDestroy { target, yes }) => {
                if *yes != Some(target.environment) {
                    let environment = target.environment.name();
                    return Err(AwsError::NotConfirmed { environment }.into());
                }
                Run::start(sh, target)?.destroy()
            }
        }
    }
}

/// One verb on one environment.
struct Run<'sh> {
    account: Account<'sh>,
    environment: Environment,
    values: Values,
    /// In the order in which they are made.
    wanted: Vec<StackOf>,
    /// Every stack of the account by its name, as the run found it.
    stacks: BTreeMap<String, Value>,
}

impl<'sh> Run<'sh> {
    /// Reads what is to be done, and makes sure that it meets the right account.
    fn start(sh: &'sh Shell, target: &flags::AwsTarget) -> Result<Self> {
        let settings = Settings::read(sh)?;
        let (values, wanted) = (
            settings.of(target.environment, &target.set)?,
            wanted(&target.only)?,
        );
        let account = Account {
            sh,
            region: settings.region.clone(),
            endpoint: target.endpoint.clone(),
        };
        account.expect(&settings.account)?;
        Ok(Self {
            stacks: account.stacks()?,
            account,
            environment: target.environment,
            values,
            wanted,
        })
    }

    fn plan(&self) -> Result<()> {
        for of in &self.wanted {
            let stack = self.stack(*of);
            match stack.state()? {
                State::RolledBack => println!(
                    "{:40} its first deployment failed; `deploy` removes what is left of it, then makes it",
                    stack.name
                ),
                state => {
                    if let Some(set) = self.prepare(*of, &stack, &state)? {
                        stack.withdraw(&set)?;
                    }
                    for (table, guard) in self.unguarded(*of)? {
                        println!(
                            "  table {table} has no {}; `deploy` gives it that",
                            guard.in_words()
                        );
                    }
                }
            }
        }
        Ok(())
    }

    fn deploy(&self, replace_table: bool) -> Result<()> {
        // What is missing for the last stack is said before the first one is made.
        for of in &self.wanted {
            self.values.complete(of.part)?;
        }
        for of in &self.wanted {
            let started = Instant::now();
            let mut stack = self.stack(*of);
            let mut state = stack.state()?;
            if state == State::RolledBack {
                println!("{:40} removing what a failed first deployment left", stack.name);
                stack.delete()?;
                (stack.found, state) = (None, State::Absent);
            }
            let Some(set) = self.prepare(*of, &stack, &state)? else {
                if stack.found.is_some_and(is_empty) {
                    stack.delete()?;
                }
                self.guard(*of)?;
                continue;
            };
            if let Err(error) = self.refuse_strangers(*of, &stack, &set) {
                stack.withdraw(&set)?;
                return Err(error);
            }
            if !replace_table && let Err(error) = stack.refuse_loss(&set.changes) {
                stack.forget(&set)?;
                return Err(error.into());
            }
            stack.execute(&set)?;
            self.guard(*of)?;
            println!("{:40} took {:.1} s", stack.name, started.elapsed().as_secs_f32());
        }
        Ok(())
    }

    /// Prints what would change; nothing if nothing would.
    fn prepare(&self, of: StackOf, stack: &Stack<'_>, state: &State) -> Result<Option<ChangeSet>> {
        let parameters = self.values.for_stack(of)?;
        let template = self.account.sh.read_file(of.part.template())?;
        let file = NamedTempFile::new().context("make a file for a template")?;
        fs::write(&file, with_plain_table_name(&template, &parameters)).context("write a template")?;
        let Some(set) = stack.prepare(file.path(), &parameters, state)? else {
            println!("{:40} no change", stack.name);
            return Ok(None);
        };
        match set.changes.len() {
            0 => println!("{:40} a change of no resource, as of an output", stack.name),
            1 => println!("{:40} 1 change", stack.name),
            many => println!("{:40} {many} changes", stack.name),
        }
        for change in &set.changes {
            println!("  {change}");
        }
        Ok(Some(set))
    }

    fn stack(&self, of: StackOf) -> Stack<'_> {
        let name = of.name(self.values.project(), self.environment);
        Stack {
            account: &self.account,
            found: self.stacks.get(&name),
            name,
        }
    }
}

/// Whether nothing has been made in this stack.
fn is_empty(stack: &Value) -> bool {
    stack["StackStatus"] == WAITING
}

/// The stacks of the parts of these names; of all when none is named.
fn wanted(only: &[String]) -> Result<Vec<StackOf>> {
    for name in only {
        if !PARTS.iter().any(|part| part.name == name) {
            let names: Vec<_> = PARTS.iter().map(|part| part.name).collect();
            bail!("there is no part `{name}`; there are: {}", names.join(", "));
        }
    }
    let wanted = |name| only.is_empty() || only.iter().any(|wanted| wanted == name);
    let parts = PARTS.iter().filter(|part| wanted(part.name));
    Ok(parts.flat_map(Part::stacks).collect())
}
