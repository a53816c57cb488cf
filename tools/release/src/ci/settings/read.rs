//! Reading a variable, and what may be around its value by accident: the end of a file's line,
//! quotes that only a shell takes off.

use std::env::{self, VarError};

use anyhow::{Context as _, Result, bail, ensure};

pub(super) fn required(name: &str) -> Result<String> {
    optional(name)?
        .with_context(|| format!("{name} is not set; docs/CI.md lists what the release verbs read"))
}

/// A variable set to nothing counts as not set: CI systems pass undefined settings on like that.
pub(super) fn optional(name: &str) -> Result<Option<String>> {
    value(name)?.map(|value| plain(name, value)).transpose()
}

/// A token of a forge: it goes into headers, and is not to be shown.
pub(super) fn token(name: &str) -> Result<Option<String>> {
    let value = value(name)?;
    if let Some(token) = &value {
        ensure!(
            token
                .chars()
                .all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\'')),
            "{name} holds a blank, a line break, a quote or another sign that no token has; set it to the token alone"
        );
    }
    Ok(value)
}

/// A password may hold anything, a key in JSON with its line breaks too.
pub(super) fn password(name: &str) -> Result<Option<String>> {
    value(name)
}

/// White space around a value is never meant: it is what a file ends with, or was copied along.
fn value(name: &str) -> Result<Option<String>> {
    match env::var(name) {
        Ok(value) => {
            let value = value.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            Ok((!value.is_empty()).then(|| value.to_owned()))
        }
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => bail!("{name} is not valid UTF-8"),
    }
}

fn plain(name: &str, value: String) -> Result<String> {
    let is_quoted = ['"', '\'']
        .iter()
        .any(|quote| value.starts_with(*quote) || value.ends_with(*quote));
    ensure!(
        !is_quoted,
        "{name} begins or ends with a quote; outside of a shell it belongs to the value: leave it out"
    );
    ensure!(
        !value.contains(char::is_control),
        "{name} holds a line break or another control character"
    );
    Ok(value)
}
