//! Tables of a TOML file, edited as text: comments and the order of all else stay.

use std::ops::Range;

/// The text with the ends of lines that these edits know.
pub(crate) fn with_plain_ends(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// What was edited with plain ends of lines, with those of the `original` again.
pub(crate) fn with_ends_of(original: &str, edited: &str) -> String {
    let end = if original.contains("\r\n") { "\r\n" } else { "\n" };
    edited.replace('\n', end)
}

/// Where the first table with this header is that `is_meant`: from its header to its last key.
/// Comments behind that are the next table's.
pub(crate) fn find(text: &str, header: &str, is_meant: impl Fn(&str) -> bool) -> Option<Range<usize>> {
    let starts = line_starts(text).filter(|at| text[*at..].starts_with('['));
    let starts: Vec<_> = starts.collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let mut tables = starts.iter().copied().zip(ends);
    let (start, end) = tables.find(|(start, end)| {
        let table = &text[*start..*end];
        let first = table.lines().next().unwrap_or_default();
        first.trim_end() == header && is_meant(table)
    })?;
    Some(start..start + filled(&text[start..end]))
}

/// How far a table reaches without the empty lines and comments at its end.
fn filled(table: &str) -> usize {
    let mut end = 0;
    for at in line_starts(table) {
        let line = table[at..].split_inclusive('\n').next().unwrap_or_default();
        if !line.trim().is_empty() && !line.starts_with('#') {
            end = at + line.len();
        }
    }
    end
}

fn line_starts(text: &str) -> impl Iterator<Item = usize> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some(start)
    })
}

/// The text without that table, and the empty lines behind it.
pub(crate) fn without(text: &str, header: &str, is_meant: impl Fn(&str) -> bool) -> String {
    let Some(Range { start, end }) = find(text, header, is_meant) else {
        return text.to_owned();
    };
    let behind = text[end..].trim_start_matches('\n');
    if behind.is_empty() {
        return format!("{}\n", text[..start].trim_end());
    }
    format!("{}{behind}", &text[..start])
}

/// The same for the table that has this name.
pub(crate) fn without_named(text: &str, header: &str, name: &str) -> String {
    without(text, header, |table| name_in(table) == Some(name))
}

/// That of the first table of the text.
pub(crate) fn name_in(entry: &str) -> Option<&str> {
    quoted(entry, "name = ")
}

/// The value behind the first line that begins so.
pub(crate) fn quoted<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    Some(line.strip_prefix('"')?.split_once('"')?.0)
}

/// What a line says, without indentation and the comment behind it.
pub(crate) fn uncommented(line: &str) -> &str {
    line.split(" #").next().unwrap_or_default().trim()
}
