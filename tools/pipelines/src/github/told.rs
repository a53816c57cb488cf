//! What act says of a run, line by line.

use serde::Deserialize;

/// What act has said so far.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Jobs.
    pub(super) passed: Vec<String>,
    /// The first.
    pub(super) failure: Option<String>,
}

/// A line of `act --json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(default)]
    msg: String,
    #[serde(rename = "jobID", default)]
    job: String,
    #[serde(default)]
    step: String,
    step_result: Option<String>,
    job_result: Option<String>,
}

impl Told {
    /// Takes a line in; gives what a person wants to read of it.
    pub(super) fn read(&mut self, line: &str, doing: &impl Fn(&str)) -> String {
        let Ok(line) = serde_json::from_str::<Line>(line) else {
            return line.to_owned();
        };
        let step = line.step.lines().next().unwrap_or_default();
        if line.msg.starts_with("⭐ Run Main") {
            doing(step);
        }
        if line.step_result.as_deref() == Some("failure") {
            self.failure
                .get_or_insert_with(|| format!("job {}, step `{step}` failed", line.job));
        }
        match line.job_result.as_deref() {
            Some("success") => self.passed.push(line.job),
            Some(result) => {
                self.failure
                    .get_or_insert_with(|| format!("job {} ended with {result}", line.job));
            }
            None => {}
        }
        line.msg
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_act_says_is_understood() {
        let mut told = Told::default();
        let quiet = |_: &str| {};
        assert_eq!(
            told.read(r#"{"jobID":"a","msg":"text\n","raw_output":true}"#, &quiet),
            "text\n"
        );
        told.read(r#"{"jobID":"a","msg":"","jobResult":"success"}"#, &quiet);
        told.read(
            r#"{"jobID":"b","msg":"","step":"one\ntwo","stepResult":"failure"}"#,
            &quiet,
        );
        told.read(r#"{"jobID":"b","msg":"","jobResult":"failure"}"#, &quiet);
        assert_eq!(told.passed, ["a"]);
        assert_eq!(told.failure.as_deref(), Some("job b, step `one` failed"));
        assert_eq!(told.read("not JSON", &quiet), "not JSON");
    }
}
