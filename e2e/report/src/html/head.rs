//! The verdict, four numbers, and what was tested where; before all of it the cause, if there is one.

use super::words;
use crate::{Answer, Kind, Milestone, Outcome, Report, Way};

pub(super) struct Head {
    /// Also the class that gives it its colour.
    pub(super) verdict: &'static str,
    pub(super) sentence: String,
    pub(super) numbers: Vec<Number>,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) diagnosis: Option<Diagnosis>,
    pub(super) run: String,
}

/// A large number and what it counts.
pub(super) struct Number {
    pub(super) value: String,
    pub(super) what: String,
    /// It is not what it should be.
    pub(super) bad: bool,
}

pub(super) struct Diagnosis {
    pub(super) step: String,
    pub(super) cause: String,
    /// In pieces; every second one is something to type.
    pub(super) next: Vec<String>,
}

impl Head {
    pub(super) fn of(report: &Report) -> Self {
        let verdict = if report.passed {
            "Passed"
        } else if report
            .steps
            .iter()
            .any(|step| matches!(step.outcome, Outcome::Failed(_)))
        {
            "Failed"
        } else {
            "Interrupted"
        };
        Self {
            verdict,
            sentence: sentence(report),
            numbers: numbers(report),
            facts: facts(report),
            diagnosis: diagnosis(report),
            run: report.run.clone(),
        }
    }
}

fn sentence(report: &Report) -> String {
    let stories = || report.steps.iter().filter(|step| step.kind == Kind::Story);
    let failed = report
        .steps
        .iter()
        .find(|step| matches!(step.outcome, Outcome::Failed(_)));
    match failed {
        Some(step) => format!("“{}” did not hold.", step.title),
        None if !report.passed => "The run was ended before its last step.".to_owned(),
        None if stories().next().is_none() => "The loop is up; no story was told to it.".to_owned(),
        None => "From a push to the answer a visitor gets: two clusters, a forge and AWS, on one machine."
            .to_owned(),
    }
}

fn numbers(report: &Report) -> Vec<Number> {
    let stories = report.steps.iter().filter(|step| step.kind == Kind::Story);
    let (held, told) = stories.fold((0, 0), |(held, told), step| {
        (
            held + u32::from(step.passed()),
            told + u32::from(!matches!(step.outcome, Outcome::Skipped(_))),
        )
    });
    let mut numbers = Vec::new();
    if told > 0 {
        numbers.push(Number {
            value: format!("{held} of {told}"),
            what: "stories held".to_owned(),
            bad: held < told,
        });
    }
    let mut live: Vec<f64> = report.ways.iter().filter_map(merge_to_only_new).collect();
    live.sort_by(f64::total_cmp);
    if !live.is_empty() {
        numbers.push(Number {
            value: words::seconds(live[live.len() / 2]),
            what: format!("from merge to only new answers, median of {}", live.len()),
            bad: false,
        });
    }
    let (asked, failed) = requests(report);
    if asked > 0 {
        numbers.push(Number {
            value: words::count(failed),
            what: format!("of {} requests failed", words::count(asked)),
            // Some stories break things on purpose, and say themselves how much may fail.
            bad: failed > 0 && !report.passed,
        });
    }
    numbers.push(Number {
        value: words::seconds(report.seconds),
        what: "the whole run".to_owned(),
        bad: false,
    });
    numbers
}

fn merge_to_only_new(way: &Way) -> Option<f64> {
    let at = |milestone| {
        way.marks
            .iter()
            .find(|mark| mark.milestone == milestone)
            .map(|mark| mark.at)
    };
    Some(at(Milestone::OnlyNew)? - at(Milestone::Merged)?)
}

/// All requests, those of steady loads too, and how many of them failed.
fn requests(report: &Report) -> (u64, u64) {
    let answers = report.visits.iter().flat_map(|visits| &visits.answers);
    let steady = report.steps.iter().filter_map(|step| step.requests);
    let steady = steady.fold((0, 0), |(asked, failed), requests| {
        (asked + requests.asked as u64, failed + requests.failed as u64)
    });
    answers.fold(steady, |(asked, failed), run| {
        let errors = if matches!(run.answer, Answer::Error(_)) {
            run.count
        } else {
            0
        };
        (asked + run.count, failed + errors)
    })
}

fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let about = &report.about;
    let left_out = match about.left_out {
        0 => String::new(),
        1 => ", 1 path not committed and not tested".to_owned(),
        n => format!(", {n} paths not committed and not tested"),
    };
    let machine = if about.machine.is_empty() {
        String::new()
    } else {
        let memory = words::bytes(about.memory_bytes);
        format!("{} CPUs, {memory} of memory, {}", about.cpus, about.machine)
    };
    let command = format!("cargo xtask e2e {}", about.arguments);
    let facts = [
        ("Commit", format!("{}{left_out}", words::short(&about.commit))),
        ("Began", about.began.replace('T', " ").replace('Z', " UTC")),
        ("Machine", machine),
        ("Engine", about.engine.clone()),
        ("CI", about.ci.clone()),
        ("Command", command.trim_end().to_owned()),
    ];
    facts.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn diagnosis(report: &Report) -> Option<Diagnosis> {
    if report.passed {
        return None;
    }
    let failed = report.steps.iter().find_map(|step| match &step.outcome {
        Outcome::Failed(cause) => Some((step.title.clone(), cause.clone())),
        _ => None,
    });
    let (step, cause) = failed.unwrap_or_default();
    let told = report.diagnosis.clone().unwrap_or_default();
    Some(Diagnosis {
        step,
        cause: if cause.is_empty() { told.cause } else { cause },
        next: told.next.split('`').map(str::to_owned).collect(),
    })
}
