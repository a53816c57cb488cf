//! GitHub: act runs the workflow on this machine itself. The actions that it uses from elsewhere
//! are on GitHub only; each has a stand-in in `tools/pipelines/actions`.

mod shell;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use self::shell::Shell;
use self::told::Told;
use crate::PullRequest; // wing: previews
use crate::machine;
use crate::{Cause, Outcome, Push, Run};

/// Run for a push to a branch that is deployed.
pub(crate) const FILE: &str = ".github/workflows/deliver.yaml";
/// Run for a tag that names a version.
const RELEASE: &str = ".github/workflows/release.yaml";

/// Run by a person, for a controller.
const CONTROLLER: &str = ".github/workflows/controller.yaml";
/// Run for a commit status.
const VERIFIED: &str = ".github/workflows/verified.yaml";

// wing: previews
/// Run for a pull request.
const PREVIEW: &str = ".github/workflows/preview.yaml";
// end of wing

/// An action by its name without owner, and what stands in for it.
const STAND_INS: &[(&str, &str)] = &[
    ("actions/attest", include_str!("../actions/attest/action.yml")),
    ("actions/cache", include_str!("../actions/cache/action.yml")),
    ("actions/checkout", include_str!("../actions/checkout/action.yml")),
    (
        "aws-actions/configure-aws-credentials",
        include_str!("../actions/configure-aws-credentials/action.yml"),
    ),
    (
        "sigstore/cosign-installer",
        include_str!("../actions/cosign-installer/action.yml"),
    ),
];

