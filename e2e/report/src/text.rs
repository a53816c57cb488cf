//! The table for people at a terminal.

use std::fmt::Write as _;

use crate::{Outcome, Report};

impl Report {
    /// A row a step, and below it what was measured and seen.
    pub fn table(&self) -> String {
        let titles = self.steps.iter().map(|step| step.title.chars().count());
        let width = titles.max().unwrap_or(0).max(4);
        let mut out = format!("{:<width$}  {:>8}  {:>8}  result\n", "step", "seconds", "budget");
        for step in &self.steps {
            let result = match &step.outcome {
                Outcome::Failed(_) => "FAILED",
                other => other.word(),
            };
            let _ = writeln!(
                out,
                "{:<width$}  {:>8.1}  {:>8}  {result}",
                step.title, step.seconds, step.budget_seconds
            );
            if let Outcome::Skipped(why) = &step.outcome {
                let _ = writeln!(out, "  {why}");
            }
            for sentence in &step.evidence {
                let _ = writeln!(out, "  {sentence}");
            }
            for (what, value) in &step.measured {
                let _ = writeln!(out, "  {what}: {value:.1}");
            }
        }
        let _ = writeln!(out, "{:<width$}  {:>8.1}", "all", self.seconds);
        out
    }
}

#[cfg(test)]
mod tests {
    use crate::sample;

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
        assert!(
            table.contains("skipped\n  “<b>page</b> change” failed"),
            "{table}"
        );
    }
}
