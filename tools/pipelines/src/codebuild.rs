//! CodeBuild: an interpreter of ours, because no runner of buildspecs can be had without containers
//! of AWS's own.

mod build;
mod buildspec;
mod session;
mod step;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, ensure};

use self::build::Built;
use self::buildspec::Buildspec;
use self::session::Session;
use crate::{Cause, Outcome, Run};

/// Inside the repository.
pub(crate) const FILE: &str = "buildspec.yaml";

/// Runs the build of the branch.
pub(crate) async fn run(cause: Cause<'_>, run: &Run<'_>, doing: impl Fn(&str)) -> Result<Outcome> {
    let starts = matches!(cause, Cause::Push | Cause::Controller(_));
    ensure!(starts, "no pipeline of AWS starts for this: {cause:?}");
    let Run { push, place, .. } = run;
    let spec = Buildspec::read(&push.checkout.join(FILE))?;
    let variables = spec.variables(&variables(cause, run))?;
    let scripts = place.scratch.join("scripts");
    let mut session = Session::open(spec.env.shell, push.checkout, &variables, place.log, &scripts)?;
    let Built {
        exported,
        failure,
        phases,
    } = build::execute(&spec, &mut session, |command| {
        doing(command.lines().next().unwrap_or_default());
    })
    .await?;
    Ok(Outcome {
        failure,
        exported,
        ran: phases,
    })
}

/// What a hosted build finds in its environment: the project's settings, its secrets, what
/// CodeBuild says of the build, and what a person says who starts one.
fn variables(cause: Cause<'_>, run: &Run<'_>) -> BTreeMap<String, String> {
    let Run { project, push, .. } = run;
    let mut variables = project.machine.clone();
    variables.extend(project.settings.clone());
    variables.extend(project.secrets.clone());
    let source = |path: &Path| path.display().to_string();
    for (name, value) in [
        ("RELEASE_BRANCH", push.branch.to_owned()),
        ("CODEBUILD_CI", "true".to_owned()),
        ("CODEBUILD_BUILD_NUMBER", push.number.to_string()),
        ("CODEBUILD_RESOLVED_SOURCE_VERSION", push.commit.to_owned()),
        ("CODEBUILD_SRC_DIR", source(push.checkout)),
        (
            "CODEBUILD_WEBHOOK_HEAD_REF",
            format!("refs/heads/{}", push.branch),
        ),
    ] {
        variables.insert(name.to_owned(), value);
    }
    if let Cause::Controller(name) = cause {
        variables.insert("CONTROLLER".to_owned(), name.to_owned());
    }
    variables
}
