//! The site: the pages with their links as the book has them, in a folder of their own, of which
//! mdBook makes HTML.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use mdbook_driver::MDBook;
use mdbook_driver::config::Config;
use taskkit::environment::{self, project};

use crate::links::Places;
use crate::pages::{self, Page};
use crate::repository::Repository;
use crate::whole;

const SETTINGS: &str = include_str!("../book.toml");
const STYLE: &str = include_str!("../book.css");

/// Makes the site of the repository at `root` in the folder `out`, which holds nothing else then,
/// and says of how many pages.
pub(crate) fn make(root: &Path, out: &Path) -> Result<usize> {
    environment::read()?;
    let pages = pages::read(root)?;
    let repository = Repository::read(root)?;
    let mut settings: Config = SETTINGS.parse().context("read book.toml")?;
    settings.book.title = Some(project().name().to_owned());
    out.clone_into(&mut settings.build.build_dir);
    if let Some(address) = repository.address() {
        settings.set("output.html.git-repository-url", address)?;
    }
    let folder = tempfile::tempdir().context("make a folder")?;
    write(folder.path(), "book.css", STYLE)?;
    let places = Places {
        root,
        pages: pages.iter().map(|page| page.path.as_str()).collect(),
        repository,
    };
    lay_out(&folder.path().join(&settings.book.src), &pages, &places)?;
    let book = MDBook::load_with_config(folder.path(), settings).context("read the pages")?;
    book.build().context("make the site")?;
    whole::check(out, &pages)?;
    Ok(pages.len())
}

/// Writes what mdBook reads.
fn lay_out(folder: &Path, pages: &[Page], places: &Places<'_>) -> Result<()> {
    write(folder, "SUMMARY.md", &pages::summary(pages))?;
    for page in pages {
        let linked = places.link(page)?;
        write(folder, &page.path, &linked.text)?;
        for picture in linked.pictures {
            let (from, to) = (places.root.join(&picture), folder.join(&picture));
            above(&to)?;
            fs::copy(from, to).with_context(|| format!("copy {picture}"))?;
        }
    }
    Ok(())
}

fn write(folder: &Path, path: &str, text: &str) -> Result<()> {
    let file = folder.join(path);
    above(&file)?;
    fs::write(&file, text).with_context(|| format!("write {}", file.display()))
}

/// Makes the folder of a file.
fn above(file: &Path) -> Result<()> {
    let folder = file.parent().context("a file lies in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every page is in it, and every link of it leads somewhere: `make` says otherwise.
    #[test]
    fn the_pages_of_this_repository_make_a_site() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let out = tempfile::tempdir().expect("make a folder");
        let pages = make(&root, out.path()).unwrap_or_else(|error| panic!("{error:#}"));
        assert!(pages > 10, "only {pages} pages found");
        let index = fs::read_to_string(out.path().join("index.html")).expect("read the first page");
        assert!(index.contains("searchindex"), "the site has no search");
    }
}
