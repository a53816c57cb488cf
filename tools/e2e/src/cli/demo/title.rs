//! The line that a demo changes: the heading of the form, which no scenario changes.

use anyhow::{Context as _, Result, ensure};

const OPEN: &str = "<h2 id=\"post\">\"";
const CLOSE: &str = "\"</h2>";
/// Behind it stands how often the heading was changed.
const MARK: &str = ", demo ";

/// The present heading of the form whose source this is, and the one after it.
pub(super) fn next(source: &str) -> Result<(String, String)> {
    let count = source.matches(OPEN).count();
    ensure!(
        count == 1,
        "the form has {count} headings like {OPEN}…{CLOSE}, not one"
    );
    let (_, rest) = source.split_once(OPEN).context("the form has no heading")?;
    let (now, _) = rest.split_once(CLOSE).context("the heading has no end")?;
    Ok((now.to_owned(), after(now)))
}

fn after(title: &str) -> String {
    let numbered = title.rsplit_once(MARK);
    let numbered = numbered.and_then(|(title, number)| Some((title, number.parse::<u32>().ok()?)));
    let (title, number) = numbered.unwrap_or((title, 0));
    format!("{title}{MARK}{}", number + 1)
}

/// The source with this heading in place of the present one.
pub(super) fn replaced(source: &str, now: &str, title: &str) -> String {
    source.replace(&line(now), &line(title))
}

/// The heading in the source.
pub(super) fn line(title: &str) -> String {
    format!("{OPEN}{title}{CLOSE}")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{cli::demo::FILE, run::run_dir::repo_root};

    #[test]
    fn each_demo_changes_the_heading_again_and_no_scenario_does() {
        let root = repo_root().unwrap();
        let source = fs::read_to_string(root.join(FILE)).unwrap();
        let (now, title) = next(&source).unwrap();
        assert_eq!(title, format!("{now}, demo 1"));
        let changed = replaced(&source, &now, &title);
        let differ = source
            .lines()
            .zip(changed.lines())
            .filter(|(old, new)| old != new);
        assert_eq!(differ.count(), 1);
        assert_eq!(next(&changed).unwrap(), (title, format!("{now}, demo 2")));
        assert!(next("<h2>\"Messages\"</h2>").is_err());
        // They would no longer fit.
        for patch in fs::read_dir(root.join("tools/e2e/fixtures")).unwrap() {
            let patch = fs::read(patch.unwrap().path()).unwrap();
            assert!(!String::from_utf8_lossy(&patch).contains(FILE));
        }
    }
}
