//! One stack: how it stands, what would change, and carrying that out.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::aws::account::Account;
use crate::aws::error::AwsError;

/// Between two looks at a stack that changes.
const LOOK: Duration = Duration::from_secs(2);
/// No change of a stack here takes longer.
const LONGEST: Duration = Duration::from_mins(30);
/// So soon an emulator is done, and a small stack of AWS.
const FIRST_LOOK: Duration = Duration::from_millis(300);
/// The change set, by which it is found again if a run is cut off.
const CHANGE_SET: &str = "xtask";
/// What must never be made anew unasked.
const TABLE: &str = "AWS::DynamoDB::Table";

/// A stack of the account.
pub(crate) struct Stack<'a> {
    pub(crate) account: &'a Account<'a>,
    pub(crate) name: String,
    /// All that AWS told about it when the run began, if it was there.
    pub(crate) found: Option<&'a Value>,
}

/// How a stack stands before it is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// There is none, or one that nothing has been made for yet.
    Absent,
    /// Its first deployment failed and all of it was removed; nothing but removing the rest is possible.
    RolledBack,
    /// It can be changed.
    There,
}

/// One resource that would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// `Add`, `Modify`, `Remove`, `Import`.
    action: String,
    resource: String,
    kind: String,
    /// `True`, `Conditional`, `False` or nothing.
    replacement: String,
}

