//! The verdict, four numbers, and what was tested where; before all of it the cause, if there is
//! one.

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
    let scenarios = || report.steps.iter().filter(|step| step.kind == Kind::Scenario);
    let failed = report
        .steps
        .iter()
        .find(|step| matches!(step.outcome, Outcome::Failed(_)));
    match failed {
        Some(step) => format!("“{}” did not hold.", step.title),
        None if !report.passed => "The run was ended before its last step.".to_owned(),
        None if scenarios().next().is_none() => "The loop is up; no scenario ran on it.".to_owned(),
        None => "From a push to the answer a visitor gets: two clusters, a forge and AWS, on one machine."
            .to_owned(),
    }
}

fn numbers(report: &Report) -> Vec<Number> {
    let scenarios = report.steps.iter().filter(|step| step.kind == Kind::Scenario);
    let (held, ran) = scenarios.fold((0, 0), |(held, ran), step| {
        (
            held + u32::from(step.passed()),
            ran + u32::from(!matches!(step.outcome, Outcome::Skipped(_))),
        )
    });
    let mut numbers = Vec::new();
    if ran > 0 {
        numbers.push(Number {
            value: format!("{held} of {ran}"),
            what: "scenarios passed".to_owned(),
            bad: held < ran,
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
    let Requests {
        asked,
        failed,
        provoked,
    } = requests(report);
    if asked > 0 {
        let asked = words::count(asked);
        numbers.push(Number {
            value: words::count(failed),
            what: match provoked {
                0 => format!("of {asked} requests failed"),
                // Those scenarios say themselves how much may fail.
                _ => format!(
                    "of {asked} requests failed while nothing was broken on purpose, {} while something was",
                    words::count(provoked)
                ),
            },
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

struct Requests {
    /// All of them, those of steady loads too.
    asked: u64,
    /// Those that failed although no scenario was breaking anything.
    failed: u64,
    /// The others that failed.
    provoked: u64,
}

fn requests(report: &Report) -> Requests {
    let mut sum = Requests {
        asked: 0,
        failed: 0,
        provoked: 0,
    };
    for (step, requests) in report
        .steps
        .iter()
        .filter_map(|step| Some((step, step.requests?)))
    {
        sum.asked += requests.asked as u64;
        match step.failure {
            Some(_) => sum.provoked += requests.failed as u64,
            None => sum.failed += requests.failed as u64,
        }
    }
    for run in report.visits.iter().flat_map(|visits| &visits.answers) {
        sum.asked += run.count;
        if matches!(run.answer, Answer::Error(_)) {
            match report.breaking_at(run.from).next() {
                Some(_) => sum.provoked += run.count,
                None => sum.failed += run.count,
            }
        }
    }
    sum
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
    let diagnosis = report.diagnosis.clone().unwrap_or_default();
    Some(Diagnosis {
        step,
        cause: if cause.is_empty() { diagnosis.cause } else { cause },
        next: diagnosis.next.split('`').map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answers, sample};

    #[test]
    fn what_fails_while_a_scenario_breaks_something_counts_apart() {
        let mut report = sample::failures();
        let failed = |report: &Report| {
            let Requests { failed, provoked, .. } = requests(report);
            (failed, provoked)
        };
        assert_eq!(failed(&report), (1, 0));
        report.visits[0].answers.push(Answers {
            from: 71.0,
            to: 72.0,
            count: 5,
            answer: Answer::Error("refused".to_owned()),
        });
        assert_eq!(failed(&report), (1, 5));
        let numbers = numbers(&report);
        let failed = numbers.iter().find(|number| number.what.contains("requests"));
        assert!(
            failed
                .unwrap()
                .what
                .ends_with("on purpose, 5 while something was")
        );
    }
}
