//! The table for people at a terminal.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::{Outcome, Report, StepRecord};

/// Of more steps that were skipped for one reason, the number says enough.
const NAMED: usize = 3;

impl Report {
    /// A row a step that ran, and below it what was measured and seen; below all of them a line for
    /// each reason to skip steps.
    pub fn table(&self) -> String {
        let mut skipped: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut ran = Vec::new();
        for step in &self.steps {
            match &step.outcome {
                Outcome::Skipped(why) => skipped.entry(why).or_default().push(&step.title),
                _ => ran.push(step),
            }
        }
        let titles = ran.iter().map(|step| step.title.chars().count());
        let width = titles.max().unwrap_or(0).max(4);
        let mut out = head(width) + "\n";
        for step in ran {
            for line in [row(width, step)].into_iter().chain(below(step)) {
                let _ = writeln!(out, "{line}");
            }
        }
        let _ = writeln!(out, "{}", last(width, self.seconds));
        for (why, titles) in skipped {
            let which = if titles.len() > NAMED {
                format!("{} steps", titles.len())
            } else {
                titles.join(", ")
            };
            let _ = writeln!(out, "skipped: {which}: {why}");
        }
        out
    }
}

pub(crate) fn head(width: usize) -> String {
    format!("{:<width$}  {:>8}  {:>8}  result", "step", "seconds", "budget")
}

pub(crate) fn row(width: usize, step: &StepRecord) -> String {
    let result = match &step.outcome {
        Outcome::Failed(_) => "FAILED",
        other => other.word(),
    };
    format!(
        "{:<width$}  {:>8.1}  {:>8}  {result}",
        step.title, step.seconds, step.budget_seconds
    )
}

/// What was seen and measured, a line each.
pub(crate) fn below(step: &StepRecord) -> impl Iterator<Item = String> {
    let seen = step.evidence.iter().map(|sentence| format!("  {sentence}"));
    let measured = step.measured.iter();
    seen.chain(measured.map(|(what, value)| format!("  {what}: {value:.1}")))
}

pub(crate) fn last(width: usize, seconds: f64) -> String {
    format!("{:<width$}  {seconds:>8.1}", "all")
}

#[cfg(test)]
mod tests {
    use crate::{Outcome, sample};

    #[test]
    fn it_has_a_row_a_step_and_its_numbers() {
        let table = sample::passed().table();
        assert!(
            table.contains(
                "page change        30.2       600  passed\n  staging shows 3460d86af6\n  merge to only new answers: 4.9\n"
            ),
            "{table}"
        );
    }

    #[test]
    fn failed_and_skipped_are_told_apart() {
        let table = sample::failed().table();
        assert!(table.contains("FAILED\n"), "{table}");
        let reason = "“<b>page</b> change” failed before it\n";
        assert_eq!(table.matches(reason).count(), 1, "{table}");
        assert!(
            table
                .lines()
                .last()
                .is_some_and(|line| line.starts_with("skipped: ")),
            "{table}"
        );
    }

    #[test]
    fn steps_that_nobody_asked_for_take_one_line() {
        let mut report = sample::passed();
        let mut step = report.steps[0].clone();
        step.outcome = Outcome::Skipped("not asked for".to_owned());
        report.steps.extend(vec![step; 30]);
        let table = report.table();
        assert!(table.ends_with("\nskipped: 30 steps: not asked for\n"), "{table}");
    }
}
