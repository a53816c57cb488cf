//! What CI systems show of a verb: a `JUnit` file of one case, `target/ci/reports/<verb>.xml`.
//!
//! `CodeBuild` and GitLab both read this format; one file for each verb, because verbs may run on
//! different machines.

use std::path::Path;

use anyhow::{Error, Result};

use crate::ci::results;

const FOLDER: &str = "reports";

/// Writes how `verb` went.
pub(crate) fn write(folder: &Path, verb: &str, seconds: f64, failure: Option<&Error>) -> Result<()> {
    let file = folder.join(FOLDER).join(format!("{verb}.xml"));
    results::write(&file, &render(verb, seconds, failure))
}

fn render(verb: &str, seconds: f64, failure: Option<&Error>) -> String {
    let failures = u8::from(failure.is_some());
    let case = format!("<testcase classname=\"cargo xtask ci\" name=\"{verb}\" time=\"{seconds:.3}\"");
    let case = match failure {
        None => format!("{case}/>"),
        Some(error) => format!(
            "{case}><failure message=\"{}\"/></testcase>",
            escaped(&format!("{error:#}"))
        ),
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites><testsuite name=\"ci {verb}\" tests=\"1\" \
         failures=\"{failures}\" errors=\"0\" time=\"{seconds:.3}\">{case}</testsuite></testsuites>\n"
    )
}

/// As the value of an attribute; characters that XML cannot hold are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            other if other.is_control() => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_that_passed_and_one_that_failed() {
        let passed = render("plan", 0.25, None);
        assert!(
            passed.contains("failures=\"0\"") && passed.contains("name=\"plan\" time=\"0.250\"/>"),
            "{passed}"
        );
        let failed = render("push", 1.0, Some(&anyhow::anyhow!("\"a\" & <b>\n\u{1b}[31mred")));
        assert!(failed.contains("failures=\"1\""), "{failed}");
        assert!(
            failed.contains("<failure message=\"&quot;a&quot; &amp; &lt;b&gt;&#10;[31mred\"/>"),
            "{failed}"
        );
    }
}
