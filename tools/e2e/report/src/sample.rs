//! Two small reports for the tests.

use crate::{
    About, Answer, Answers, Diagnosis, FORMAT, Failure, Image, Kind, Load, Mark, Milestone, Outcome, Part,
    PartOutcome, Report, Requests, Second, StepRecord, Traffic, Visits, Way, Weights, Work, WorkKind,
};

/// What somebody could put into a cause to reach the reader's browser.
pub(crate) const HOSTILE: &str =
    "</pre><script>alert('x')</script> & \"quoted\" <img src=x onerror=alert(1)>";

fn step(id: &str, title: &str, kind: Kind, began: f64, seconds: f64, outcome: Outcome) -> StepRecord {
    StepRecord {
        began,
        seconds,
        budget_seconds: 600,
        last_seconds: Some(20.0),
        suite: match kind {
            Kind::Step => String::new(),
            Kind::Scenario => "main".to_owned(),
        },
        ..StepRecord::new(id, title, kind, outcome)
    }
}

/// A failure whose scenario ran and held.
fn failure() -> StepRecord {
    let mut scenario = step(
        "migration-fails",
        "a migration that fails",
        Kind::Scenario,
        70.2,
        8.0,
        Outcome::Passed,
    );
    "failures".clone_into(&mut scenario.suite);
    scenario.failure = Some(Failure {
        cause: "A release brings a migration that ends with an error.".to_owned(),
        effect: "The sync fails and names the Job. The old version serves on.".to_owned(),
        within: "30 s, 0 failed requests".to_owned(),
        way_out: "`kubectl logs job/backend-migrate` says why.".to_owned(),
    });
    scenario.measured.insert("merge to failed".to_owned(), 5.9);
    scenario
        .evidence
        .push("Job backend-migrate: Job has reached the specified backoff limit".to_owned());
    scenario.requests = Some(Requests {
        asked: 1204,
        failed: 0,
    });
    scenario
}

fn part(name: &str, began: f64, seconds: f64, work: &[(WorkKind, f64, f64, f64)]) -> Part {
    let work = work.iter().map(|&(kind, began, seconds, processor)| Work {
        kind,
        began,
        seconds,
        processor_seconds: Some(processor),
    });
    Part {
        name: name.to_owned(),
        began,
        seconds,
        outcome: PartOutcome::Passed,
        work: work.collect(),
    }
}

/// One that was there, and two that were made, for a time both at once.
fn parts() -> Vec<Part> {
    vec![
        part("aws", 1.5, 0.0, &[]),
        part(
            "node",
            2.0,
            20.0,
            &[
                (WorkKind::Download, 2.0, 2.0, 0.5),
                (WorkKind::Compile, 5.0, 14.0, 25.0),
            ],
        ),
        part(
            "forge",
            12.0,
            6.0,
            &[
                (WorkKind::Download, 12.0, 4.0, 0.25),
                (WorkKind::Pack, 16.5, 1.0, 0.25),
            ],
        ),
    ]
}

/// A cluster gets a share, answers badly, and is taken out; later somebody looks once more.
fn traffic() -> Traffic {
    let weights = |at, green| Weights {
        at,
        of: [("blue".to_owned(), 100 - green), ("green".to_owned(), green)].into(),
    };
    let second = |at, failed| Second {
        at,
        answered: 60,
        failed,
    };
    Traffic {
        step: "page-change".to_owned(),
        weights: vec![weights(40.0, 0), weights(45.0, 5), weights(50.0, 0)],
        answers: vec![second(40.0, 0), second(41.0, 2), second(59.0, 1)],
    }
}

fn skipped(title: &str) -> StepRecord {
    let why = "not asked for".to_owned();
    let mut scenario = step(title, title, Kind::Scenario, 0.0, 0.0, Outcome::Skipped(why));
    "failures".clone_into(&mut scenario.suite);
    scenario
}

