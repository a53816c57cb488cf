//! What the texts of a fork name: commands, paths and pages that it has.

use std::fs;
use std::path::Path;

use crate::checkout::Checkout;
use crate::names::{APPLICATION, NAME};

/// Where a fork may still name what it has not.
const RECORDS: &[&str] = &["docs/adr/", "tools/fork/wings.toml", "template.toml", "LICENSE-"];

/// Texts of a fork that are for people and machines: path and content.
pub(crate) fn texts(fork: &Checkout) -> Vec<(String, String)> {
    let names = gitkit::files(&fork.path("")).expect("list the files");
    let read = |name: String| {
        let text = fs::read_to_string(fork.path(&name)).ok()?;
        Some((name, text))
    };
    let kept = |name: &String| !RECORDS.iter().any(|record| name.starts_with(record));
    names.into_iter().filter(kept).filter_map(read).collect()
}

/// Whether a text has a former name as a word of its own. Each of the new ones may begin with it.
pub(crate) fn keeps(text: &str, former: &str) -> bool {
    let mut rest = text.to_owned();
    for new in [NAME, APPLICATION] {
        let in_rust = new.replace('-', "_");
        for new in [new, &in_rust, &in_rust.to_uppercase()] {
            rest = rest.replace(new, " ");
        }
    }
    let joined = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    rest.match_indices(former).any(|(at, _)| {
        let after = rest[at + former.len()..].chars().next();
        !joined(rest[..at].chars().next_back()) && !joined(after)
    })
}

fn is_of(kind: &str, name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == kind)
}

/// The commands that `xtask/src/flags.rs` of a fork has.
fn commands(fork: &Checkout) -> Vec<String> {
    let flags = fork.read("xtask/src/flags.rs");
    let variants = flags.lines().filter_map(|line| line.trim().strip_suffix("),"));
    let variants = variants.filter_map(|line| {
        line.split_once('(')
            .filter(|(name, kind)| name == kind || *kind == "Handed")
    });
    variants.map(|(name, _)| name.to_lowercase()).collect()
}

/// Commands that a text has an example of, as `aws` in `cargo xtask aws plan`.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let sign = "cargo xtask ";
    let rest = text
        .match_indices(sign)
        .map(move |(at, _)| &text[at + sign.len()..]);
    rest.map(|rest| {
        rest.split(|c: char| !c.is_ascii_lowercase() && c != '-' && !c.is_ascii_digit())
            .next()
            .unwrap_or("")
    })
    .filter(|name| !name.is_empty() && !name.starts_with('-'))
}

pub(crate) fn names_only_what_it_has(fork: &Checkout) {
    let there = commands(fork);
    assert!(there.len() > 5, "{there:?}");
    let mut faults = Vec::new();
    for (name, text) in texts(fork) {
        if is_of("rs", &name) {
            continue;
        }
        for command in named(&text) {
            let known = there.iter().any(|one| *one == command.replace('-', ""));
            if !known {
                faults.push(format!("{name} names `cargo xtask {command}`"));
            }
        }
        for path in paths(&text) {
            if !fork.path(path).exists() {
                faults.push(format!("{name} names {path}"));
            }
        }
        if is_of("md", &name) {
            faults.extend(dead_links(fork, &name, &text));
            faults.extend(announced_in_vain(&name, &text));
        }
    }
    faults.extend(named_in_code(fork, &there)); // wing: house-rules
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

// wing: house-rules
/// Commands that comments and messages name and that are not there: the fork's own house rules look
/// for them.
fn named_in_code(fork: &Checkout, there: &[String]) -> Vec<String> {
    let is_gone = |word: &String| {
        let is_command = word.starts_with(|c: char| c.is_ascii_lowercase());
        is_command && !there.contains(&word.replace('-', ""))
    };
    let mentions = documents::mentions(&fork.path(""));
    let gone = mentions
        .iter()
        .filter(|it| it.words().first().is_some_and(is_gone));
    gone.map(ToString::to_string).collect()
}
// end of wing

/// Paths of tools and of the sample, which only forks without them may not name.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let tops = ["tools/", "backend/", "frontend/", "crates/"];
    tops.into_iter().flat_map(|top| paths_below(text, top))
}

fn paths_below<'t>(text: &'t str, top: &'t str) -> impl Iterator<Item = &'t str> {
    let inside = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    text.match_indices(top).filter_map(move |(at, _)| {
        let is_whole = !text[..at].ends_with(inside) || text[..at].ends_with("../");
        let rest = &text[at..];
        let path = &rest[..rest.find(|c| !inside(c)).unwrap_or(rest.len())];
        // `NAME` is for the reader to fill in.
        (is_whole && !path.contains("NAME")).then(|| path.trim_end_matches(['.', '/', '-']))
    })
}

/// What may follow on a paragraph that ends with a colon: an example, a list, a table, a picture.
const ANNOUNCED: &[&str] = &["```", "- ", "1. ", "|", "!["];

/// Paragraphs of a page that announce what is gone.
fn announced_in_vain(name: &str, text: &str) -> Vec<String> {
    let is_mark = |line: &&str| line.starts_with("<!--") && line.ends_with("-->");
    let lines: Vec<_> = text.lines().filter(|line| !is_mark(line)).collect();
    let text = lines.join("\n");
    let paragraphs = text.split("\n\n").map(str::trim);
    let paragraphs: Vec<_> = paragraphs.filter(|paragraph| !paragraph.is_empty()).collect();
    let mut is_code = false;
    let mut faults = Vec::new();
    for (at, paragraph) in paragraphs.iter().enumerate() {
        let fences = paragraph.lines().filter(|line| line.trim().starts_with("```"));
        is_code ^= fences.count() % 2 == 1;
        let next = paragraphs.get(at + 1).copied().unwrap_or_default();
        let is_there = ANNOUNCED.iter().any(|start| next.starts_with(start));
        if !is_code && !is_there && without_mark(paragraph).ends_with(':') {
            let last = paragraph.lines().next_back().unwrap_or_default();
            faults.push(format!("{name} announces nothing by: {last}"));
        }
    }
    faults
}

/// A paragraph without the mark that its last line may end with.
fn without_mark(paragraph: &str) -> &str {
    let marked = paragraph
        .strip_suffix("-->")
        .and_then(|rest| rest.rsplit_once("<!--"));
    marked.map_or(paragraph, |(words, _)| words.trim_end())
}

#[test]
fn a_paragraph_that_announces_what_is_gone_is_found() {
    for next in ["```\na\n```", "- a", "| a |", "<!-- wing: a -->\n1. a"] {
        let page = format!("They are in these stacks: <!-- wing: a -->\n\n{next}\n");
        assert_eq!(announced_in_vain("page", &page), Vec::<String>::new());
    }
    for next in ["The same.", "## Next", ""] {
        let page = format!("They are in these stacks:\n\n{next}\n");
        assert_eq!(announced_in_vain("page", &page).len(), 1, "{next}");
    }
}

fn dead_links(fork: &Checkout, name: &str, text: &str) -> Vec<String> {
    let path = fork.path(name);
    let folder = path.parent().expect("a file has a folder");
    let targets = text
        .match_indices("](")
        .filter_map(|(at, _)| text[at + 2..].split(')').next());
    let targets = targets.map(|target| target.split('#').next().unwrap_or(""));
    targets
        .filter(|target| !target.contains("://") && !folder.join(target).exists())
        .map(|target| format!("{name} links to {target}"))
        .collect()
}
