//! Answers to other programs: one line of JSON on standard output, and beside it, on standard
//! error, a line for each thing that is done. A failure is an answer, too.

use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Error, Result};
use serde::Serialize;
use serde_json::{Value, json};
use supply::cache::Cache;
use supply::engine::Engine;
use supply::needs::Group;
use supply::support::{Support, today};
use supply::{Mode, Options, SupplyError, recipes};
use taskkit::lines;

use super::{Lines, end};

/// How often it is looked whether the one who asked still wants the engine.
const POLL: Duration = Duration::from_millis(50);

/// Gets the files of recipes, named as in the table.
pub(super) fn get(names: &[String], install: bool, logs: &Path) -> Result<()> {
    let recipes = names.iter().map(|name| recipes::named(name));
    let recipes: Vec<_> = recipes.collect::<Result<_>>()?;
    let found = supply::files(&recipes, &Cache::locate()?, install, &Lines, logs)?;
    say(&found);
    Ok(())
}

/// Gets the emulator's image where it is not there yet, and makes the engine answer to the one who
/// asked alone, for as long as it holds standard input open.
pub(super) fn emulator(install: bool, logs: &Path) -> Result<()> {
    let cache = Cache::locate()?;
    // The doctor asks for all that clusters need; an engine that works is enough here.
    let engine = Engine::probe(&cache, logs).or_else(|_| {
        supply::doctor::ready(&[Group::Containers], install, &Lines, logs)?;
        Engine::probe(&cache, logs)
    })?;
    let options = Options {
        install,
        ..Options::default()
    };
    let image = supply::aws_image(&cache, &engine, &options, &Lines, logs)?;
    let service = engine.serve_apart(logs)?;
    say(&json!({ "image": image, "socket": service.socket() }));
    while !end::asked() {
        thread::sleep(POLL);
    }
    Ok(())
}

/// By which compiler Go modules are compiled; an error where none can be had.
pub(super) fn toolchain(install: bool, logs: &Path) -> Result<()> {
    supply::doctor::ready(&[Group::Tools], install, &Lines, logs)?;
    say(&json!({ "go": supply::go::compiler()? }));
    Ok(())
}

/// What a run of everything lacks after what can be installed was, and what is known of the support
/// of the pinned versions.
pub(super) fn doctor(install: bool, logs: &Path) -> Result<()> {
    let groups = supply::needs_of_run(Mode::Auto, logs)?;
    // Its error would be the same faults in one text, and what failed, which its lines have said.
    // Faults are listed one by one.
    let _ = supply::doctor::ready(&groups, install, &Lines, logs);
    let faults = supply::doctor::faults(&groups, logs)?;
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