/// Everything held.
pub(crate) fn passed() -> Report {
    let mut scenario = step(
        "page-change",
        "page change",
        Kind::Scenario,
        40.0,
        30.2,
        Outcome::Passed,
    );
    scenario
        .measured
        .insert("merge to only new answers".to_owned(), 4.9);
    scenario.evidence.push("staging shows 3460d86af6".to_owned());
    scenario.files.push("ci/2-master.log".to_owned());
    let marks = [
        (Milestone::OnlyNew, 66.4),
        (Milestone::Pushed, 40.5),
        (Milestone::BuildBegan, 40.8),
        (Milestone::BuildEnded, 61.0),
        (Milestone::Proposed, 61.2),
        (Milestone::Merged, 61.5),
        // Whole seconds: before the merge, by its own account.
        (Milestone::Detected, 61.0),
        (Milestone::FirstAnswer, 65.5),
    ];
    let answers = |from, to, count, answer| Answers {
        from,
        to,
        count,
        answer,
    };
    let version = |commit: &str| Answer::Version(commit.to_owned());
    Report {
        format: FORMAT,
        run: "20261121-160536".to_owned(),
        passed: true,
        seconds: 80.0,
        about: About {
            began: "2026-11-21T16:05:36Z".to_owned(),
            commit: "0b941d6f00d0b941d6f00d0b941d6f00d0b941d6".to_owned(),
            left_out: 2,
            arguments: "--only page-change".to_owned(),
            machine: "some processor, Linux 6.12".to_owned(),
            cpus: 2,
            memory_bytes: 8_000_000_000,
            engine: "podman".to_owned(),
            ci: "codebuild".to_owned(),
        },
        diagnosis: None,
        steps: vec![
            step("world", "forge and AWS", Kind::Step, 1.0, 39.0, Outcome::Passed),
            scenario,
        ],
        ways: vec![Way {
            commit: "3460d86af6bf93ccec7ee2b15a4d06533cff8c09".to_owned(),
            environment: "staging".to_owned(),
            step: "page-change".to_owned(),
            marks: marks.map(|(milestone, at)| Mark { milestone, at }).to_vec(),
        }],
        visits: vec![Visits {
            environment: "staging".to_owned(),
            site: "page".to_owned(),
            answers: vec![
                answers(40.0, 65.0, 100, version("e82f968720ad")),
                answers(65.2, 65.2, 1, Answer::Error("connection refused".to_owned())),
                answers(65.5, 80.0, 99, version("3460d86af6bf")),
            ],
        }],
        traffic: vec![traffic()],
        images: vec![Image {
            app: "backend".to_owned(),
            tag: "7cd24e83d6cdfb6ad6a9".to_owned(),
            megabytes: 13.3,
        }],
        parts: parts(),
        load: vec![
            Load {
                at: 2.0,
                cpu: 0.9,
                memory_bytes: 3_000_000_000,
            },
            Load {
                at: 4.0,
                cpu: 0.4,
                memory_bytes: 3_500_000_000,
            },
        ],
    }
}

/// Everything held, of what goes wrong too, and some of that skipped.
pub(crate) fn failures() -> Report {
    let mut report = passed();
    let more = [failure(), skipped("one thing"), skipped("another thing")];
    report.steps.extend(more);
    report
}

/// A scenario failed, with hostile text wherever text comes from outside, and the next was skipped.
pub(crate) fn failed() -> Report {
    let mut report = passed();
    report.passed = false;
    report.diagnosis = Some(Diagnosis {
        cause: format!("step `page change`: {HOSTILE}"),
        next: "`cargo xtask e2e --keep`".to_owned(),
    });
    report.about.commit = HOSTILE.to_owned();
    report.about.machine = HOSTILE.to_owned();
    let scenario = &mut report.steps[1];
    "<b>page</b> change".clone_into(&mut scenario.title);
    scenario.outcome = Outcome::Failed(HOSTILE.to_owned());
    scenario.evidence.push(HOSTILE.to_owned());
    scenario
        .files
        .push("javascript:alert(1)\" onclick=\"x".to_owned());
    scenario.measured.insert(HOSTILE.to_owned(), f64::MAX);
    report.steps.push(step(
        "promotion",
        "promotion",
        Kind::Scenario,
        0.0,
        0.0,
        Outcome::Skipped("“<b>page</b> change” failed before it".to_owned()),
    ));
    report.ways[0].commit = HOSTILE.to_owned();
    report.ways[0].environment = HOSTILE.to_owned();
    report.visits[0].answers[1].answer = Answer::Error(HOSTILE.to_owned());
    report.visits[0].answers[2].answer = Answer::Version(HOSTILE.to_owned());
    report.steps[1].failure = Some(Failure {
        way_out: HOSTILE.to_owned(),
        ..Failure::default()
    });
    report.traffic[0].step = HOSTILE.to_owned();
    report.traffic[0].weights[0].of = [(HOSTILE.to_owned(), 100)].into();
    report.images[0].app = HOSTILE.to_owned();
    for part in &mut report.parts {
        part.name = HOSTILE.to_owned();
    }
    report
}
