//! The files of Rust in this repository, and whether a function in them is run by a test or a
//! scenario.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use xshell::Shell;

/// Where scenarios are.
pub(super) const SCENARIOS: &str = "tools/e2e/src/scenarios/";
/// The rules on manifests, and the table by which a test runs each of them.
const RULES: [&str; 2] = [
    "xtask/tests/manifests/faults.rs",
    "xtask/tests/manifests/rules.rs",
];

/// Path → text of every file of Rust.
pub(super) struct Sources(BTreeMap<String, String>);

impl Sources {
    pub(super) fn read(sh: &Shell) -> Result<Self> {
        let listed = gitkit::files(&sh.current_dir()).context("list the files of Rust")?;
        let of_rust = listed
            .iter()
            .filter(|path| Path::new(path).extension().is_some_and(|kind| kind == "rs"));
        // One that was deleted is listed until that is committed.
        let read = |path: &String| Some((path.clone(), sh.read_file(path).ok()?));
        Ok(Self(of_rust.filter_map(read).collect()))
    }

    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        Self(files.iter().map(file).collect())
    }

    /// The files below a folder with this text, by their paths.
    pub(super) fn with(&self, below: &str, text: &str) -> Vec<&str> {
        let has = |(path, of): &(&String, &String)| path.starts_with(below) && of.contains(text);
        let found = self.0.iter().filter(has);
        found.map(|(path, _)| path.as_str()).collect()
    }

    /// An error unless the function `name` of the file `path` is run: as a test, by the test of all
    /// rules, or by a scenario. A function that only has the name proves nothing.
    pub(super) fn is_run(&self, path: &str, name: &str) -> Result<()> {
        let text = self.0.get(path).with_context(|| format!("there is no {path}"))?;
        let sign = format!("fn {name}(");
        let at = text.find(&sign);
        let at = at.with_context(|| format!("no file below here has `{sign}`: {path} lacks it"))?;
        // The compiler refuses what no test or scenario leads to.
        let only_proves = path.starts_with(SCENARIOS) || path.contains("/tests/");
        let is_used = only_proves && text.matches(name).count() > 1;
        ensure!(
            is_test(&text[..at]) || self.is_rule(path, name) || is_used,
            "`{sign}` in {path} is no test, no rule and part of no scenario"
        );
        Ok(())
    }

    fn is_rule(&self, path: &str, name: &str) -> bool {
        let [rules, table] = RULES;
        let entry = format!("\n    {name}: [");
        path == rules && self.0.get(table).is_some_and(|table| table.contains(&entry))
    }
}

/// Whether the attributes right before a function make it a test.
fn is_test(before: &str) -> bool {
    let (above, _) = before.rsplit_once('\n').unwrap_or_default();
    let lines = above.lines().rev().map(str::trim_start);
    let mut attributes = lines.take_while(|line| line.starts_with("#[") || line.starts_with("//"));
    attributes.any(|line| {
        ["#[test]", "#[tokio::test"]
            .iter()
            .any(|test| line.starts_with(test))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_that_nothing_runs_proves_nothing() {
        let scenario = format!("{SCENARIOS}posture/a.rs");
        let sources = Sources::of(&[
            ("a.rs", "#[test]\n#[ignore]\nfn tested() {}\n\nfn helper() {}\n"),
            (
                "b.rs",
                "#[tokio::test(flavor)]\n/// Why.\npub async fn awaited() {}\n#[test]\nfn x() {}\nfn behind() {}\n",
            ),
            (RULES[0], "pub(crate) fn rule() {}\npub(crate) fn unlisted() {}\n"),
            (RULES[1], "rules! {\n    rule: [\n"),
            (
                &scenario,
                "shown(env).await\nasync fn shown() {}\nasync fn unused() {}\n",
            ),
        ]);
        let run = [
            ("a.rs", "tested"),
            ("b.rs", "awaited"),
            (RULES[0], "rule"),
            (&scenario, "shown"),
        ];
        for (path, name) in run {
            sources.is_run(path, name).unwrap();
        }
        let not = [
            ("a.rs", "helper"),
            ("b.rs", "behind"),
            (RULES[0], "unlisted"),
            (&scenario, "unused"),
        ];
        for (path, name) in not {
            let error = sources.is_run(path, name).unwrap_err().to_string();
            assert!(error.contains("is no test"), "{error}");
        }
        assert!(
            sources
                .is_run("a.rs", "gone")
                .unwrap_err()
                .to_string()
                .contains("`fn gone(`")
        );
    }
}
