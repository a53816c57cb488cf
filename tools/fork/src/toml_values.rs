//! New values in a TOML file, in which all else stays as it is: comments, quotes, order, line ends.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use toml::Spanned;

use taskkit::aws::partition::PARAMETERS;

/// What parameters hold for, as `infra/aws/parameters.toml` has it.
#[derive(Debug, Deserialize)]
struct Sections {
    shared: BTreeMap<String, Spanned<String>>,
    /// Tables that are an environment's, and what holds for the file.
    #[serde(flatten)]
    others: BTreeMap<String, toml::Value>,
}

/// The parameters below `[shared]` of the file whose text this is.
pub(super) fn shared(text: &str) -> Result<BTreeMap<String, String>> {
    let sections = sections(text)?;
    let values = sections.shared.into_iter();
    Ok(values.map(|(name, value)| (name, value.into_inner())).collect())
}

/// `text` with these values below `[shared]`, each of which must be there and nowhere else.
pub(super) fn with_shared(text: &str, values: &[(&str, String)]) -> Result<String> {
    let sections = sections(text)?;
    let mut places = Vec::new();
    for (name, value) in values {
        for (section, names) in &sections.others {
            ensure!(
                names.get(*name).is_none(),
                "{PARAMETERS}: {name} stands below [{section}] too, where it would go before that of [shared]; remove it there"
            );
        }
        let old = sections.shared.get(*name).with_context(|| {
            format!("{PARAMETERS} has no {name} below [shared]; add the line: {name} = \"\"")
        })?;
        places.push((old.span(), value));
    }
    // From the end on, so that no place moves before its turn.
    places.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut edited = text.to_owned();
    for (span, value) in places {
        edited.replace_range(span, &toml::Value::from(value.as_str()).to_string());
    }
    Ok(edited)
}

fn sections(text: &str) -> Result<Sections> {
    toml::from_str(text).with_context(|| format!("read {PARAMETERS}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_value_changes_however_it_is_written() {
        for (old, new) in [
            ("A = \"\"\n", "A = \"x/y\"\n"),
            (
                "A=''   # ours\r\nB = 'b'\r\n",
                "A=\"x/y\"   # ours\r\nB = 'b'\r\n",
            ),
            ("\"A\"  =  \"old\" \n", "\"A\"  =  \"x/y\" \n"),
            ("A = \"\"\"\nold\"\"\"\n# A = 'no'\n", "A = \"x/y\"\n# A = 'no'\n"),
        ] {
            let text = |lines: &str| format!("# A = \"z\"\n[shared]\n{lines}[staging]\n[production]\n");
            let values = [("A", "x/y".to_owned())];
            assert_eq!(with_shared(&text(old), &values).unwrap(), text(new));
        }
    }

    #[test]
    fn what_is_missing_or_there_twice_is_named() {
        let error = |text: &str| {
            let values = [("A", "x".to_owned())];
            format!("{:#}", with_shared(text, &values).unwrap_err())
        };
        assert!(error("[shared]\nB = ''\n").contains("no A below [shared]"));
        assert!(error("[shared]\nA = ''\n[production]\nA = ''\n").contains("[production]"));
        assert!(error("[shared]\nA = 1\n").contains("read infra/aws/parameters.toml"));
    }
}
