//! Pages of Markdown without what is about a part that is gone.
//!
//! A row of a table, an item of a list, a line of an example or a paragraph goes as a whole when it
//! names a path or a command that is gone; a heading goes when nothing is left below it. Any other
//! link to a page that is gone becomes plain text. The records of decisions keep their words, since
//! they say what was decided and when.

mod blocks;

use std::path::{Component, Path, PathBuf};

use self::blocks::{Block, Kind, blocks, is_rule, without_empty_parts};
use super::{Wing, checklist};
use crate::tree::{File, Paths};

const RECORDS: &str = "docs/adr";

pub(super) fn prune(files: &mut Paths, gone: &[&Wing]) {
    for (path, text) in each_page(files, |page, path, text| {
        let is_record = path.starts_with(RECORDS) || path == Path::new(checklist::FILE);
        if is_record {
            text.to_owned()
        } else {
            page.pruned(text, gone)
        }
    }) {
        replace(files, &path, text);
    }
    // Only now it is known which headings are left.
    for (path, text) in each_page(files, |page, path, text| {
        if path == Path::new(checklist::FILE) {
            checklist::pruned(text, |target| page.is_dead(target))
        } else {
            page.unlinked(text)
        }
    }) {
        replace(files, &path, text);
    }
}

/// What `edit` makes of each page.
fn each_page(files: &Paths, edit: impl Fn(&Page<'_>, &Path, &str) -> String) -> Vec<(PathBuf, String)> {
    let pages = files.iter().filter(|(path, _)| is_page(path));
    let edited = pages.filter_map(|(path, file)| {
        let text = file.text()?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let page = Page { folder, text, files };
        Some((path.clone(), edit(&page, path, text)))
    });
    edited.collect()
}

fn replace(files: &mut Paths, path: &Path, text: String) {
    if let Some(file) = files.get_mut(path) {
        *file = file.with(text);
    }
}

fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "md")
}

/// A page, and the files that it may speak of.
struct Page<'a> {
    folder: &'a Path,
    text: &'a str,
    files: &'a Paths,
}

impl Page<'_> {
    fn pruned(&self, text: &str, gone: &[&Wing]) -> String {
        let blocks = blocks(text);
        let is_head = |at: usize| blocks.get(at + 1).is_some_and(|next| is_rule(next.text));
        let kept = blocks.iter().enumerate();
        let kept = kept.filter(|(at, block)| is_head(*at) || !self.is_about_what_is_gone(block, gone));
        without_empty_parts(&kept.map(|(_, block)| *block).collect::<Vec<_>>())
    }

    fn is_about_what_is_gone(&self, block: &Block<'_>, gone: &[&Wing]) -> bool {
        match block.kind {
            Kind::Heading | Kind::Blank | Kind::Fence | Kind::Mark => false,
            Kind::Row | Kind::Item => names(block.text, gone) || self.begins_with_dead_link(block.text),
            Kind::Text | Kind::Code => names(block.text, gone),
        }
    }

    fn begins_with_dead_link(&self, text: &str) -> bool {
        let first = text.trim_start_matches(['|', '-', ' ', '*']);
        let link = first
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("]("))
            .and_then(|(_, rest)| rest.split_once(')'));
        link.is_some_and(|(target, _)| self.is_dead(target))
    }

    /// Whether a link leads to no file, or to no heading of one.
    fn is_dead(&self, target: &str) -> bool {
        if target.contains("://") {
            return false;
        }
        let (path, heading) = target.split_once('#').unwrap_or((target, ""));
        let path = normal(&self.folder.join(path));
        let is_folder = || self.files.keys().any(|file| file.starts_with(&path));
        let page = if target.starts_with('#') {
            Some(self.text)
        } else {
            self.files.get(&path).and_then(File::text)
        };
        match page {
            Some(page) => !heading.is_empty() && !anchors(page).any(|anchor| anchor == heading),
            None => !self.files.contains_key(&path) && !is_folder(),
        }
    }

    /// `text` with the words of each dead link in place of the link.
    fn unlinked(&self, text: &str) -> String {
        let mut left = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(middle) = rest.find("](") {
            let (Some(begin), Some(length)) = (opening(&rest[..middle]), rest[middle..].find(')')) else {
                left.push_str(&rest[..middle + 2]);
                rest = &rest[middle + 2..];
                continue;
            };
            let (words, target) = (&rest[begin + 1..middle], &rest[middle + 2..middle + length]);
            if self.is_dead(target) {
                left.push_str(&rest[..begin]);
                left.push_str(words);
            } else {
                left.push_str(&rest[..=middle + length]);
            }
            rest = &rest[middle + length + 1..];
        }
        left + rest
    }
}