/// What has to be known of a workflow to run it here.
#[derive(Debug, Deserialize)]
struct Workflow {
    jobs: BTreeMap<String, Job>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Job {
    runs_on: String,
    #[serde(default)]
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
struct Step {
    uses: Option<String>,
}

impl Workflow {
    fn read(checkout: &Path, file: &str) -> Result<Self> {
        let text = fs::read_to_string(checkout.join(file)).with_context(|| format!("read {file}"))?;
        serde_saphyr::from_str(&text).with_context(|| format!("{file} is not a workflow this crate can run"))
    }

    /// act skips a job in silence when it has no machine for its label.
    fn labels(&self) -> BTreeSet<&str> {
        self.jobs.values().map(|job| job.runs_on.as_str()).collect()
    }

    /// Every action from outside, as it is written.
    fn actions(&self) -> BTreeSet<&str> {
        let steps = self.jobs.values().flat_map(|job| &job.steps);
        steps
            .filter_map(|step| step.uses.as_deref())
            .filter(|uses| !uses.starts_with("./"))
            .collect()
    }
}

/// The workflow that GitHub runs for the cause; the name of the event, and what it says.
fn event(cause: Cause<'_>, push: &Push<'_>) -> (&'static str, &'static str, Value) {
    let branch = format!("refs/heads/{}", push.branch);
    match cause {
        Cause::Push => (FILE, "push", json!({ "ref": branch, "after": push.commit })),
        Cause::Tag(tag) => {
            let reference = format!("refs/tags/{tag}");
            (RELEASE, "push", json!({ "ref": reference, "after": push.commit }))
        }
        Cause::Status(context) => {
            let event = json!({ "context": context, "sha": push.commit });
            (VERIFIED, "status", event)
        }
        // wing: previews
        Cause::PullRequest(of) => (PREVIEW, "pull_request", event_of_pull_request(&of, push.commit)),
        // end of wing
        Cause::Controller(name) => {
            let event = json!({ "ref": branch, "inputs": { "controller": name } });
            (CONTROLLER, "workflow_dispatch", event)
        }
    }
}

// wing: previews
fn event_of_pull_request(of: &PullRequest<'_>, head: &str) -> Value {
    let labels: Vec<_> = of.labels.iter().map(|name| json!({ "name": name })).collect();
    let pull_request = json!({
        "labels": labels,
        "head": { "sha": head, "repo": { "full_name": of.from } },
    });
    let repository = json!({ "full_name": of.repository });
    json!({ "number": of.number, "pull_request": pull_request, "repository": repository })
}
// end of wing

/// Runs the workflow for the cause.
pub(crate) async fn run(
    act: &Path,
    cause: Cause<'_>,
    run: &Run<'_>,
    doing: impl Fn(&str),
) -> Result<Outcome> {
    let Run { project, push, place } = run;
    let (file, name, event) = event(cause, push);
    let workflow = Workflow::read(push.checkout, file)?;
    let write = |name: &str, content: String| -> Result<PathBuf> {
        let path = place.scratch.join(name);
        fs::write(&path, content).with_context(|| format!("write {}", path.display()))?;
        Ok(path)
    };
    fs::create_dir_all(place.scratch).with_context(|| format!("make {}", place.scratch.display()))?;
    // JSON is YAML too, and needs no quoting of act's.
    let settings = write("vars.yaml", serde_json::to_string(&project.settings)?)?;
    let secrets = write("secrets.yaml", serde_json::to_string(&project.secrets)?)?;
    let mut variables = project.machine.clone();
    let checkout = push.checkout.canonicalize().context("find the checkout")?;
    variables.insert("PIPELINES_CHECKOUT".to_owned(), checkout.display().to_string());
    let shell = Shell::place(place.scratch)?;
    variables.extend(shell.variables(variables.get("PATH")));
    // act keeps settings and caches in its user's home; the steps have that home as it is.
    let home = project
        .machine
        .get("HOME")
        .cloned()
        .or_else(|| env::var("HOME").ok());
    variables.insert(
        "HOME".to_owned(),
        place.scratch.join("home").display().to_string(),
    );
    let mut command = machine::command(act, push.checkout, &variables);
    if let Some(home) = home {
        command.arg("--env").arg(format!("HOME={home}"));
    }
    command
        .args([name, "--json", "--no-skip-checkout", "--no-cache-server"])
        .args(["--artifact-server-addr", "127.0.0.1"])
        // act gives the steps a terminal, which GitHub does not.
        .args(["--env", "CARGO_TERM_COLOR=never"])
        .args(["--workflows", file])
        .args(["--env-file", "/dev/null", "--input-file", "/dev/null"])
        .arg("--eventpath")
        .arg(write("event.json", event.to_string())?)
        .arg("--var-file")
        .arg(settings)
        .arg("--secret-file")
        .arg(secrets)
        .arg("--action-cache-path")
        .arg(place.scratch.join("act"));
    // act takes it from the address of the remote alone, which is a folder here.
    if let Some(repository) = event["repository"]["full_name"].as_str() {
        command
            .arg("--env")
            .arg(format!("GITHUB_REPOSITORY={repository}"));
    }
    for label in workflow.labels() {
        command.arg("--platform").arg(format!("{label}=-self-hosted"));
    }
    for uses in workflow.actions() {
        let (repository, folder) = stand_in(uses, place.scratch)?;
        command
            .arg("--local-repository")
            .arg(format!("{repository}={}", folder.display()));
    }

    let mut told = Told::default();
    let status = machine::follow(command, place.log, |line| {
        let line = told.read(line, &doing);
        shell.heard(&line);
        line
    })
    .await?;
    let failure = told.failure.or_else(|| {
        let silent = workflow.jobs.keys().find(|job| !told.passed.contains(job));
        match silent {
            Some(job) => Some(format!("job {job} did not run")),
            None if !status.success() => Some(format!("act ended with {status}")),
            None => None,
        }
    });
    Ok(Outcome {
        failure,
        exported: BTreeMap::new(),
        ran: told.passed,
    })
}

/// The repository of `owner/name/folder@reference`, as act is told of it, and the folder of what
/// stands in for that.
fn stand_in(uses: &str, scratch: &Path) -> Result<(String, PathBuf)> {
    let (name, reference) = uses.split_once('@').unwrap_or((uses, ""));
    let parts: Vec<_> = name.splitn(3, '/').collect();
    let repository = parts[..parts.len().min(2)].join("/");
    let Some((_, text)) = STAND_INS.iter().find(|(known, _)| *known == repository) else {
        bail!("the workflow uses {uses}, for which there is no stand-in in tools/pipelines/actions");
    };
    let folder = scratch.join("actions").join(&repository);
    let inside = parts
        .get(2)
        .map_or_else(|| folder.clone(), |inside| folder.join(inside));
    fs::create_dir_all(&inside).with_context(|| format!("make {}", inside.display()))?;
    fs::write(inside.join("action.yml"), text).with_context(|| format!("write the stand-in for {name}"))?;
    Ok((format!("{repository}@{reference}"), folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_that_is_run_here_has_a_stand_in() {
        let root = crate::root();
        let folder = tempfile::tempdir().unwrap();
        let files = [
            FILE, CONTROLLER, RELEASE, VERIFIED, PREVIEW, // wing: previews
        ];
        for file in files {
            let workflow = Workflow::read(&root, file).unwrap();
            assert!(!workflow.actions().is_empty());
            for uses in workflow.actions() {
                stand_in(uses, folder.path()).unwrap();
            }
        }
        assert!(stand_in("somebody/else@v1", folder.path()).is_err());
    }
}
