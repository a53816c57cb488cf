//! Links in the documents lead somewhere.

use std::fs;
use std::path::Path;

use crate::{files_of, none, root};

/// The targets of the links in a text of Markdown.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let starts = text
        .match_indices("](")
        .map(|(at, found)| &text[at + found.len()..]);
    starts.filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

/// The anchors of a text of Markdown, as forges make them of its headings.
fn anchors(text: &str) -> Vec<String> {
    let mut code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        code ^= line.starts_with("```");
        if !code && line.starts_with('#') {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = |c: &char| c.is_alphanumeric() || "-_ ".contains(*c);
            found.push(heading.chars().filter(kept).collect::<String>().replace(' ', "-"));
        }
    }
    found
}

/// Whether a link on the page `text` of `folder` leads to a file, and to a heading of it if it
/// names one.
fn leads_somewhere(folder: &Path, text: &str, link: &str) -> bool {
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = folder.join(path);
    if anchor.is_empty() {
        return target.exists();
    }
    let page = if path.is_empty() {
        Some(text.to_owned())
    } else {
        fs::read_to_string(target).ok()
    };
    page.is_some_and(|page| anchors(&page).iter().any(|heading| heading == anchor))
}

/// Links of the page `text` of `folder` to files and headings that are not there.
fn dead_links(folder: &Path, name: &str, text: &str) -> Vec<String> {
    links(text)
        .filter(|link| !link.contains("://") && !leads_somewhere(folder, text, link))
        .map(|link| format!("{name}: {link} leads nowhere"))
        .collect()
}

#[test]
fn every_link_of_the_docs_leads_somewhere() {
    let mut dead = Vec::new();
    for (name, text) in files_of("md") {
        let path = root().join(&name);
        dead.extend(dead_links(
            path.parent().expect("a file has a folder"),
            &name,
            &text,
        ));
    }
    none(&dead);
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let folder = tempfile::tempdir().expect("make a folder");
    fs::create_dir(folder.path().join("docs")).expect("make a folder");
    fs::write(folder.path().join("README.md"), "## Commands\n").expect("write a page");
    let page = "# A heading: `one`\n[a](#a-heading-one) [b](README.md#commands) [c](docs/) [d](https://example.com/x)\n";
    assert_eq!(dead_links(folder.path(), "page", page), Vec::<String>::new());
    let page = "[a](#nothing) [b](README.md#nothing) [c](docs/nothing.md)\n";
    assert_eq!(dead_links(folder.path(), "page", page).len(), 3);
}