/// Whether `text` names a path or a command of a wing that is gone.
fn names(text: &str, gone: &[&Wing]) -> bool {
    let commands = gone.iter().flat_map(|wing| &wing.commands);
    let mut commands = commands.map(|command| format!("cargo xtask {command}"));
    let paths = gone.iter().flat_map(|wing| &wing.paths);
    let mut paths = paths.filter(|path| path.contains('/') && has(text, path));
    // At the top of the repository, the name of a folder may be a word like any other.
    let tops = gone.iter().flat_map(|wing| &wing.paths);
    let mut tops = tops.filter(|path| !path.contains(['/', '.']));
    commands.any(|command| has(text, &command))
        || paths.next().is_some()
        || tops.any(|folder| begins_path(text, &format!("{folder}/")))
}

/// The headings of a page as forges make addresses of them.
fn anchors(page: &str) -> impl Iterator<Item = String> {
    let headings = blocks(page)
        .into_iter()
        .filter(|block| block.kind == Kind::Heading);
    headings.map(|block| {
        let words = block.text.trim_start_matches('#').trim().to_lowercase();
        let kept = words
            .chars()
            .filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
        kept.collect::<String>().replace(' ', "-")
    })
}

/// Where the bracket is that the one after `text` closes.
fn opening(text: &str) -> Option<usize> {
    let mut open = 1;
    for (at, c) in text.char_indices().rev() {
        match c {
            ']' => open += 1,
            '[' => open -= 1,
            '\n' if text[..at].ends_with('\n') => return None,
            _ => (),
        }
        if open == 0 {
            return Some(at);
        }
    }
    None
}

fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => (),
            part => normal.push(part),
        }
    }
    normal
}

/// Whether `text` has `words` with no letter or sign of a longer name after them.
fn has(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let inside = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        !text[at + words.len()..].starts_with(inside) && !text[..at].ends_with(inside)
    })
}

/// Whether a path in `text` begins with this folder.
fn begins_path(text: &str, folder: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || "-_/.*".contains(c);
    text.match_indices(folder)
        .any(|(at, _)| !text[..at].ends_with(inside) || text[..at].ends_with("../"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wing() -> Wing {
        Wing {
            name: "roof".to_owned(),
            what: String::new(),
            needed_by: String::new(),
            needs: Vec::new(),
            paths: vec!["tools/roof".to_owned(), "docs/ROOF.md".to_owned()],
            commands: vec!["roof".to_owned()],
        }
    }

    fn pruned(path: &str, text: &str) -> String {
        let mut files: Paths = [
            (path.into(), File::of(text)),
            ("docs/KEPT.md".into(), File::of("x")),
        ]
        .into();
        prune(&mut files, &[&wing()]);
        files[Path::new(path)].text().unwrap().to_owned()
    }

    #[test]
    fn what_is_about_a_part_that_is_gone_goes_and_the_rest_stays_as_it_is() {
        let text = "# House\n\nA house.\n\n## Roof\n\nSee `tools/roof/src`,\nwhich is high.\n\n## Walls\n\n- one\n  more\n- run\n  \
            `cargo xtask roof`\n\n```\ncargo xtask roof up\ncargo xtask roofer\n```\n\n| a | b |\n|---|---|\n| `tools/roof` | c |\n\
            | d | e |\n";
        let left = "# House\n\nA house.\n\n## Walls\n\n- one\n  more\n\n```\ncargo xtask roofer\n```\n\n| a | b |\n|---|---|\n\
            | d | e |\n";
        assert_eq!(pruned("README.md", text), left);
    }

    #[test]
    fn a_table_an_example_and_a_heading_with_nothing_left_go_too() {
        let text = "# A\n\nb\n\n## C\n\n### D\n\n```\ncargo xtask roof\n```\n\n| a |\n|---|\n| tools/roof |\n\n## E\n\nf\n";
        assert_eq!(pruned("README.md", text), "# A\n\nb\n\n## E\n\nf\n");
    }

    #[test]
    fn a_link_to_a_page_that_is_gone_becomes_its_words() {
        let text = "# G\n\n[A [b]](ROOF.md#c), [d](KEPT.md), [e](https://f.example/), [g](#g) and \
            [h](#h).\n";
        let left = "# G\n\nA [b], [d](KEPT.md), [e](https://f.example/), [g](#g) and h.\n";
        assert_eq!(pruned("docs/A.md", text), left);
        assert_eq!(pruned("docs/A.md", "- [A](ROOF.md): b\n- c\n"), "- c\n");
    }

    #[test]
    fn a_folder_at_the_top_is_found_by_its_paths_and_not_as_a_word_or_below_another() {
        for named in ["run `roof/src/a.rs`\n", "[a](../roof/a.md)\n", "`roof/`\n"] {
            assert!(begins_path(named, "roof/"), "{named}");
        }
        for other in ["infra/roof/base\n", "a roof\n", "`*/roof/`\n", "sun-roof/a\n"] {
            assert!(!begins_path(other, "roof/"), "{other}");
        }
    }

    #[test]
    fn a_record_of_a_decision_keeps_its_words() {
        let text = "`tools/roof` is [high](../ROOF.md).\n";
        assert_eq!(pruned("docs/adr/1.md", text), "`tools/roof` is high.\n");
    }
}
