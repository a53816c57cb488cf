//! docs/FAILURES.md, made from what the stories say of themselves.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context, Result, ensure};

use crate::{run_dir, scenarios::ALL};

const PAGE: &str = "docs/FAILURES.md";
const WRITE: &str = "cargo xtask e2e failures";

const BEGINNING: &str = "# What goes wrong, and what happens then

Each is a story that `cargo xtask e2e --suite failures` tells to a real cluster: it breaks this one thing on staging, sees from outside what
happens, and fails when it takes longer than stated here. The report of a run has the measured times and the requests that failed meanwhile.
One story alone: `cargo xtask e2e --only NAME`; with the loop itself before them: `--suite main --suite failures`.

This page is written by `cargo xtask e2e failures`; change the story, not the page.
";

/// Writes the page; with `check`, only sees whether it is what would be written.
pub(crate) fn run(check: bool) -> Result<()> {
    let path = run_dir::repo_root()?.join(PAGE);
    if check {
        return is_current(&path);
    }
    fs::write(&path, page()).with_context(|| format!("write {PAGE}"))
}

fn is_current(path: &Path) -> Result<()> {
    let found = fs::read_to_string(path).with_context(|| format!("read {PAGE}"))?;
    ensure!(
        found == page(),
        "{PAGE} is not what the stories say; run: {WRITE}"
    );
    Ok(())
}

fn page() -> String {
    let mut page = BEGINNING.to_owned();
    for scenario in ALL {
        let Some(failure) = scenario.failure else { continue };
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "\n## {title}\n\n`{id}`\n\n| | |\n|---|---|\n| What is done | {} |\n| What happens | {} |\n| Within | {} |\n| Way out | {} |\n",
            failure.cause,
            failure.effect,
            failure.within,
            failure.way_out,
            title = capitalised(scenario.step.title),
            id = scenario.step.id,
        );
    }
    page
}

fn capitalised(title: &str) -> String {
    let mut rest = title.chars();
    let first = rest.next().into_iter().flat_map(char::to_uppercase);
    first.chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_the_stories_say() {
        is_current(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PAGE)).unwrap();
    }

    #[test]
    fn a_page_of_other_words_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("FAILURES.md");
        fs::write(&other, page() + "more\n").unwrap();
        let error = is_current(&other).unwrap_err().to_string();
        assert!(error.contains(WRITE), "{error}");
    }
}
