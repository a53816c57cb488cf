//! `report.json`: the records as they are.

use std::path::Path;

use serde::Deserialize;

use crate::{Error, FORMAT, Report};

impl Report {
    /// The report for programs.
    pub fn json(&self) -> Result<String, Error> {
        serde_json::to_string_pretty(self).map_err(Error::Unspeakable)
    }
}

/// Reads what [`Report::json`] wrote. The format is looked at first: what follows has a meaning
/// only in its own.
pub(crate) fn parse(path: &Path, text: &str) -> Result<Report, Error> {
    #[derive(Deserialize)]
    struct Head {
        format: Option<u64>,
        #[serde(rename = "run")]
        _run: String,
    }
    let wrong = |source| Error::Json {
        path: path.to_owned(),
        source,
    };
    let head: Head = serde_json::from_str(text).map_err(wrong)?;
    // The first reports said nothing of a format.
    let found = head.format.unwrap_or(1);
    if found != u64::from(FORMAT) {
        return Err(Error::Format {
            path: path.to_owned(),
            found,
        });
    }
    serde_json::from_str(text).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn parsed(text: &str) -> Result<Report, Error> {
        parse(Path::new("report.json"), text)
    }

    #[test]
    fn it_survives_a_round_trip() {
        for report in [sample::passed(), sample::failed()] {
            let text = report.json().unwrap();
            assert_eq!(parsed(&text).unwrap(), report, "{text}");
        }
        assert!(
            sample::failed()
                .json()
                .unwrap()
                .contains("\"outcome\": \"failed\",\n      \"cause\": \"")
        );
    }

    #[test]
    fn an_older_or_newer_format_is_refused_by_name() {
        let old = r#"{"run": "20261121-160536", "passed": true, "seconds": 1.0, "steps": []}"#;
        let error = parsed(old).unwrap_err().to_string();
        assert!(
            error.contains("report.json: this report has format 1") && error.contains("run the e2e again"),
            "{error}"
        );
        let new = r#"{"format": 99, "run": "x", "something": "else"}"#;
        assert!(parsed(new).unwrap_err().to_string().contains("format 99"));
    }

    #[test]
    fn a_part_of_a_report_that_says_nothing_of_its_outcome_was_had() {
        let text = sample::passed().json().unwrap();
        let said = "\n      \"outcome\": \"passed\",\n      \"work\"";
        assert!(text.contains(said), "{text}");
        let older = text.replace(said, "\n      \"work\"");
        assert_eq!(parsed(&older).unwrap(), sample::passed());
    }

    #[test]
    fn a_report_that_says_nothing_of_traffic_has_none() {
        let mut report = sample::passed();
        let mut older = serde_json::to_value(&report).unwrap();
        assert!(older.as_object_mut().unwrap().remove("traffic").is_some());
        report.traffic.clear();
        assert_eq!(parsed(&older.to_string()).unwrap(), report);
    }

    #[test]
    fn something_else_is_no_report() {
        for text in ["", "[]", r#"{"format": 2}"#, r#"{"format": 2, "run": "x"}"#] {
            let error = parsed(text).unwrap_err().to_string();
            assert!(error.contains("report.json: not a report"), "{text}: {error}");
        }
    }
}
