//! Carries a buildspec out, phase after phase, as CodeBuild does.

use std::collections::BTreeMap;

use anyhow::Result;

use super::buildspec::{Buildspec, Phase};
use super::session::{Ended, Session};
use super::step::Step;

/// What a build came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Built {
    /// The exported variables' last values.
    pub(crate) exported: BTreeMap<String, String>,
    /// The first thing that went wrong; a build with one has failed, whatever ran after it.
    pub(crate) failure: Option<String>,
    /// The phases that passed.
    pub(crate) phases: Vec<String>,
}

/// Run all phases in the session. `doing` hears of each command before it runs.
pub(crate) async fn execute(spec: &Buildspec, session: &mut Session, doing: impl Fn(&str)) -> Result<Built> {
    let mut failure: Option<String> = None;
    let mut phases = Vec::new();
    for (step, phase) in spec.phases() {
        session
            .export(
                "CODEBUILD_BUILD_SUCCEEDING",
                if failure.is_none() { "1" } else { "0" },
            )
            .await?;
        session.note(&format!("[{}]", step.name()))?;
        match run_phase(step, phase, session, &doing).await? {
            PhaseEnd::Passed => phases.push(step.name().to_owned()),
            PhaseEnd::Failed(cause) => {
                failure.get_or_insert(cause);
                if !step.goes_on_after_failure(phase.on_failure) {
                    break;
                }
            }
            PhaseEnd::ShellGone(cause) => {
                return Ok(Built {
                    exported: BTreeMap::new(),
                    failure: Some(failure.unwrap_or(cause)),
                    phases,
                });
            }
        }
    }
    let mut exported = BTreeMap::new();
    for name in &spec.env.exported_variables {
        exported.insert(name.clone(), session.value(name).await?);
    }
    Ok(Built {
        exported,
        failure,
        phases,
    })
}

enum PhaseEnd {
    Passed,
    Failed(String),
    ShellGone(String),
}

async fn run_phase(
    step: Step,
    phase: &Phase,
    session: &mut Session,
    doing: &impl Fn(&str),
) -> Result<PhaseEnd> {
    let mut failure = None;
    for (commands, in_any_case) in [(&phase.commands, false), (&phase.finally, true)] {
        if failure.is_some() && !in_any_case {
            continue;
        }
        for command in commands {
            let shown = format!("{}: {}", step.name(), command.trim_end());
            doing(&shown);
            match session.run(command).await? {
                Ended::Status(0) => {}
                Ended::Status(status) => {
                    failure.get_or_insert(format!("{shown}: ended with status {status}"));
                    break;
                }
                Ended::Shell(status) => {
                    let status =
                        status.map_or_else(|| "a signal".to_owned(), |status| format!("status {status}"));
                    return Ok(PhaseEnd::ShellGone(format!(
                        "{shown}: ended the build's shell with {status}"
                    )));
                }
            }
        }
    }
    Ok(failure.map_or(PhaseEnd::Passed, PhaseEnd::Failed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Build in a new folder; gives the result and the log.
    async fn build(spec: &str, variables: &[(&str, &str)]) -> (Built, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("buildspec.yaml");
        std::fs::write(&path, spec).unwrap();
        let spec = Buildspec::read(&path).unwrap();
        let given = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let variables = spec.variables(&given).unwrap();
        let log = folder.path().join("log");
        let scripts = folder.path().join("scripts");
        let mut session = Session::open(spec.env.shell, folder.path(), &variables, &log, &scripts).unwrap();
        let built = execute(&spec, &mut session, |_| ()).await.unwrap();
        (built, std::fs::read_to_string(log).unwrap())
    }

    #[tokio::test]
    async fn one_shell_lives_through_all_phases() {
        let (built, log) = build(
            "version: 0.2\nenv: {shell: bash, variables: {WHO: file}, exported-variables: [RESULT, UNSET]}\nphases:\n\
             \x20 install: {commands: ['mkdir inner && cd inner', 'set_by_install=yes']}\n\
             \x20 build: {commands: ['RESULT=\"$WHO $set_by_install $(basename \"$PWD\")\"', \"echo \\\"it's $RESULT\\\"\"]}\n",
            &[("WHO", "caller")],
        )
        .await;
        assert_eq!(built.failure, None, "{log}");
        assert_eq!(built.exported["RESULT"], "caller yes inner");
        assert_eq!(built.exported["UNSET"], "");
        assert!(log.contains("[install]\n$ mkdir inner && cd inner\n"), "{log}");
        assert!(log.contains("it's caller yes inner\n"), "{log}");
    }

    #[tokio::test]
    async fn a_failed_command_ends_its_phase_but_not_finally_or_post_build() {
        let (built, log) = build(
            "version: 0.2\nphases:\n  pre_build: {commands: ['true']}\n\
             \x20 build: {commands: ['(exit 7)', 'echo never'], finally: ['echo in any case']}\n\
             \x20 post_build: {commands: ['echo succeeding=$CODEBUILD_BUILD_SUCCEEDING']}\n",
            &[],
        )
        .await;
        assert_eq!(
            built.failure.as_deref(),
            Some("build: (exit 7): ended with status 7")
        );
        assert!(!log.contains("\nnever"), "{log}");
        assert!(
            log.contains("\nin any case\n") && log.contains("\nsucceeding=0\n"),
            "{log}"
        );
    }

    #[tokio::test]
    async fn a_failed_pre_build_is_the_end() {
        let (built, log) = build(
            "version: 0.2\nphases: {pre_build: {commands: ['false']}, build: {commands: ['echo built']}}",
            &[],
        )
        .await;
        assert!(built.failure.expect("failed").starts_with("pre_build: false"));
        assert!(!log.contains("\nbuilt"), "{log}");
    }

    #[tokio::test]
    async fn on_failure_continue_goes_on_and_the_build_still_counts_as_failed() {
        let (built, log) = build(
            "version: 0.2\nphases:\n  install: {on-failure: CONTINUE, commands: ['false']}\n  build: {commands: ['echo built']}\n",
            &[],
        )
        .await;
        assert!(built.failure.is_some());
        assert!(log.contains("\nbuilt\n"), "{log}");
    }

    #[tokio::test]
    async fn a_command_that_ends_the_shell_fails_the_build() {
        let (built, _) = build(
            "version: 0.2\nphases: {build: {commands: ['exit 0', 'echo never']}}",
            &[],
        )
        .await;
        assert!(
            built
                .failure
                .expect("failed")
                .contains("ended the build's shell with status 0")
        );
    }
}
