//! What the verbs of a run did, in their own JSON (`RELEASE_EVENTS`, docs/CI.md): the same through
//! each CI system.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// Something that a verb did.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(crate) enum Event {
    /// An image was made, of this size.
    Built {
        app: String,
        image: String,
        megabytes: f64,
    },
    /// An image went to the registry.
    Pushed { app: String, image: String },
    /// A verb ended.
    Took { verb: String, seconds: f64 },
    /// What nobody here asks for.
    #[serde(other)]
    Other,
}

/// Those in `file`; none before the first verb has ended.
pub(crate) fn read(file: &Path) -> Result<Vec<Event>> {
    let text = match std::fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        text => text.with_context(|| format!("read {}", file.display()))?,
    };
    let events = text.lines().map(serde_json::from_str);
    events
        .collect::<Result<_, _>>()
        .with_context(|| format!("read {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_built_is_read_and_other_events_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("events.jsonl");
        assert_eq!(read(&file).unwrap(), []);
        let lines = [
            r#"{"event":"kept","app":"frontend"}"#,
            r#"{"event":"built","app":"backend","image":"host/backend:7cd2","megabytes":11.6}"#,
            r#"{"event":"took","verb":"build","seconds":20.5}"#,
        ];
        std::fs::write(&file, lines.join("\n")).unwrap();
        let built = Event::Built {
            app: "backend".to_owned(),
            image: "host/backend:7cd2".to_owned(),
            megabytes: 11.6,
        };
        let took = Event::Took {
            verb: "build".to_owned(),
            seconds: 20.5,
        };
        assert_eq!(read(&file).unwrap(), [Event::Other, built, took]);
        std::fs::write(&file, "built host/backend\n").unwrap();
        assert!(read(&file).is_err());
    }
}