impl Stack<'_> {
    /// How it stood when the run began; an error when nothing could be done with it then.
    pub(crate) fn state(&self) -> Result<State> {
        let status = |found: &Value| found["StackStatus"].as_str().unwrap_or_default().to_owned();
        match self.found {
            Some(found) => judge(&self.name, &status(found)),
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

    /// Works out what the template would change; `None` when nothing.
    pub(crate) fn prepare(
        &self,
        template: &str,
        parameters: &[Value],
        state: &State,
    ) -> Result<Option<Vec<Change>>> {
        let kind = if *state == State::There {
            "UPDATE"
        } else {
            "CREATE"
        };
        let body = format!("file://{template}");
        let parameters = Value::from(parameters).to_string();
        let arguments = &[
            "--change-set-name",
            CHANGE_SET,
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
        let created = self.cloudformation("create-change-set", arguments);
        if created
            .as_ref()
            .is_err_and(|error| error.to_string().contains("AlreadyExists"))
        {
            self.forget()?;
            self.cloudformation("create-change-set", arguments)?;
        } else {
            created?;
        }
        let started = Instant::now();
        loop {
            let set = self.cloudformation("describe-change-set", &["--change-set-name", CHANGE_SET])?;
            match set["Status"].as_str().unwrap_or_default() {
                "CREATE_COMPLETE" => return changes(&set).map(Some),
                "FAILED" => {
                    self.forget()?;
                    let reason = set["StatusReason"].as_str().unwrap_or_default();
                    if nothing_to_do(reason) {
                        return Ok(None);
                    }
                    bail!("AWS cannot work out the change of stack {}: {reason}", self.name);
                }
                status if started.elapsed() > LONGEST => {
                    bail!("the change of stack {} is still {status}", self.name)
                }
                _ => thread::sleep(LOOK),
            }
        }
    }

    /// Drops the prepared change.
    pub(crate) fn forget(&self) -> Result<()> {
        self.cloudformation("delete-change-set", &["--change-set-name", CHANGE_SET])?;
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
    pub(crate) fn execute(&self) -> Result<()> {
        self.cloudformation("execute-change-set", &["--change-set-name", CHANGE_SET])?;
        match self.settled()?.as_deref() {
            Some("CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE") => Ok(()),
            status => Err(self.failure(status.unwrap_or("gone"))?.into()),
        }
    }

    /// What it calls its resources of this type.
    pub(crate) fn resources(&self, kind: &str) -> Result<Vec<String>> {
        let answer = self.cloudformation("describe-stack-resources", &[])?;
        let resources = answer["StackResources"].as_array();
        let of_kind = resources
            .into_iter()
            .flatten()
            .filter(|resource| resource["ResourceType"] == kind);
        Ok(of_kind
            .filter_map(|resource| resource["PhysicalResourceId"].as_str().map(str::to_owned))
            .collect())
    }

    /// Removes it, and waits.
    pub(crate) fn delete(&self) -> Result<()> {
        self.cloudformation("delete-stack", &[])?;
        match self.settled()?.as_deref() {
            None | Some("DELETE_COMPLETE") => Ok(()),
            Some(status) => Err(self.failure(status)?.into()),
        }
    }

    /// The status once nothing is under way.
    fn settled(&self) -> Result<Option<String>> {
        let (started, mut pause) = (Instant::now(), FIRST_LOOK);
        loop {
            thread::sleep(pause);
            pause = LOOK;
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
    fn failure(&self, status: &str) -> Result<AwsError> {
        let events = self.cloudformation("describe-stack-events", &[])?;
        Ok(AwsError::Failed {
            stack: self.name.clone(),
            status: status.to_owned(),
            reasons: reasons(&events),
        })
    }

    fn cloudformation(&self, verb: &str, more: &[&str]) -> Result<Value> {
        self.account
            .ask(&[&["cloudformation", verb, "--stack-name", &self.name], more].concat())
    }
}

impl Change {
    fn loses_a_table(&self) -> bool {
        let gone = self.action == "Remove" || matches!(self.replacement.as_str(), "True" | "Conditional");
        self.kind == TABLE && gone
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:7} {} ({})",
            self.action.to_lowercase(),
            self.resource,
            self.kind
        )?;
        match self.replacement.as_str() {
            "True" => write!(f, ", made anew"),
            "Conditional" => write!(f, ", perhaps made anew"),
            _ => Ok(()),
        }
    }
}

/// What a status means to somebody who wants to change the stack.
fn judge(stack: &str, status: &str) -> Result<State> {
    let for_a_person = |next: &str| AwsError::Stuck {
        stack: stack.to_owned(),
        status: status.to_owned(),
        next: next.to_owned(),
    };
    match status {
        "REVIEW_IN_PROGRESS" | "DELETE_COMPLETE" => Ok(State::Absent),
        "ROLLBACK_COMPLETE" => Ok(State::RolledBack),
        "UPDATE_ROLLBACK_FAILED" => Err(for_a_person(&format!(
            "aws cloudformation continue-update-rollback --stack-name {stack}"
        ))
        .into()),
        "ROLLBACK_FAILED" | "DELETE_FAILED" | "CREATE_FAILED" => Err(for_a_person(&format!(
            "see why (aws cloudformation describe-stack-events --stack-name {stack}), then aws cloudformation delete-stack \
             --stack-name {stack}"
        ))
        .into()),
        status if status.ends_with("_IN_PROGRESS") => Err(AwsError::Busy {
            stack: stack.to_owned(),
            status: status.to_owned(),
        }
        .into()),
        _ => Ok(State::There),
    }
}

/// CloudFormation calls a change set without a change failed, and says why in words.
fn nothing_to_do(reason: &str) -> bool {
    reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
}

fn changes(set: &Value) -> Result<Vec<Change>> {
    let list = set["Changes"].as_array().context("a change set has changes")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(list
        .iter()
        .map(|change| &change["ResourceChange"])
        .map(|change| Change {
            action: text(&change["Action"]),
            resource: text(&change["LogicalResourceId"]),
            kind: text(&change["ResourceType"]),
            replacement: text(&change["Replacement"]),
        })
        .collect())
}

/// The first failures of the last change, oldest first: what follows them is their consequence. AWS lists the newest event first,
/// and every one since the stack was made.
fn reasons(events: &Value) -> String {
    const BEGINNINGS: &[&str] = &["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"];
    let status = |event: &Value| event["ResourceStatus"].as_str().unwrap_or_default().to_owned();
    let begins = |event: &&Value| {
        event["ResourceType"] == "AWS::CloudFormation::Stack" && BEGINNINGS.contains(&status(event).as_str())
    };
    let events = events["StackEvents"].as_array().map_or(&[][..], Vec::as_slice);
    let of_this_change: Vec<_> = events.iter().take_while(|event| !begins(event)).collect();
    let failed = of_this_change.into_iter().rev().filter(|event| {
        let reason = event["ResourceStatusReason"].as_str().unwrap_or_default();
        status(event).ends_with("_FAILED") && !reason.contains("cancelled")
    });
    let lines: Vec<_> = failed
        .map(|event| {
            let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            format!(
                "{} ({}): {}",
                text("LogicalResourceId"),
                text("ResourceType"),
                text("ResourceStatusReason")
            )
        })
        .take(3)
        .collect();
    if lines.is_empty() {
        return "no resource says why".to_owned();
    }
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_status_leads_somewhere() {
        assert_eq!(judge("s", "REVIEW_IN_PROGRESS").unwrap(), State::Absent);
        assert_eq!(judge("s", "ROLLBACK_COMPLETE").unwrap(), State::RolledBack);
        assert_eq!(judge("s", "UPDATE_ROLLBACK_COMPLETE").unwrap(), State::There);
        let error = |status| judge("s", status).unwrap_err().to_string();
        assert!(error("UPDATE_IN_PROGRESS").contains("try again"));
        assert!(error("UPDATE_ROLLBACK_FAILED").contains("continue-update-rollback --stack-name s"));
        assert!(error("DELETE_FAILED").contains("delete-stack --stack-name s"));
    }

    fn change(kind: &str, action: &str, replacement: &str) -> Change {
        let set = json!({"Changes": [{"ResourceChange": {
            "Action": action, "LogicalResourceId": "Messages", "ResourceType": kind, "Replacement": replacement,
        }}]});
        changes(&set).unwrap().remove(0)
    }

    #[test]
    fn a_table_is_lost_by_replacement_and_by_removal() {
        assert!(change(TABLE, "Modify", "True").loses_a_table());
        assert!(change(TABLE, "Modify", "Conditional").loses_a_table());
        assert!(change(TABLE, "Remove", "").loses_a_table());
        assert!(!change(TABLE, "Modify", "False").loses_a_table());
        assert!(!change(TABLE, "Add", "").loses_a_table());
        assert!(!change("AWS::IAM::Role", "Modify", "True").loses_a_table());
    }

    #[test]
    fn the_first_failure_is_the_reason() {
        let event = |status: &str, reason: &str| {
            json!({"LogicalResourceId": "Bucket", "ResourceType": "AWS::S3::Bucket", "ResourceStatus": status,
                   "ResourceStatusReason": reason})
        };
        let newest_first = json!({"StackEvents": [
            event("CREATE_FAILED", "Resource creation cancelled"),
            event("CREATE_FAILED", "it is there already"),
            event("CREATE_IN_PROGRESS", ""),
            json!({"ResourceType": "AWS::CloudFormation::Stack", "ResourceStatus": "UPDATE_IN_PROGRESS"}),
            event("CREATE_FAILED", "of last year"),
        ]});
        assert_eq!(
            reasons(&newest_first),
            "Bucket (AWS::S3::Bucket): it is there already"
        );
    }
}
