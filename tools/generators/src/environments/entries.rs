//! Entries of lists in files of others: found by what the environment before has there, put in
//! behind it, and taken out again. All else of the file stays as it is.

/// What stands between an entry and the one before it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Glue {
    /// These characters.
    Text(&'static str),
    /// The end of a line, and as many spaces as the other one is indented by.
    Line,
}

/// One entry of a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// How the line of the list begins, without its indentation.
    pub(super) on: &'static str,
    /// What the list has of an environment, by its name and its branch.
    pub(super) of: fn(&str, &str) -> String,
    pub(super) glue: Glue,
}

/// The text with `new` behind each `old`; `None` if no list has an `old`.
pub(super) fn with(text: &str, entry: Entry, old: &str, new: &str) -> Option<String> {
    if find(text, entry, new).next().is_some() {
        return Some(text.to_owned());
    }
    let (mut result, mut from) = (String::new(), 0);
    for at in find(text, entry, old) {
        let end = at + old.len();
        result.push_str(&text[from..end]);
        result.push_str(&glue(text, entry, at));
        result.push_str(new);
        from = end;
    }
    (from > 0).then(|| result + &text[from..])
}

/// The text without each `old`, and what joins it to the entry before it.
pub(super) fn without(text: &str, entry: Entry, old: &str) -> String {
    let (mut result, mut from) = (String::new(), 0);
    for at in find(text, entry, old) {
        let joined = glue(text, entry, at);
        if let Some(before) = text[from..at].strip_suffix(&joined) {
            result.push_str(before);
            from = at + old.len();
        }
    }
    result + &text[from..]
}

/// Where the lists have `wanted`, as a whole entry.
fn find<'t>(text: &'t str, entry: Entry, wanted: &'t str) -> impl Iterator<Item = usize> + 't {
    text.match_indices(wanted).map(|(at, _)| at).filter(move |at| {
        let before = text[..*at].chars().next_back();
        let behind = text[at + wanted.len()..].chars().next();
        before.is_none_or(|c| " [\n".contains(c))
            && behind.is_none_or(|c| " ],\n".contains(c))
            && line(text, *at).trim_start().starts_with(entry.on)
    })
}

/// The line at this place.
fn line(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    text[start..].lines().next().unwrap_or_default()
}

fn glue(text: &str, entry: Entry, at: usize) -> String {
    match entry.glue {
        Glue::Text(text) => text.to_owned(),
        Glue::Line => {
            let line = line(text, at);
            let indent = line.len() - line.trim_start().len();
            format!("\n{}", &line[..indent])
        }
    }
}
