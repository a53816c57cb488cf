//! Whether a site is whole: every page is there, and every link of one leads somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Result, bail};

use crate::pages::Page;

/// What an attribute of this name has, each time.
fn attributes<'h>(html: &'h str, name: &str) -> impl Iterator<Item = &'h str> {
    let sign = format!(" {name}=\"");
    let starts: Vec<_> = html
        .match_indices(&sign)
        .map(|(at, sign)| at + sign.len())
        .collect();
    starts
        .into_iter()
        .filter_map(|at| html[at..].split_once('"').map(|(value, _)| value))
}

/// An error that names each page that is missing in the site `out`, and each link that leads
/// nowhere.
pub(crate) fn check(out: &Path, pages: &[Page]) -> Result<()> {
    let mut read = BTreeMap::new();
    let mut faults = Vec::new();
    for page in pages {
        let name = Path::new(&page.path).with_extension("html");
        match fs::read_to_string(out.join(&name)) {
            Ok(html) => {
                read.insert(name, html);
            }
            Err(_) => faults.push(format!("{} is missing", page.path)),
        }
    }
    let ids: BTreeMap<_, BTreeSet<_>> = read
        .iter()
        .map(|(name, html)| (name.clone(), attributes(html, "id").collect()))
        .collect();
    for (name, html) in &read {
        let links = attributes(html, "href").chain(attributes(html, "src"));
        let dead = links.filter(|link| !leads_somewhere(out, &ids, name, link));
        faults.extend(dead.map(|link| format!("{}: {link} leads nowhere", name.display())));
    }
    if faults.is_empty() {
        return Ok(());
    }
    faults.sort();
    faults.dedup();
    bail!("{} faults of the site:\n{}", faults.len(), faults.join("\n"))
}

/// Whether a link of the page `name` leads to a file of the site, and to a place on it if it names
/// one. What is elsewhere is not asked for.
fn leads_somewhere(out: &Path, ids: &BTreeMap<PathBuf, BTreeSet<&str>>, name: &Path, link: &str) -> bool {
    if link.contains(':') {
        return true;
    }
    let (path, id) = link.split_once('#').unwrap_or((link, ""));
    let target = match path {
        "" => name.to_path_buf(),
        path => plain(&name.with_file_name(path)),
    };
    match ids.get(&target) {
        Some(ids) => id.is_empty() || ids.contains(id),
        None => id.is_empty() && out.join(&target).is_file(),
    }
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => (),
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_missing_and_a_link_that_leads_nowhere_are_named() {
        let site = tempfile::tempdir().expect("make a folder");
        let page = |path: &str, html: Option<&str>| {
            let file = site.path().join(path).with_extension("html");
            fs::create_dir_all(file.parent().expect("a folder")).expect("make a folder");
            if let Some(html) = html {
                fs::write(file, html).expect("write a page");
            }
            Page {
                path: path.to_owned(),
                text: String::new(),
            }
        };
        let first = page(
            "a.md",
            Some("<h1 id=\"top\"></h1> <a href=\"b/c.html#x\"> <a href=\"#top\"> <a href=\"https://d\">"),
        );
        let second = page(
            "b/c.md",
            Some(
                "<p id=\"x\"> <a class=\"y\" href=\"../a.html\"> <a href=\"../a.html#y\"> <img src=\"z.svg\">",
            ),
        );
        let third = page("e.md", None);
        let error = check(site.path(), &[first, second, third]).expect_err("it is not whole");
        assert_eq!(
            error.to_string(),
            "3 faults of the site:\nb/c.html: ../a.html#y leads nowhere\nb/c.html: z.svg leads nowhere\n\
             e.md is missing"
        );
    }
}
