//! Answers to other programs: one line of JSON on standard output, and beside it, on standard
//! error, a line for each thing that is done. A failure is an answer, too.

use std::thread;
use std::time::Duration;

use anyhow::{Error, Result};
use serde::Serialize;
use serde_json::{Value, json};
use supply::engine::Engine;
use supply::needs::Group;
use supply::support::{Support, today};
use supply::{Mode, Options, Session, SupplyError, Uncached, recipes};
use taskkit::lines;

use super::end;

/// How often it is looked whether the one who asked still wants the engine.
const POLL: Duration = Duration::from_millis(50);

/// Gets the files of recipes, named as in the table.
pub(super) fn get(session: Session<'_>, names: &[String]) -> Result<()> {
    let recipes = names.iter().map(|name| recipes::named(name));
    let recipes: Vec<_> = recipes.collect::<Result<_>>()?;
    say(&supply::files(session, &recipes)?);
    Ok(())
}

/// Gets the emulator's image where it is not there yet, and makes the engine answer to the one who
/// asked alone, for as long as it holds standard input open.
pub(super) fn emulator(session: Session<'_>) -> Result<()> {
    let probe = || Engine::probe(session.cache, session.logs);
    // The doctor asks for all that clusters need; an engine that works is enough here.
    let engine = probe().or_else(|_| {
        supply::doctor::ready(session, &[Group::Containers])?;
        probe()
    })?;
    let image = supply::aws_image(session, &engine, &Options::default())?;
    let service = engine.serve_apart(session.logs)?;
    say(&json!({ "image": image, "socket": service.socket() }));
    while !end::asked() {
        thread::sleep(POLL);
    }
    Ok(())
}

/// By which compiler Go modules are compiled; an error where none can be had.
pub(super) fn toolchain(session: Uncached<'_>) -> Result<()> {
    supply::doctor::ready(session, &[Group::Tools])?;
    say(&json!({ "go": supply::go::compiler()? }));
    Ok(())
}

/// What a run of everything lacks after what can be installed was, and what is known of the support
/// of the pinned versions.
pub(super) fn doctor(session: Uncached<'_>) -> Result<()> {
    let groups = supply::needs_of_run(Mode::Auto, session.logs)?;
    // Its error would be the same faults in one text, and what failed, which its lines have said.
    // Faults are listed one by one.
    let _ = supply::doctor::ready(session, &groups);
    let faults = supply::doctor::faults(&groups, session.logs)?;
    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
    let support = Support::load()?;
    let due: Vec<_> = support.due(today()).iter().map(ToString::to_string).collect();
    say(&json!({
        "faults": faults,
        "support": {
            "due": due,
            "first": support.first().map(|end| end.to_string()),
            "undated": support.undated().collect::<Vec<_>>(),
            "kept": support.kept().collect::<Vec<_>>(),
        },
    }));
    Ok(())
}

/// Says what kind of failure it was, for a program that reacts to it, and what happened, for a
/// person.
pub(super) fn fail(error: &Error) {
    lines::to_stdout(&failure(error).to_string());
}

fn failure(error: &Error) -> Value {
    let kind = match error.downcast_ref() {
        Some(SupplyError::Missing(_)) => "missing",
        Some(SupplyError::Deadline { .. }) => "deadline",
        _ => "other",
    };
    json!({ "error": { "kind": kind, "text": format!("{error:#}") } })
}

fn say(answer: &impl Serialize) {
    lines::to_stdout(&json!({ "answer": answer }).to_string());
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_machine_that_is_busy_lacks_nothing() {
        let kind = |error: Error| failure(&error.context("get it"))["error"]["kind"].clone();
        let slow = SupplyError::Deadline {
            command: "podman info".to_owned(),
            deadline: Duration::from_secs(30),
            log: "engine.log".into(),
            tail: String::new(),
        };
        assert_eq!(kind(slow.into()), "deadline");
        assert_eq!(kind(SupplyError::Missing(Vec::new()).into()), "missing");
        assert_eq!(kind(anyhow::anyhow!("no answer on podman.sock")), "other");
    }

    #[test]
    fn a_failure_says_all_that_went_before_it() {
        let error = Err::<(), _>(anyhow::anyhow!("no space left"))
            .context("get kustomize")
            .unwrap_err();
        assert_eq!(failure(&error)["error"]["text"], "get kustomize: no space left");
    }
}
