//! `junit.xml`: what a CI system shows.

use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use crate::{Error, Kind, Outcome, Report, StepRecord};

impl Report {
    /// One test case a step; classes tell scenarios, by their suite, from what prepares them.
    pub fn junit(&self) -> Result<String, Error> {
        let mut suite = TestSuite::new("e2e");
        suite.set_time(seconds(self.seconds));
        for (name, value) in [
            ("commit", &self.about.commit),
            ("machine", &self.about.machine),
            ("engine", &self.about.engine),
            ("began", &self.about.began),
        ] {
            if !value.is_empty() {
                suite.add_property((name, value.as_str()));
            }
        }
        for step in &self.steps {
            suite.add_test_case(case(step));
        }
        let mut report = quick_junit::Report::new("gitops-loop");
        report.set_time(seconds(self.seconds)).add_test_suite(suite);
        Ok(report.to_string()?)
    }
}

fn case(step: &StepRecord) -> TestCase {
    let status = match &step.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed(cause) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status
                .set_message(cause.lines().next().unwrap_or_default())
                .set_description(cause.as_str());
            status
        }
        Outcome::Interrupted => skipped("interrupted"),
        Outcome::Skipped(why) => skipped(why),
    };
    let mut case = TestCase::new(step.id.as_str(), status);
    let class = match (step.kind, step.suite.as_str()) {
        (Kind::Step, _) => "gitops-loop.step".to_owned(),
        (Kind::Scenario, "") => "gitops-loop.scenario".to_owned(),
        (Kind::Scenario, suite) => format!("gitops-loop.{suite}"),
    };
    case.set_classname(class).set_time(seconds(step.seconds));
    if !step.evidence.is_empty() {
        case.set_system_out(step.evidence.join("\n"));
    }
    case
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(why);
    status
}

/// A report may be read from a file that a person has edited.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    /// Read back by the rules of the format, not by looking for words.
    fn read(report: &Report) -> quick_junit::Report {
        quick_junit::Report::deserialize_from_str(&report.junit().unwrap()).unwrap()
    }

    #[test]
    fn every_step_is_a_case_and_the_counts_are_right() {
        let report = sample::failed();
        let read = read(&report);
        assert_eq!(
            (read.tests, read.failures, read.errors),
            (report.steps.len(), 1, 0)
        );
        let suite = &read.test_suites[0];
        assert_eq!(
            (suite.tests, suite.failures, suite.skipped),
            (report.steps.len(), 1, 1)
        );
        let names: Vec<&str> = suite.test_cases.iter().map(|case| case.name.as_str()).collect();
        let ids: Vec<&str> = report.steps.iter().map(|step| step.id.as_str()).collect();
        assert_eq!(names, ids);
        let classes = suite.test_cases.iter().map(|case| case.classname.as_deref());
        assert_eq!(
            classes.take(2).collect::<Vec<_>>(),
            [Some("gitops-loop.step"), Some("gitops-loop.main")]
        );
    }

    #[test]
    fn a_failure_says_why_and_so_does_a_skip() {
        let read = read(&sample::failed());
        let messages: Vec<String> = read.test_suites[0]
            .test_cases
            .iter()
            .filter_map(|case| match &case.status {
                TestCaseStatus::NonSuccess { message, .. } | TestCaseStatus::Skipped { message, .. } => {
                    message.as_ref().map(|message| message.as_str().to_owned())
                }
                TestCaseStatus::Success { .. } => None,
            })
            .collect();
        assert_eq!(
            messages,
            [sample::HOSTILE, "“<b>page</b> change” failed before it"]
        );
    }
}
