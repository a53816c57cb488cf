//! The pages that there are, and their order: that of the links of the README, which knows best.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// The first page.
const FIRST: &str = "README.md";

/// A file of Markdown.
#[derive(Debug)]
pub(crate) struct Page {
    /// From the top of the repository.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every file of Markdown that Git knows in the repository at `root`, in the order of the book.
pub(crate) fn read(root: &Path) -> Result<Vec<Page>> {
    let mut pages = Vec::new();
    for path in gitkit::files(root).context("list the files")? {
        let file = root.join(&path);
        // One that is deleted and not yet committed is still listed.
        if is_page(&path) && file.is_file() {
            let text = fs::read_to_string(&file).with_context(|| format!("read {path}"))?;
            pages.push(Page { path, text });
        }
    }
    let first = pages.iter().find(|page| page.path == FIRST);
    let first = first.with_context(|| format!("there is no {FIRST}"))?;
    let text = first.text.clone();
    pages.sort_by_cached_key(|page| (place(&text, &page.path), page.path.clone()));
    Ok(pages)
}

fn is_page(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|ending| ending == "md")
}

/// Where a page stands in the book, by the last link of the first page to it: its list of pages is
/// the last that it has.
fn place(first: &str, path: &str) -> (bool, Option<usize>) {
    if path == FIRST {
        return (false, None);
    }
    let link = first.rfind(&format!("]({path})"));
    (link.is_none(), link.or(Some(0)))
}

impl Page {
    /// Its first heading; the name of the file where it has none.
    pub(crate) fn title(&self) -> &str {
        let heading = self.text.lines().find_map(|line| line.strip_prefix("# "));
        let name = Path::new(&self.path).file_stem().and_then(|name| name.to_str());
        heading.or(name).unwrap_or(&self.path)
    }

    /// Whether this page is the one that `other` belongs to: that of the folder it lies in, or the
    /// one called as that folder.
    fn is_above(&self, other: &Self) -> bool {
        let (folder, name) = other.path.rsplit_once('/').unwrap_or(("", &other.path));
        let folder = match name {
            FIRST => folder.rsplit_once('/').map_or("", |(above, _)| above),
            _ => folder,
        };
        !folder.is_empty()
            && [format!("{folder}/{FIRST}"), format!("{folder}.md")]
                .iter()
                .any(|path| self.path.eq_ignore_ascii_case(path))
    }
}

/// What mdBook calls the summary: every page, those that belong to another below it.
pub(crate) fn summary(pages: &[Page]) -> String {
    let mut summary = String::new();
    let tops = pages
        .iter()
        .filter(|page| !pages.iter().any(|other| other.is_above(page)));
    for top in tops {
        list(pages, top, 0, &mut summary);
    }
    summary
}

fn list(pages: &[Page], page: &Page, depth: usize, summary: &mut String) {
    let (title, indent) = (plain(page.title()), depth * 2);
    // Writing to a string cannot fail.
    let _ = writeln!(summary, "{:indent$}- [{title}](<{}>)", "", page.path);
    for below in pages.iter().filter(|below| page.is_above(below)) {
        list(pages, below, depth + 1, summary);
    }
}

/// So that nothing in it is taken for a mark.
fn plain(title: &str) -> String {
    let mut plain = String::new();
    for c in title.chars().filter(|c| *c != '`') {
        if c.is_ascii_punctuation() {
            plain.push('\\');
        }
        plain.push(c);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, text: &str) -> Page {
        Page {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn the_book_has_the_order_of_the_first_page_and_what_belongs_together_is() {
        let first = "[b](docs/B.md), and now all: [c](docs/C.md) [b](docs/B.md) [d](docs/d/README.md)";
        let mut pages = [
            page("apps/README.md", "# Apps\n"),
            page("docs/B.md", "<!-- a mark -->\n# The *second*: `b`\n"),
            page("docs/C.md", "no heading\n"),
            page("docs/b/one.md", "# One\n"),
            page("docs/d/1.md", "# 1. First\n"),
            page("docs/d/README.md", "# D\n"),
            page("README.md", first),
        ];
        pages.sort_by_cached_key(|page| (place(first, &page.path), page.path.clone()));
        assert_eq!(
            summary(&pages),
            "- [README](<README.md>)\n\
             - [C](<docs/C.md>)\n\
             - [The \\*second\\*\\: b](<docs/B.md>)\n  \
               - [One](<docs/b/one.md>)\n\
             - [D](<docs/d/README.md>)\n  \
               - [1\\. First](<docs/d/1.md>)\n\
             - [Apps](<apps/README.md>)\n"
        );
    }
}
