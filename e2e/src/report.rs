//! What a run leaves to read: a table, `report.json` and `junit.xml`, all from the same records.

use std::{collections::BTreeMap, fmt::Write as _, fs, time::Duration};

use anyhow::{Context, Result};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde::{Deserialize, Serialize};

use crate::run_dir::RunDir;

/// How one step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "outcome", content = "cause")]
pub(crate) enum Outcome {
    Passed,
    Failed(String),
    Interrupted,
}

/// One row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StepRecord {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) seconds: f64,
    pub(crate) budget_seconds: u64,
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
    /// Numbers the step took itself, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub(crate) measured: BTreeMap<String, f64>,
    /// What was seen that shows it, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) evidence: Vec<String>,
}

impl StepRecord {
    pub(crate) fn passed(&self) -> bool {
        self.outcome == Outcome::Passed
    }
}

/// The whole run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) run: String,
    pub(crate) passed: bool,
    pub(crate) seconds: f64,
    pub(crate) steps: Vec<StepRecord>,
}

impl Report {
    pub(crate) fn new(run: &RunDir, passed: bool, took: Duration, steps: Vec<StepRecord>) -> Self {
        Self {
            run: run.id.clone(),
            passed,
            seconds: took.as_secs_f64(),
            steps,
        }
    }

    /// Writes `report.json` and `junit.xml` into the run's folder.
    pub(crate) fn write(&self, run: &RunDir) -> Result<()> {
        let json = run.file("report.json");
        fs::write(
            &json,
            serde_json::to_string_pretty(self).context("render the report")?,
        )
        .with_context(|| format!("write {}", json.display()))?;
        let xml = run.file("junit.xml");
        fs::write(&xml, self.junit()?).with_context(|| format!("write {}", xml.display()))
    }

    fn junit(&self) -> Result<String> {
        let mut suite = TestSuite::new("e2e");
        for step in &self.steps {
            let status = match &step.outcome {
                Outcome::Passed => TestCaseStatus::success(),
                Outcome::Failed(cause) => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    status.set_message(cause.as_str());
                    status
                }
                Outcome::Interrupted => TestCaseStatus::skipped(),
            };
            let mut case = TestCase::new(step.id.as_str(), status);
            case.set_classname("gitops-loop")
                .set_time(Duration::from_secs_f64(step.seconds));
            if !step.evidence.is_empty() {
                case.set_system_out(step.evidence.join("\n"));
            }
            suite.add_test_case(case);
        }
        let mut report = quick_junit::Report::new("gitops-loop");
        report
            .set_time(Duration::from_secs_f64(self.seconds))
            .add_test_suite(suite);
        report.to_string().context("render the JUnit report")
    }

    /// The table for people.
    pub(crate) fn table(&self) -> String {
        let width = self
            .steps
            .iter()
            .map(|step| step.title.chars().count())
            .max()
            .unwrap_or(0)
            .max(4);
        let mut out = format!("{:<width$}  {:>8}  {:>8}  result\n", "step", "seconds", "budget");
        for step in &self.steps {
            let result = match &step.outcome {
                Outcome::Passed => "passed",
                Outcome::Failed(_) => "FAILED",
                Outcome::Interrupted => "interrupted",
            };
            let _ = writeln!(
                out,
                "{:<width$}  {:>8.1}  {:>8}  {result}",
                step.title, step.seconds, step.budget_seconds
            );
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
    use super::*;

    fn report() -> Report {
        let row = |id: &str, outcome| StepRecord {
            id: id.to_owned(),
            title: format!("the {id}"),
            seconds: 12.34,
            budget_seconds: 60,
            outcome,
            measured: BTreeMap::from([("merge to served".to_owned(), 8.0)]),
            evidence: vec!["the page shows 1234567".to_owned()],
        };
        Report {
            run: "20261121-090000".to_owned(),
            passed: false,
            seconds: 20.0,
            steps: vec![
                row("world", Outcome::Passed),
                row("root", Outcome::Failed("no <answer>".to_owned())),
            ],
        }
    }

    #[test]
    fn the_table_has_a_row_a_step_and_its_numbers() {
        let table = report().table();
        assert!(
            table.contains(
                "the world      12.3        60  passed\n  the page shows 1234567\n  merge to served: 8.0\n"
            ),
            "{table}"
        );
        assert!(table.contains("the root       12.3        60  FAILED"), "{table}");
    }

    #[test]
    fn junit_names_the_failed_step_and_escapes_its_cause() {
        let xml = report().junit().unwrap();
        assert!(
            xml.contains(r#"tests="2""#) && xml.contains(r#"failures="1""#),
            "{xml}"
        );
        assert!(xml.contains("no &lt;answer&gt;"), "{xml}");
    }

    #[test]
    fn json_survives_a_round_trip() {
        let text = serde_json::to_string(&report()).unwrap();
        assert!(
            text.contains(r#""outcome":"failed","cause":"no <answer>""#),
            "{text}"
        );
        let back: Report = serde_json::from_str(&text).unwrap();
        assert_eq!(back.steps[1].outcome, Outcome::Failed("no <answer>".to_owned()));
    }
}
