//! Changes a `kustomization.yaml` as a person would: the other lines stay as they are, whatever a
//! fork has written there. Each change is proven by reading the file again: it says what it said
//! before, and the change, and nothing else.

use std::ops::Range;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

/// `text` with `item` as the last one of the list under the top-level key `list`, which is made if
/// there is none.
pub(crate) fn with_item(text: &str, list: &str, item: &Value) -> Result<String> {
    let mut wanted = read(text)?;
    let items = &mut wanted[list];
    if items.is_null() {
        *items = json!([]);
    }
    let items = items
        .as_array_mut()
        .with_context(|| format!("`{list}` is no list"))?;
    items.push(item.clone());
    // JSON is YAML on one line.
    let changed = match block(text, list) {
        None => format!("{}{list}:\n  - {item}\n", with_end_of_line(text)),
        Some(lines) => with_last(text, list, lines, item)?,
    };
    proven(changed, &wanted, list)
}

/// `text` with `count` replicas of `app`.
pub(crate) fn with_replicas(text: &str, app: &str, count: u16) -> Result<String> {
    let mut wanted = read(text)?;
    let entries = wanted["replicas"].as_array_mut();
    let entry = entries.into_iter().flatten().find(|entry| entry["name"] == app);
    let Some(entry) = entry else {
        return with_item(text, "replicas", &json!({ "name": app, "count": count }));
    };
    let old = format!("count: {}", entry["count"]);
    entry["count"] = json!(count);
    let lines = block(text, "replicas").context("`replicas` is not where a kustomization has it")?;
    let list = &text[lines.clone()];
    // Which of several equal counts is this app's, reading the file again tells.
    for (at, _) in list.match_indices(&old) {
        let at = lines.start + at;
        let changed = format!("{}count: {count}{}", &text[..at], &text[at + old.len()..]);
        if read(&changed).is_ok_and(|read| read == wanted) {
            return Ok(changed);
        }
    }
    bail!("the number of replicas of {app} is written in a way that is not understood")
}

// wing: addons
/// `text` without the top-level key `list`.
pub(crate) fn without(text: &str, list: &str) -> Result<String> {
    let mut wanted = read(text)?;
    let keys = wanted.as_object_mut().context("it is no mapping")?;
    keys.remove(list)
        .with_context(|| format!("there is no `{list}`"))?;
    let lines = block(text, list).with_context(|| format!("`{list}` is not where a kustomization has it"))?;
    let changed = format!("{}{}", &text[..lines.start], &text[lines.end..]);
    proven(changed, &wanted, list)
}
// end of wing

/// `text` with another digest for the image of `app`.
pub(crate) fn with_digest(text: &str, app: &str, digest: &str) -> Result<String> {
    let mut wanted = read(text)?;
    let images = wanted["images"].as_array_mut();
    let mut images = images.into_iter().flatten();
    let image = images.find(|image| image["name"] == app);
    let image = image.with_context(|| format!("`images` has no entry named {app}"))?;
    let pinned = image["digest"]
        .as_str()
        .context("the image has no digest")?
        .to_owned();
    image["digest"] = json!(digest);
    for (at, _) in text.match_indices(&pinned) {
        let changed = format!("{}{digest}{}", &text[..at], &text[at + pinned.len()..]);
        if read(&changed).is_ok_and(|read| read == wanted) {
            return Ok(changed);
        }
    }
    bail!("the digest of {app} is written in a way that is not understood")
}

fn read(text: &str) -> Result<Value> {
    let read: Value = serde_saphyr::from_str(text).context("read it as YAML")?;
    ensure!(read.is_object(), "it is no mapping");
    Ok(read)
}

fn proven(changed: String, wanted: &Value, list: &str) -> Result<String> {
    let is_it = read(&changed).is_ok_and(|read| read == *wanted);
    ensure!(is_it, "`{list}` is written in a way that cannot be added to");
    Ok(changed)
}

/// Where the top-level key `list` and its value are; none where there is no line that begins with
/// it.
fn block(text: &str, list: &str) -> Option<Range<usize>> {
    let mut at = 0;
    let mut begin = None;
    for line in text.split_inclusive('\n') {
        if begin.is_some() && ends_block(line) {
            return begin.map(|begin| begin..at);
        }
        if line.strip_prefix(list).is_some_and(|rest| rest.starts_with(':')) {
            begin = Some(at);
        }
        at += line.len();
    }
    begin.map(|begin| begin..at)
}

/// Whether this line belongs to no earlier top-level key: a list may stand at the indentation of
/// its key, and a bracket that ends one too.
fn ends_block(line: &str) -> bool {
    let is_inside = line.starts_with([' ', '\t', '#', '\n', '\r', ']', '}']) || line.starts_with("- ");
    !is_inside
}

fn with_last(text: &str, list: &str, lines: Range<usize>, item: &Value) -> Result<String> {
    let (before, old, after) = (&text[..lines.start], &text[lines.clone()], &text[lines.end..]);
    let (first, rest) = old.split_once('\n').unwrap_or((old, ""));
    let value = first[list.len() + 1..]
        .split(" #")
        .next()
        .unwrap_or_default()
        .trim();
    if value.is_empty() {
        let indentation = indentation(rest).unwrap_or("  ");
        let old = with_end_of_line(old);
        return Ok(format!("{before}{old}{indentation}- {item}\n{after}"));
    }
    // A list on one line, or on several that end as it ends.
    let end = old.rfind(']').with_context(|| format!("`{list}` is no list"))?;
    let items = old[..end].trim_end();
    let comma = if items.ends_with('[') { "" } else { ", " };
    Ok(format!("{before}{items}{comma}{item}{}{after}", &old[end..]))
}

/// What stands before the first item of a list.
fn indentation(lines: &str) -> Option<&str> {
    let first = lines.lines().find(|line| line.trim_start().starts_with("- "))?;
    first.split('-').next()
}

fn with_end_of_line(text: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{text}{end}")
}

#[cfg(test)]
mod tests;
