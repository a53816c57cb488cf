//! What each part cost that came from outside, and how long the processors waited.

use super::words;
use crate::part::WorkKind;
use crate::{Outcome, Part, PartOutcome, Report};

/// Of the steps in which processors waited longest, so many are named.
const NAMED: usize = 3;

#[derive(Default)]
pub(super) struct Parts {
    /// How long processors waited in all, and in which steps most.
    pub(super) waited: Option<String>,
    pub(super) rows: Vec<Row>,
    /// Names of those that were there already.
    pub(super) there: String,
}

pub(super) struct Row {
    pub(super) name: String,
    /// Seconds: by the clock, of processors, of each kind of work, and of waiting processors.
    pub(super) numbers: Vec<String>,
}

impl Parts {
    pub(super) fn of(report: &Report) -> Self {
        let (there, made): (Vec<&Part>, Vec<&Part>) = report.parts.iter().partition(|part| part.was_there());
        let mut rows: Vec<Row> = made.iter().map(|part| row(report, part)).collect();
        if let Some(whole) = whole(&made) {
            rows.push(Row {
                name: "all of them".to_owned(),
                ..row(report, &whole)
            });
        }
        let names: Vec<&str> = there.iter().map(|part| part.name.as_str()).collect();
        Self {
            waited: waited(report),
            rows,
            there: names.join(", "),
        }
    }
}

fn row(report: &Report, part: &Part) -> Row {
    let seconds = |seconds: f64| format!("{seconds:.1}");
    let (looked_at, idle) = report.idle(part.began, part.began + part.seconds);
    let known = [
        Some(part.seconds),
        part.processor_seconds(),
        Some(part.seconds_of(WorkKind::Download)),
        Some(part.seconds_of(WorkKind::Compile)),
        Some(part.seconds_of(WorkKind::Pack)),
        (looked_at > 0.0).then_some(idle),
    ];
    let numbers = known.map(|number| number.map_or_else(|| "?".to_owned(), seconds));
    Row {
        name: part.title(),
        numbers: numbers.into(),
    }
}

/// From the first begin to the last end; two parts at the same time are counted as one in the first
/// number only.
fn whole(made: &[&Part]) -> Option<Part> {
    let began = made.iter().map(|part| part.began).reduce(f64::min)?;
    let ended = made.iter().map(|part| part.began + part.seconds);
    Some(Part {
        name: String::new(),
        began,
        seconds: ended.reduce(f64::max)? - began,
        outcome: PartOutcome::Passed,
        work: made.iter().flat_map(|part| part.work.clone()).collect(),
    })
}

fn waited(report: &Report) -> Option<String> {
    let (all, idle) = report.idle(0.0, report.seconds);
    if all <= 0.0 {
        return None;
    }
    let steps = report.steps.iter();
    let mut steps: Vec<(f64, &str)> = steps
        .filter(|step| !matches!(step.outcome, Outcome::Skipped(_)))
        .map(|step| {
            let (_, idle) = report.idle(step.began, step.began + step.seconds);
            (idle, step.title.as_str())
        })
        .filter(|(idle, _)| *idle > 0.0)
        .collect();
    steps.sort_by(|a, b| b.0.total_cmp(&a.0));
    let most: Vec<String> = steps
        .iter()
        .take(NAMED)
        .map(|(idle, title)| format!("{} while “{title}” ran", words::seconds(*idle)))
        .collect();
    let most = if most.is_empty() {
        String::new()
    } else {
        format!(": {}", most.join(", "))
    };
    Some(format!(
        "The processors had {} of time together and waited for {} of it{most}.",
        words::seconds(all),
        words::seconds(idle)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_row_has_the_seconds_of_clock_processor_and_kinds() {
        let parts = Parts::of(&sample::passed());
        let rows: Vec<(&str, String)> = parts
            .rows
            .iter()
            .map(|row| (row.name.as_str(), row.numbers.join(" ")))
            .collect();
        assert_eq!(
            rows,
            [
                ("node", "20.0 25.5 2.0 14.0 0.0 2.4".to_owned()),
                ("forge", "6.0 0.5 4.0 0.0 1.0 ?".to_owned()),
                ("all of them", "20.0 26.0 6.0 14.0 1.0 2.4".to_owned()),
            ]
        );
        assert_eq!(parts.there, "aws");
    }

    #[test]
    fn a_part_that_is_not_there_is_said_to_have_failed() {
        let mut report = sample::passed();
        // One that failed before anything ran, one in the midst of it.
        report.parts[0].outcome = PartOutcome::Failed;
        report.parts[1].outcome = PartOutcome::Failed;
        report.parts[2].outcome = PartOutcome::Interrupted;
        let parts = Parts::of(&report);
        let names: Vec<&str> = parts.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(
            names,
            ["aws, failed", "node, failed", "forge, interrupted", "all of them"]
        );
        assert_eq!(parts.there, "");
        assert_eq!(parts.rows[1].numbers[3], "14.0");
    }

    #[test]
    fn the_steps_in_which_processors_waited_are_named() {
        let waited = Parts::of(&sample::passed()).waited.unwrap();
        assert_eq!(
            waited,
            "The processors had 8.0 s of time together and waited for 2.8 s of it: 2.6 s while “forge and AWS” ran."
        );
        assert_eq!(Parts::of(&Report::default()).waited, None);
    }
}
