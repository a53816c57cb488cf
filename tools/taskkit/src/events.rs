//! What the verbs of a run did, for programs: a JSON object a line, added to the file that
//! `RELEASE_EVENTS` names. What they print is for
//! people, and each CI system puts something of its own before it.

use std::env;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

/// The variable that names the file; without it nothing is written.
pub const VARIABLE: &str = "RELEASE_EVENTS";

/// Something that a verb did, with its fields beside `event`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// An app was not compiled: the same content was compiled before.
    Kept {
        /// Its name.
        app: String,
    },
    /// An image was made.
    Built {
        /// What it is of.
        app: String,
        /// Its name, with the fingerprint as tag.
        image: String,
        /// What went into it.
        megabytes: f64,
    },
    /// An image went to the registry.
    Pushed {
        /// What it is of.
        app: String,
        /// Its name, with the fingerprint as tag.
        image: String,
    },
    /// A verb ended, well or not.
    Took {
        /// As on the command line.
        verb: String,
        /// From its start to its end.
        seconds: f64,
    },
}

/// Adds `event` to the file, if one is named.
pub fn add(event: &Event) -> Result<()> {
    match env::var_os(VARIABLE).filter(|name| !name.is_empty()) {
        Some(file) => add_to(&PathBuf::from(file), event),
        None => Ok(()),
    }
}

fn add_to(file: &Path, event: &Event) -> Result<()> {
    let line = serde_json::to_string(event).context("write an event as JSON")? + "\n";
    // In one piece: verbs of other jobs may write at the same time.
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .and_then(|mut open| open.write_all(line.as_bytes()))
        .with_context(|| format!("{VARIABLE}: write to {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_added_a_line_each_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("events.jsonl");
        let events = [
            Event::Built {
                app: "backend".to_owned(),
                image: "host/backend:7cd2".to_owned(),
                megabytes: 11.6,
            },
            Event::Took {
                verb: "build".to_owned(),
                seconds: 20.5,
            },
        ];
        for event in &events {
            add_to(&file, event).unwrap();
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines,
            [
                r#"{"event":"built","app":"backend","image":"host/backend:7cd2","megabytes":11.6}"#,
                r#"{"event":"took","verb":"build","seconds":20.5}"#
            ]
        );
        let read: Vec<Event> = lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(read, events);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named_with_its_variable() {
        let event = Event::Kept {
            app: "backend".to_owned(),
        };
        let error = add_to(Path::new("/nowhere/events"), &event).unwrap_err();
        assert_eq!(error.to_string(), "RELEASE_EVENTS: write to /nowhere/events");
    }
}
