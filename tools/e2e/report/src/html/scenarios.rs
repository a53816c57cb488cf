//! What was proven, and the files with the details.

use std::path::{Component, Path};

use super::words;
use crate::{JSON, JUNIT, Kind, Outcome, RELEASES, Report, StepRecord};

/// What a run leaves beside its steps' own files.
const OF_THE_RUN: [&str; 6] = [RELEASES, JSON, JUNIT, "ci/ledger.json", "logs", "diagnostics"];

/// A suite's name, and what stands above its scenarios.
const SUITES: [(&str, &str, &str); 5] = [
    ("", "What was proven", ""),
    (
        "failures",
        "What goes wrong",
        "Each failure was caused in an environment under observation. Grey: the expected result. Below it: what was observed.",
    ),
    ("events", "Events that are lost", ""),
    ("apps", "Apps that come and go", ""),
    ("posture", "Security", ""),
];
/// Steps and scenarios of other suites, those of older reports too, stand among the first.
const OTHERS: &str = "";

pub(super) struct Scenarios {
    pub(super) sections: Vec<Section>,
    /// Of the whole run; only those that are there.
    pub(super) files: Vec<File>,
    pub(super) diagnostics: Option<File>,
}

/// One suite.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) hint: &'static str,
    pub(super) rows: Vec<Row>,
    /// Titles of what was not run, by the reason.
    pub(super) skipped: Vec<(String, String)>,
}

pub(super) struct Row {
    pub(super) title: String,
    pub(super) id: String,
    pub(super) verdict: &'static str,
    pub(super) took: String,
    /// What did not hold.
    pub(super) why: String,
    pub(super) failure: Option<Failure>,
    pub(super) evidence: Vec<String>,
    pub(super) measured: Vec<(String, String)>,
    pub(super) files: Vec<File>,
}

/// What is claimed, each in pieces; every second one is something to type.
pub(super) struct Failure {
    pub(super) cause: Vec<String>,
    pub(super) effect: Vec<String>,
    pub(super) within: String,
    pub(super) way_out: Vec<String>,
}

pub(super) struct File {
    pub(super) name: String,
    /// Missing where there is no such file.
    pub(super) link: Option<String>,
}

impl Scenarios {
    pub(super) fn of(report: &Report, folder: &Path) -> Self {
        let files = OF_THE_RUN.map(|name| file(name, folder));
        let diagnostics = file("diagnostics", folder);
        let sections = SUITES.iter().map(|suite| section(report, folder, suite));
        Self {
            sections: sections
                .filter(|section| !section.rows.is_empty() || !section.skipped.is_empty())
                .collect(),
            files: files.into_iter().filter(|file| file.link.is_some()).collect(),
            diagnostics: diagnostics.link.is_some().then_some(diagnostics),
        }
    }
}

fn section(report: &Report, folder: &Path, suite: &(&str, &'static str, &'static str)) -> Section {
    let (name, title, hint) = *suite;
    let named = |step: &&StepRecord| SUITES.iter().any(|(name, ..)| *name == step.suite);
    let ours = |step: &&StepRecord| step.suite == name || (name == OTHERS && !named(step));
    let mut skipped: Vec<(String, String)> = Vec::new();
    let mut rows = Vec::new();
    for step in report.steps.iter().filter(ours) {
        match &step.outcome {
            Outcome::Skipped(why) => match skipped.iter_mut().find(|(known, _)| known == why) {
                Some((_, titles)) => *titles = format!("{titles}, {}", step.title),
                None => skipped.push((why.clone(), step.title.clone())),
            },
            // Steps that only prepare are of interest here when they did not do so.
            Outcome::Passed if step.kind == Kind::Step => {}
            _ => rows.push(row(step, folder)),
        }
    }
    Section {
        title,
        hint: if rows.is_empty() { "" } else { hint },
        rows,
        skipped,
    }
}

fn row(step: &StepRecord, folder: &Path) -> Row {
    let why = match &step.outcome {
        Outcome::Failed(cause) => first_line(cause),
        Outcome::Skipped(_) | Outcome::Passed | Outcome::Interrupted => String::new(),
    };
    let requests = step.requests.map(|requests| {
        let [failed, asked] = [requests.failed, requests.asked].map(|count| words::count(count as u64));
        ("requests failed".to_owned(), format!("{failed} of {asked}"))
    });
    let measured = step.measured.iter();
    let measured = measured.map(|(what, value)| (what.clone(), words::seconds(*value)));
    Row {
        title: step.title.clone(),
        id: step.id.clone(),
        verdict: step.outcome.word(),
        took: words::seconds(step.seconds),
        why,
        failure: step.failure.as_ref().map(failure),
        evidence: step.evidence.clone(),
        measured: measured.chain(requests).collect(),
        files: step.files.iter().map(|name| file(name, folder)).collect(),
    }
}

fn failure(failure: &crate::Failure) -> Failure {
    let pieces = |text: &str| text.split('`').map(str::to_owned).collect();
    Failure {
        cause: pieces(&failure.cause),
        effect: pieces(&failure.effect),
        within: failure.within.clone(),
        way_out: pieces(&failure.way_out),
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// A link only to something in the folder of the run: names come out of a file that anybody may
/// have written.
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
    use crate::sample;

    #[test]
    fn each_suite_has_its_section_with_what_was_not_told_below() {
        let scenarios = Scenarios::of(&sample::failures(), Path::new("nowhere"));
        let titles: Vec<_> = scenarios.sections.iter().map(|section| section.title).collect();
        assert_eq!(titles, ["What was proven", "What goes wrong"]);
        let [proved, wrong] = scenarios.sections.as_slice() else {
            unreachable!("just counted")
        };
        assert_eq!(proved.rows[0].id, "page-change");
        assert_eq!(wrong.rows.len(), 1);
        assert_eq!(
            wrong.skipped,
            [("not asked for".to_owned(), "one thing, another thing".to_owned())]
        );
    }

    #[test]
    fn a_failure_says_what_is_claimed_and_how_many_requests_failed() {
        let scenarios = Scenarios::of(&sample::failures(), Path::new("nowhere"));
        let row = &scenarios.sections[1].rows[0];
        assert_eq!(
            row.measured.last().unwrap(),
            &("requests failed".to_owned(), "0 of 1\u{202f}204".to_owned())
        );
        let failure = row.failure.as_ref().unwrap();
        assert_eq!(
            failure.way_out,
            ["", "kubectl logs job/backend-migrate", " says why."]
        );
    }

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
