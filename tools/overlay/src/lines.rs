//! Finds the one line that pins an image.

use std::ops::Range;

use super::Error;

/// Index of the one `digest:` line in the one `images:` entry of `app`.
pub(super) fn digest(lines: &[&str], app: &str) -> Result<usize, Error> {
    let mine: Vec<_> = entries(lines)
        .into_iter()
        .filter(|entry| names(&lines[entry.clone()], app))
        .collect();
    let entry = match mine.as_slice() {
        [entry] => entry.clone(),
        [] => return Err(Error::NoEntry(app.to_owned())),
        many => return Err(Error::ManyEntries(app.to_owned(), many.len())),
    };
    let found: Vec<_> = entry.filter(|&at| key(lines[at]) == Some("digest")).collect();
    match found.as_slice() {
        [at] => Ok(*at),
        _ => Err(Error::Digests(app.to_owned(), found.len())),
    }
}

/// The lines under the top-level key `images`.
pub(super) fn images(lines: &[&str]) -> Range<usize> {
    let is_key = |line: &&str| {
        let rest = line.trim_start_matches('\u{feff}').strip_prefix("images:");
        rest.is_some_and(|rest| rest.trim().is_empty() || rest.trim_start_matches(' ').starts_with('#'))
    };
    let Some(start) = lines.iter().position(is_key).map(|at| at + 1) else {
        return 0..0;
    };
    // A list may stand at the indentation of its key; the next top-level key ends it.
    let ends = |line: &&str| line.starts_with(|c: char| !c.is_whitespace() && c != '-' && c != '#');
    let end = lines[start..].iter().position(ends);
    start..end.map_or(lines.len(), |offset| start + offset)
}

/// The list items there, as ranges of lines.
fn entries(lines: &[&str]) -> Vec<Range<usize>> {
    let block = images(lines);
    let begins = |line: &str| line.trim() == "-" || line.trim_start().starts_with("- ");
    let mut starts: Vec<usize> = block.clone().filter(|&at| begins(lines[at])).collect();
    starts.push(block.end);
    starts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// Whether an image of this name is the app's.
pub(super) fn is_app(name: &str, app: &str) -> bool {
    name == app || name.rsplit_once('/').is_some_and(|(_, last)| last == app)
}

fn names(entry: &[&str], app: &str) -> bool {
    entry
        .iter()
        .any(|line| key(line) == Some("name") && is_app(&line[value(line)], app))
}

/// The key of `key: value` or `- key: value`.
fn key(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("- ").unwrap_or(line).trim_start();
    line.split_once(": ")
        .map(|(key, _)| key)
        .filter(|key| !key.starts_with('#'))
}

/// Where the value of `key: value` lies, without quotes and without the comment behind it.
pub(super) fn value(line: &str) -> Range<usize> {
    let after_key = line.find(": ").map_or(line.len(), |at| at + 2);
    // The blank behind the colon may be the one before the comment.
    let blank = after_key.saturating_sub(1);
    let comment = line[blank..].find(" #").map_or(line.len(), |at| blank + at);
    let field = &line[after_key..comment.max(after_key)];
    let start = after_key + (field.len() - field.trim_start().len());
    let value = field.trim();
    let quoted = ['"', '\''].into_iter().any(|quote| {
        let inner = value
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote));
        inner.is_some_and(|inner| !inner.contains(quote))
    });
    if quoted {
        start + 1..start + value.len() - 1
    } else {
        start..start + value.len()
    }
}
