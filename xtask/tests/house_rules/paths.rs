//! Paths that the documents name are there. Those that are links are looked at in `links.rs`.

use std::collections::BTreeSet;

use documents::RECORDS;

use crate::{files_of, names, none};

/// Words that a reader fills in.
const PLACEHOLDERS: [&str; 2] = ["NAME", "ENVIRONMENT"];

/// What the commands of examples make, and what a reader does.
const MADE: [&str; 3] = [
    "infra/apps/root/qa.yaml",
    "infra/holds.toml",
    "backend/src/migrate/m0003_NAME.rs",
];

// wing: generators
/// What is below a folder in here, `new-app` makes at the top.
const TEMPLATES: &str = "tools/generators/templates/app/";
// end of wing

/// Every file, every folder that has some, and every file of a new app.
fn places() -> BTreeSet<String> {
    let mut places = BTreeSet::new();
    for name in names() {
        let ends = name.match_indices('/').map(|(at, _)| name[..at].to_owned());
        places.extend(ends);
        // wing: generators
        let template = name.strip_prefix(TEMPLATES).and_then(|name| name.split_once('/'));
        places.extend(template.map(|(_, made)| made.to_owned()));
        // end of wing
        places.insert(name);
    }
    places
}

/// The paths between back quotes in a text, each with its line: those that begin at the top of the
/// repository.
fn paths<'t>(text: &'t str, places: &'t BTreeSet<String>) -> impl Iterator<Item = (usize, &'t str)> {
    let mut code = false;
    let lines = text.lines().enumerate().filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        code ^= is_fence;
        !code && !is_fence
    });
    let quoted = lines.flat_map(|(number, line)| {
        let parts = line.split('`').skip(1).step_by(2);
        parts.map(move |part| (number + 1, part))
    });
    quoted.filter(|(_, part)| {
        let is_path = |c: char| c.is_ascii_alphanumeric() || "/._-*{},<>".contains(c);
        let top = part.split_once('/').map(|(top, _)| top);
        part.chars().all(is_path) && top.is_some_and(|top| places.contains(top))
    })
}

/// The paths that one with alternatives in braces stands for.
fn alternatives(path: &str) -> Vec<String> {
    let braces = path
        .split_once('{')
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    let Some((before, (inside, after))) = braces else {
        return vec![path.to_owned()];
    };
    let each = inside.split(',');
    each.flat_map(|one| alternatives(&format!("{before}{one}{after}")))
        .collect()
}

/// The path with a star for each thing that a reader fills in.
fn pattern(path: &str) -> String {
    let mut pattern = String::new();
    let mut rest = path.trim_end_matches('/');
    while let Some((before, (_, after))) = rest
        .split_once('<')
        .and_then(|(before, rest)| Some((before, rest.split_once('>')?)))
    {
        pattern.push_str(before);
        pattern.push('*');
        rest = after;
    }
    pattern.push_str(rest);
    PLACEHOLDERS
        .iter()
        .fold(pattern, |pattern, word| pattern.replace(word, "*"))
}

/// Whether a name fits a pattern whose stars stand for anything but a slash.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(rest) = name.strip_prefix(before) else {
        return false;
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let mut ends = (0..=end).filter(|at| rest.is_char_boundary(*at));
    ends.any(|at| fits(after, &rest[at..]))
}

/// Paths of the page `text` that lead to nothing.
fn dead(name: &str, text: &str, places: &BTreeSet<String>) -> Vec<String> {
    let mut dead = Vec::new();
    for (line, path) in paths(text, places) {
        for one in alternatives(path) {
            let pattern = pattern(&one);
            let is_there = places.contains(&pattern) || places.iter().any(|place| fits(&pattern, place));
            if !is_there && !MADE.contains(&one.as_str()) {
                dead.push(format!("{name}:{line}: {one} is not there"));
            }
        }
    }
    dead
}

#[test]
fn every_path_that_the_docs_name_is_there() {
    let places = places();
    let pages = files_of("md").filter(|(name, _)| !name.starts_with(RECORDS));
    let faults: Vec<_> = pages
        .flat_map(|(name, text)| dead(&name, &text, &places))
        .collect();
    none(&faults);
}

#[test]
fn a_path_that_is_not_there_is_found_and_one_to_fill_in_is_none() {
    let places = places();
    let page = "`docs/nothing.md` `infra/<app>/none` `docs/{CI,NONE}.md`\n```\n`docs/none`\n```\n";
    assert_eq!(
        dead("page", page, &places),
        [
            "page:1: docs/nothing.md is not there",
            "page:1: infra/<app>/none is not there",
            "page:1: docs/NONE.md is not there"
        ]
    );
    let page = "`docs/` `xtask/src` `infra/*/base` `infra/<app>/overlays/ENVIRONMENT` `target/x` `git/x` `docs/x y`\n";
    assert_eq!(dead("page", page, &places), Vec::<String>::new());
}
