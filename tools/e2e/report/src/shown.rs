//! What a page shows of a run: some rows of its table, each with some of the lines below it.

use crate::{Error, Outcome, Report, StepRecord, text};

/// The rows that a page shows, as a run has them.
#[derive(Debug, PartialEq, Eq)]
pub struct Shown {
    /// The same rows, with the figures of the run.
    pub rows: String,
    /// What they say that no run would: where a limit is another one by now.
    pub wrong: Vec<String>,
    /// The steps among them that did not run, which stay as they are.
    pub left: Vec<String>,
}

impl Report {
    /// The rows `shown` of a table, as this run has them. An error if the run has no such step, or
    /// printed nothing like a line below one.
    pub fn shown(&self, shown: &str) -> Result<Shown, Error> {
        let mut lines = shown.lines();
        let width = lines
            .clone()
            .filter_map(title)
            .map(|title| title.chars().count())
            .max();
        let width = width.unwrap_or_default();
        let mut new = Shown {
            rows: format!("{}\n", text::head(width)),
            wrong: Vec::new(),
            left: Vec::new(),
        };
        lines.next();
        let mut step = None;
        for line in lines {
            if line.starts_with("all ") {
                new.rows.push_str(&text::last(width, self.seconds));
            } else if let Some(title) = title(line) {
                let found = self.steps.iter().find(|step| step.title == title);
                let found = found.ok_or_else(|| Error::Shown(line.to_owned()))?;
                if !line.contains(&format!(" {} ", found.budget_seconds)) {
                    new.wrong
                        .push(format!("{title}: the limit is {} s", found.budget_seconds));
                }
                step = Some(found).filter(|step| step.outcome == Outcome::Passed);
                if let Some(step) = step {
                    new.rows.push_str(&text::row(width, step));
                } else {
                    new.left.push(title.to_owned());
                    new.rows.push_str(line);
                }
            } else {
                let now = step.map(|step| below(step, line)).transpose()?;
                new.rows.push_str(now.as_deref().unwrap_or(line));
            }
            new.rows.push('\n');
        }
        Ok(new)
    }
}

/// The title of the step that a row is of.
fn title(line: &str) -> Option<&str> {
    let title = line.split("  ").next().unwrap_or(line);
    (!title.is_empty() && !line.starts_with("all ")).then_some(title)
}

/// The line below a step that says what `line` does, with the figures of its run.
fn below(step: &StepRecord, line: &str) -> Result<String, Error> {
    let mut lines = text::below(step);
    let found = lines.find(|now| without_figures(now) == without_figures(line));
    found.ok_or_else(|| Error::Shown(line.to_owned()))
}

/// The words of a line, with a sign for each that has a digit: a figure, a commit, a digest.
fn without_figures(line: &str) -> String {
    let is_of_word = |c: char| c.is_ascii_alphanumeric();
    let mut words = String::new();
    for part in line.split_inclusive(|c| !is_of_word(c)) {
        let word = part.trim_end_matches(|c| !is_of_word(c));
        let has_digit = word.contains(|c: char| c.is_ascii_digit());
        words.push_str(if has_digit { "#" } else { word });
        words.push_str(&part[word.len()..]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    const SHOWN: &str = "step           seconds    budget  result\n\
        forge and AWS     21.8       600  passed\n\
        page change        1.0        60  passed\n  \
          merge to only new answers: 3.5\n\
        a migration that fails      21.8       600  passed\n\
        all              634.3\n";

    const LEFT: &str = "a migration that fails";

    fn of(shown: &str) -> Result<Shown, Error> {
        let mut report = sample::passed();
        let mut skipped = report.steps[0].clone();
        LEFT.clone_into(&mut skipped.title);
        skipped.outcome = Outcome::Skipped("not asked for".to_owned());
        report.steps.push(skipped);
        report.shown(shown)
    }

    #[test]
    fn rows_get_the_figures_of_the_run_and_those_that_did_not_run_stay() {
        let shown = of(SHOWN).expect("each row has a step");
        assert_eq!(
            shown.rows,
            format!(
                "step                     seconds    budget  result\n\
                 forge and AWS               39.0       600  passed\n\
                 page change                 30.2       600  passed\n  \
                   merge to only new answers: 4.9\n\
                 {LEFT}      21.8       600  passed\n\
                 all                         80.0\n"
            )
        );
        assert_eq!(shown.left, [LEFT]);
        assert_eq!(shown.wrong, ["page change: the limit is 600 s"]);
    }

    #[test]
    fn what_no_run_prints_is_named() {
        for (old, new) in [
            ("forge and AWS ", "forge and GCP "),
            ("merge to only new answers", "merge to some new answers"),
        ] {
            let error = of(&SHOWN.replace(old, new)).expect_err(new).to_string();
            assert!(error.contains(new.trim()), "{error}");
        }
    }

    #[test]
    fn only_what_differs_from_run_to_run_may_differ() {
        let line = "staging shows 0e87a0f2a2 after 4.0 s (sha256:6eb07d437fe2)";
        assert_eq!(without_figures(line), "staging shows # after #.# s (#:#)");
    }
}
