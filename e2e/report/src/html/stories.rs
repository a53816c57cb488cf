//! What was proved, by what; and the files in which it can be read up.

use std::path::{Component, Path};

use super::words;
use crate::{JSON, JUNIT, Kind, Outcome, Report, StepRecord};

/// What a run leaves beside its steps' own files.
const OF_THE_RUN: [&str; 5] = [JSON, JUNIT, "ci/ledger.json", "logs", "diagnostics"];

pub(super) struct Stories {
    pub(super) rows: Vec<Row>,
    /// Of the whole run; only those that are there.
    pub(super) files: Vec<File>,
    pub(super) diagnostics: Option<File>,
}

pub(super) struct Row {
    pub(super) title: String,
    pub(super) id: String,
    pub(super) verdict: &'static str,
    pub(super) took: String,
    /// Why it was skipped or what did not hold.
    pub(super) why: String,
    pub(super) evidence: Vec<String>,
    pub(super) measured: Vec<(String, String)>,
    pub(super) files: Vec<File>,
}

pub(super) struct File {
    pub(super) name: String,
    /// Missing where there is no such file.
    pub(super) link: Option<String>,
}

impl Stories {
    pub(super) fn of(report: &Report, folder: &Path) -> Self {
        // Steps that only prepare are of interest here when they did not do so.
        let shown = |step: &&StepRecord| step.kind == Kind::Story || !step.passed();
        let files = OF_THE_RUN.map(|name| file(name, folder));
        let diagnostics = file("diagnostics", folder);
        Self {
            rows: report
                .steps
                .iter()
                .filter(shown)
                .map(|step| row(step, folder))
                .collect(),
            files: files.into_iter().filter(|file| file.link.is_some()).collect(),
            diagnostics: diagnostics.link.is_some().then_some(diagnostics),
        }
    }
}

fn row(step: &StepRecord, folder: &Path) -> Row {
    let (took, why) = match &step.outcome {
        Outcome::Skipped(why) => (String::new(), why.clone()),
        Outcome::Failed(cause) => (words::seconds(step.seconds), first_line(cause)),
        Outcome::Passed | Outcome::Interrupted => (words::seconds(step.seconds), String::new()),
    };
    Row {
        title: step.title.clone(),
        id: step.id.clone(),
        verdict: step.outcome.word(),
        took,
        why,
        evidence: step.evidence.clone(),
        measured: step
            .measured
            .iter()
            .map(|(what, value)| (what.clone(), words::seconds(*value)))
            .collect(),
        files: step.files.iter().map(|name| file(name, folder)).collect(),
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// A link only to something in the folder of the run: names come out of a file that anybody may have written.
fn file(name: &str, folder: &Path) -> File {
    let inside = Path::new(name)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let link = (inside && folder.join(name).exists()).then(|| encoded(name));
    File {
        name: name.to_owned(),
        link,
    }
}

fn encoded(path: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_./".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_only_into_the_folder_of_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("run");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(folder.path().join("secret"), "").unwrap();
        std::fs::write(inner.join("a log"), "").unwrap();
        assert_eq!(file("a log", &inner).link.as_deref(), Some("a%20log"));
        assert!(file("../secret", &inner).link.is_none());
        assert!(
            file(folder.path().join("secret").to_str().unwrap(), &inner)
                .link
                .is_none()
        );
        assert!(file("gone", &inner).link.is_none());
    }
}
