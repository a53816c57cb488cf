//! The links of a page as the book has them: to another page as they stand, to any other file of
//! the repository at its forge.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use mdbook_markdown::pulldown_cmark::{Event, Tag};
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};

use crate::pages::Page;
use crate::repository::Repository;

/// What links may lead to.
pub(crate) struct Places<'p> {
    pub(crate) root: &'p Path,
    pub(crate) pages: BTreeSet<&'p str>,
    pub(crate) repository: Repository,
}

/// A page of the book.
#[derive(Debug, PartialEq)]
pub(crate) struct Linked {
    pub(crate) text: String,
    /// The pictures that it shows, from the top of the repository.
    pub(crate) pictures: Vec<String>,
}

/// What takes the place of a part of a text.
type Change = (Range<usize>, String);

impl Places<'_> {
    /// The page with its links as the book has them. An error if one leads nowhere.
    pub(crate) fn link(&self, page: &Page) -> Result<Linked> {
        let (mut changes, mut pictures) = (Vec::<Change>::new(), Vec::new());
        let events = new_cmark_parser(&page.text, &MarkdownOptions::default()).into_offset_iter();
        for (event, range) in events {
            let Event::Start(tag) = event else { continue };
            let (target, is_picture) = match &tag {
                Tag::Link { dest_url, .. } => (dest_url.as_ref(), false),
                Tag::Image { dest_url, .. } => (dest_url.as_ref(), true),
                _ => continue,
            };
            let Some(path) = self.path(page, target)? else {
                continue;
            };
            if is_picture {
                pictures.push(path);
            } else if !self.pages.contains(path.as_str()) {
                changes.extend(self.change(&page.text, range, target, &path));
            }
        }
        let mut text = page.text.clone();
        for (range, new) in changes.into_iter().rev() {
            text.replace_range(range, &new);
        }
        Ok(Linked { text, pictures })
    }

    /// The path of what a link leads to, from the top of the repository; none if that is elsewhere
    /// or on the page itself.
    fn path(&self, page: &Page, target: &str) -> Result<Option<String>> {
        let (target, _) = target.split_once('#').unwrap_or((target, ""));
        if target.is_empty() || target.contains(':') {
            return Ok(None);
        }
        let mut parts: Vec<_> = page.path.split('/').collect();
        parts.pop();
        for part in target.split('/') {
            match part {
                "" | "." => (),
                ".." => {
                    let above = parts.pop();
                    above.with_context(|| format!("{}: {target} leads out of here", page.path))?;
                }
                part => parts.push(part),
            }
        }
        let path = parts.join("/");
        ensure!(
            self.root.join(&path).exists(),
            "{}: {target} leads nowhere",
            page.path
        );
        Ok(Some(path))
    }

    /// What takes the place of a link to a file that is no page: where the forge is not known, the
    /// path stands behind the words.
    fn change(&self, text: &str, range: Range<usize>, target: &str, path: &str) -> Option<Change> {
        let link = &text[range.clone()];
        let at = link.rfind(&format!("]({target}"))?;
        let words = link[..at].strip_prefix('[')?;
        let start = range.start + at + 2;
        let change = match self.repository.link(path) {
            Some(address) => {
                let end = target.find('#').unwrap_or(target.len());
                (start..start + end, address)
            }
            None if words.trim_matches('`') == path => (range, format!("`{path}`")),
            None => (range, format!("{words} (`{path}`)")),
        };
        Some(change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked(repository: &str, text: &str) -> Result<Linked> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let places = Places {
            root: &root,
            pages: BTreeSet::from(["docs/here.md", "README.md"]),
            repository: Repository::at(repository),
        };
        places.link(&Page {
            path: "docs/here.md".to_owned(),
            text: text.to_owned(),
        })
    }

    const PAGE: &str = "# A\n[a](../README.md#b) [b](https://example.com/c) [c](#a) `[d](none)`\n\n\
        | | |\n|---|---|\n| [book.css](../tools/book/book.css) | **[it](../tools/book/src/main.rs#L3)** |\n";

    #[test]
    fn a_link_to_a_file_leads_to_the_forge_and_others_stay() {
        let text = linked("https://github.com/you/board", PAGE)
            .expect("it is linked")
            .text;
        let at = "https://github.com/you/board/blob/HEAD/tools/book";
        let expected = PAGE.replace("../tools/book", at);
        assert_eq!(text, expected);
    }

    #[test]
    fn without_a_known_forge_the_path_stands_behind_the_words() {
        let text = linked("https://example.com/board", PAGE)
            .expect("it is linked")
            .text;
        let expected = PAGE
            .replace(
                "[book.css](../tools/book/book.css)",
                "book.css (`tools/book/book.css`)",
            )
            .replace(
                "[it](../tools/book/src/main.rs#L3)",
                "it (`tools/book/src/main.rs`)",
            );
        assert_eq!(text, expected);
    }

    #[test]
    fn a_picture_comes_along_and_what_is_not_there_is_named() {
        let page = "![the style](../tools/book/book.css)";
        let shown = linked("https://github.com/you/board", page).expect("it is linked");
        assert_eq!(
            (shown.text.as_str(), shown.pictures),
            (page, vec!["tools/book/book.css".to_owned()])
        );
        for page in ["[a](none.md)", "![a](none.png)", "[a](../../../none)"] {
            let error = linked("https://github.com/you/board", page).expect_err(page);
            assert!(error.to_string().starts_with("docs/here.md: "), "{error}");
        }
    }
}
