//! One stack: how it stands, what would change, and carrying that out.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::account::Account;
use crate::change::{Change, changes, nothing_to_do};
use crate::error::AwsError;
use crate::events::{checks, reasons};
use crate::state::{State, WAITING, judge};

/// At most so long between two looks at a stack that changes.
const LOOK: Duration = Duration::from_secs(2);
/// No change of a stack here takes longer.
const LONGEST: Duration = Duration::from_mins(30);
/// So soon an emulator is done, and a small stack of AWS.
const FIRST_LOOK: Duration = Duration::from_millis(100);
/// What change sets are called; by this name one is found again if a run is cut off.
const CHANGE_SET: &str = "xtask";

/// A change that AWS has worked out.
pub(crate) struct ChangeSet {
    /// Not its name, by which another run may have made one since.
    id: String,
    pub(crate) changes: Vec<Change>,
}

/// A change set by its id or its name, as the command line wants it.
fn named(set: &str) -> [&str; 2] {
    ["--change-set-name", set]
}

/// Waits until the next look, each time longer.
fn wait(pause: &mut Duration) {
    thread::sleep(*pause);
    *pause = LOOK.min(*pause * 2);
}

/// A stack of the account.
pub(crate) struct Stack<'a> {
    pub(crate) account: &'a Account<'a>,
    pub(crate) name: String,
    /// All that AWS told about it when the run began, if it was there.
    pub(crate) found: Option<&'a Value>,
}

