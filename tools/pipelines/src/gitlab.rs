//! GitLab: gitlab-ci-local runs the pipeline on this machine itself.

use std::collections::BTreeMap;
use std::env;
use std::fs;

use anyhow::{Context as _, Result};
use serde_json::json;
use supply::GitLabRunner;

use crate::machine;
use crate::{Cause, Outcome, Project, Run};

/// Inside the repository.
pub(crate) const FILE: &str = ".gitlab-ci.yml";

/// Runs the pipeline; `isolated`, each job in a copy of its own.
pub(crate) async fn run(
    (runner, isolated): (&GitLabRunner, bool),
    cause: Cause<'_>,
    run: &Run<'_>,
    doing: impl Fn(&str),
) -> Result<Outcome> {
    let Run { project, push, place } = run;
    let home = place.scratch.join("home");
    let folder = home.join(".gitlab-ci-local");
    fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    let mut command = machine::command(&runner.node, push.checkout, &project.machine);
    command
        .arg(&runner.script)
        .args(["--force-shell-executor", "--no-artifacts-to-source", "--no-color"])
        // It would compare with a branch of the remote; which pushes start a run was decided
        // before.
        .arg("--no-evaluate-rule-changes")
        .arg("--home")
        .arg(&home);
    if isolated {
        command.arg("--shell-isolation");
    }
    let said = variables_of(cause, push.commit);
    if !said.is_empty() {
        // Without, the runner prints a warning for each.
        let names: Vec<_> = said.iter().map(|(name, _)| *name).collect();
        command.args(["--ignore-predefined-vars", &names.join(",")]);
    }
    for (name, value) in said {
        match value {
            Some(value) => command.args(["--variable", &format!("{name}={value}")]),
            None => command.args(["--unset-variable", name]),
        };
    }
    let variables = folder.join("variables.yml");
    fs::write(&variables, variables_file(cause, project))
        .with_context(|| format!("write {}", variables.display()))?;

    let mut told = Told::default();
    let status = machine::follow(command, place.log, |line| {
        told.read(line, &doing);
        line.to_owned()
    })
    .await?;
    let failure = told.failed.map(|job| format!("job {job} failed"));
    Ok(Outcome {
        failure: failure.or_else(|| {
            let nothing = told.passed.is_empty();
            match status.code() {
                Some(0) if nothing => Some("no job ran".to_owned()),
                Some(0) => None,
                _ => Some(format!("gitlab-ci-local ended with {status}")),
            }
        }),
        exported: BTreeMap::new(),
        ran: told.passed,
    })
}

/// What GitLab says of the cause and the runner does not: a variable, or that there is none.
fn variables_of(cause: Cause<'_>, commit: &str) -> Vec<(&'static str, Option<String>)> {
    let said = |value: &str| Some(value.to_owned());
    match cause {
        Cause::Push => vec![],
        // A controller as a tool starts it; a person's own run has the same rules in all else.
        Cause::Status(_) | Cause::Controller(_) => vec![("CI_PIPELINE_SOURCE", said("api"))],
        // GitLab names no branch then.
        Cause::Tag(tag) => vec![("CI_COMMIT_BRANCH", None), ("CI_COMMIT_TAG", said(tag))],
        // wing: previews
        Cause::PullRequest(of) => vec![
            ("CI_COMMIT_BRANCH", None),
            ("CI_PIPELINE_SOURCE", said("merge_request_event")),
            ("CI_PROJECT_PATH", said(of.repository)),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", said(of.base)),
            ("CI_MERGE_REQUEST_IID", Some(of.number.to_string())),
            ("CI_MERGE_REQUEST_LABELS", Some(of.labels.join(","))),
            ("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", said(of.from)),
            // Empty but where it is merged.
            (
                "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA",
                of.merged.then(|| commit.to_owned()),
            ),
        ],
        // end of wing
    }
}

/// The variables of a project, and of a person who starts the pipeline, which win over those of the
/// file. GitLab expands `$` in a value; `$$` is one.
fn variables_file(cause: Cause<'_>, project: &Project) -> String {
    let mut all = BTreeMap::from([("CARGO_HOME".to_owned(), cargo_home(project))]);
    all.extend(project.settings.clone());
    all.extend(project.secrets.clone());
    if let Cause::Controller(name) = cause {
        all.insert("CONTROLLER".to_owned(), name.to_owned());
    }
    let global: BTreeMap<_, _> = all
        .iter()
        .map(|(name, value)| {
            let values = json!({ "*": value.replace('$', "$$") });
            // Said, because a value that is the path of a file would be taken for a variable of
            // that kind.
            (name, json!({ "type": "variable", "values": values }))
        })
        .collect();
    // JSON is YAML too.
    json!({ "global": global }).to_string()
}

/// The machine's own. The file has one below `CI_PROJECT_DIR`, which the runner tells as a folder
/// that is not there.
fn cargo_home(project: &Project) -> String {
    let given = |name: &str| project.machine.get(name).cloned().or_else(|| env::var(name).ok());
    given("CARGO_HOME").unwrap_or_else(|| format!("{}/.cargo", given("HOME").unwrap_or_default()))
}

/// What gitlab-ci-local has said so far.
#[derive(Debug, Default)]
struct Told {
    passed: Vec<String>,
    failed: Option<String>,
}

impl Told {
    /// `build   $ a command`, and at the end ` PASS  build` or ` FAIL  build` for each job.
    fn read(&mut self, line: &str, doing: &impl Fn(&str)) {
        if let Some(job) = line.strip_prefix(" PASS ") {
            self.passed.push(job.trim().to_owned());
        } else if let Some(job) = line.strip_prefix(" FAIL ") {
            self.failed.get_or_insert(job.trim().to_owned());
        } else if let Some((job, command)) = line.split_once(" $ ") {
            doing(&format!("{}: {command}", job.trim()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn what_the_runner_says_is_understood() {
        let mut told = Told::default();
        let quiet = |_: &str| {};
        for line in [
            "build   > text",
            "build   $ cargo xtask ci plan",
            "",
            " PASS  build  ",
            " FAIL  open_MR",
        ] {
            told.read(line, &quiet);
        }
        assert_eq!(told.passed, ["build"]);
        assert_eq!(told.failed.as_deref(), Some("open_MR"));
    }

    #[test]
    fn a_dollar_in_a_secret_stays_one() {
        let project = Project {
            secrets: BTreeMap::from([("TOKEN".to_owned(), "a$b".to_owned())]),
            ..Project::default()
        };
        let written: Value = serde_json::from_str(&variables_file(Cause::Push, &project)).unwrap();
        assert_eq!(written["global"]["TOKEN"]["values"]["*"], "a$$b");
    }
}