impl Stack<'_> {
    /// How it stood when the run began; an error when nothing could be done with it then.
    pub(crate) fn state(&self) -> Result<State> {
        let status = |found: &Value| found["StackStatus"].as_str().unwrap_or_default().to_owned();
        match self.found {
            Some(found) => Ok(judge(&self.name, &status(found))?),
            None => Ok(State::Absent),
        }
    }

    /// Its status now, if it is there.
    fn status(&self) -> Result<Option<String>> {
        match self.cloudformation("describe-stacks", &[]) {
            Ok(answer) => Ok(answer["Stacks"][0]["StackStatus"].as_str().map(str::to_owned)),
            Err(error) if error.to_string().contains("does not exist") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Works out what the template, a file, would change; `None` when nothing. Where that fails, no
    /// empty stack stays.
    pub(crate) fn prepare(
        &self,
        template: &Path,
        parameters: &[Value],
        state: &State,
    ) -> Result<Option<ChangeSet>> {
        let worked_out = self.work_out(template, parameters, state);
        if worked_out.is_err()
            && let Err(error) = self.discard_new()
        {
            eprintln!(
                "{:40} an empty stack may be left, which `destroy` removes: {error:#}",
                self.name
            );
        }
        worked_out
    }

    fn work_out(&self, template: &Path, parameters: &[Value], state: &State) -> Result<Option<ChangeSet>> {
        let id = self.create_change_set(template, parameters, state)?;
        let set = self.change_set(&id)?;
        if set["Status"] == "CREATE_COMPLETE" {
            let changes = changes(&set)?;
            return Ok(Some(ChangeSet { id, changes }));
        }
        let reason = set["StatusReason"].as_str().unwrap_or_default();
        // Asked before the change set goes, and with it what the checks found.
        let refused = (!nothing_to_do(reason)).then(|| {
            self.found_by_checks(&named(&id))
                .unwrap_or_else(|| reason.to_owned())
        });
        self.delete_change_set(&id)?;
        match refused {
            None => {
                // A new stack without any resource would wait for a change set for ever.
                self.discard_new()?;
                Ok(None)
            }
            Some(reasons) => {
                let stack = self.name.clone();
                Err(AwsError::Refused { stack, reasons }.into())
            }
        }
    }

    /// Has AWS work out a change, in place of one that a run left that was cut off; its id.
    fn create_change_set(&self, template: &Path, parameters: &[Value], state: &State) -> Result<String> {
        let kind = if *state == State::There {
            "UPDATE"
        } else {
            "CREATE"
        };
        let template = template.to_str().context("the path of a template is UTF-8")?;
        let body = format!("file://{template}");
        let parameters = Value::from(parameters).to_string();
        let more = [
            "--change-set-type",
            kind,
            "--template-body",
            &body,
            "--parameters",
            &parameters,
            "--capabilities",
            "CAPABILITY_NAMED_IAM",
            // What an earlier stack kept is taken in again.
            "--import-existing-resources",
        ];
        let arguments = &[&named(CHANGE_SET)[..], &more].concat();
        let created = match self.cloudformation("create-change-set", arguments) {
            Err(error) if error.to_string().contains("AlreadyExists") => {
                self.delete_change_set(CHANGE_SET)?;
                self.cloudformation("create-change-set", arguments)?
            }
            created => created?,
        };
        let id = created["Id"].as_str().context("a change set has an id")?;
        Ok(id.to_owned())
    }

    /// The prepared change, once AWS has worked it out or given up.
    fn change_set(&self, id: &str) -> Result<Value> {
        let (started, mut pause) = (Instant::now(), FIRST_LOOK);
        loop {
            let set = self.cloudformation("describe-change-set", &named(id))?;
            match set["Status"].as_str().unwrap_or_default() {
                "CREATE_COMPLETE" | "FAILED" => return Ok(set),
                status if started.elapsed() > LONGEST => {
                    let (stack, status) = (self.name.clone(), status.to_owned());
                    return Err(AwsError::Busy { stack, status }.into());
                }
                _ => wait(&mut pause),
            }
        }
    }

    /// Drops the prepared change, and with it the stack that only waits for it. One that waited
    /// before this run is somebody else's, with another change perhaps, and stays.
    pub(crate) fn withdraw(&self, set: &ChangeSet) -> Result<()> {
        match self.found {
            Some(_) => self.forget(set),
            None => self.discard_new(),
        }
    }

    /// Removes the stack if this run made it and nothing was made in it: AWS makes one for the
    /// first change set of a name.
    fn discard_new(&self) -> Result<()> {
        if self.found.is_none() && self.status()?.as_deref() == Some(WAITING) {
            self.delete()?;
        }
        Ok(())
    }

    /// Drops the prepared change.
    pub(crate) fn forget(&self, set: &ChangeSet) -> Result<()> {
        self.delete_change_set(&set.id)
    }

    fn delete_change_set(&self, set: &str) -> Result<()> {
        self.cloudformation("delete-change-set", &named(set))?;
        Ok(())
    }

    /// An error if the prepared change would cost the messages.
    pub(crate) fn refuse_loss(&self, changes: &[Change]) -> Result<(), AwsError> {
        let lost: Vec<_> = changes.iter().filter(|change| change.loses_a_table()).collect();
        if lost.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = lost.iter().map(|change| change.resource.as_str()).collect();
        Err(AwsError::ReplacesTable {
            stack: self.name.clone(),
            tables: names.join(", "),
        })
    }

    /// Carries out the prepared change, and waits.
    pub(crate) fn execute(&self, set: &ChangeSet) -> Result<()> {
        self.cloudformation("execute-change-set", &named(&set.id))?;
        match self.settled()?.as_deref() {
            Some("CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE") => Ok(()),
            status => Err(AwsError::Failed {
                stack: self.name.clone(),
                status: status.unwrap_or("gone").to_owned(),
                reasons: self.reasons()?,
            }
            .into()),
        }
    }

    /// What it calls its resources of this type. One that was removed stays listed.
    pub(crate) fn resources(&self, kind: &str) -> Result<Vec<String>> {
        let answer = self.cloudformation("describe-stack-resources", &[])?;
        let resources = answer["StackResources"].as_array();
        let of_kind = resources.into_iter().flatten().filter(|resource| {
            resource["ResourceType"] == kind && resource["ResourceStatus"] != "DELETE_COMPLETE"
        });
        Ok(of_kind
            .filter_map(|resource| resource["PhysicalResourceId"].as_str().map(str::to_owned))
            .collect())
    }

    /// Removes it, and waits.
    pub(crate) fn delete(&self) -> Result<()> {
        self.cloudformation("delete-stack", &[])?;
        match self.settled()?.as_deref() {
            None | Some("DELETE_COMPLETE") => Ok(()),
            Some(status) => Err(AwsError::NotRemoved {
                stack: self.name.clone(),
                status: status.to_owned(),
                reasons: self.reasons()?,
            }
            .into()),
        }
    }

    /// The status once nothing is under way.
    fn settled(&self) -> Result<Option<String>> {
        let (started, mut pause) = (Instant::now(), FIRST_LOOK);
        loop {
            wait(&mut pause);
            match self.status()? {
                Some(status) if status.ends_with("_IN_PROGRESS") => {
                    if started.elapsed() > LONGEST {
                        let stack = self.name.clone();
                        return Err(AwsError::Busy { stack, status }.into());
                    }
                }
                settled => return Ok(settled),
            }
        }
    }

    /// Why a change ended badly, in the words of the resources that began it.
    fn reasons(&self) -> Result<String> {
        let told = reasons(&self.cloudformation("describe-stack-events", &[])?);
        // Of what its checks found before it began, AWS says there only how much that is, and where
        // to ask.
        let found = told
            .contains("DescribeEvents")
            .then(|| self.found_by_checks(&[]))
            .flatten();
        Ok(found.unwrap_or(told))
    }

    /// What AWS' checks found that go before a change; an older command line cannot ask for it.
    fn found_by_checks(&self, of: &[&str]) -> Option<String> {
        checks(&self.cloudformation("describe-events", of).ok()?)
    }

    fn cloudformation(&self, verb: &str, more: &[&str]) -> Result<Value> {
        self.account
            .ask(&[&["cloudformation", verb, "--stack-name", &self.name], more].concat())
    }
}
