//! Decides which pushes start a run: the `on.push` filters of the repository's own workflow that
//! delivers.
//!
//! The workflow file is the one place where the filters are written; on AWS the pipeline's trigger
//! says the same.

use anyhow::{Context, Result, ensure};
use globset::{GlobBuilder, GlobMatcher};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Where the filters are, inside the repository.
pub(crate) const WORKFLOW: &str = ".github/workflows/deliver.yaml";

/// What a push is asked: is this branch released, and does it change anything a build reads?
#[derive(Debug)]
pub(crate) struct Trigger {
    branches: Patterns,
    ignored: Patterns,
}

#[derive(Deserialize)]
struct Workflow {
    on: Events,
}

#[derive(Deserialize)]
struct Events {
    push: PushFilter,
    // Started by hand: no push is involved.
    #[serde(rename = "workflow_dispatch")]
    _workflow_dispatch: Option<IgnoredAny>,
}

// A filter that is not interpreted here would be obeyed by GitHub and ignored by the e2e: refuse
// it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PushFilter {
    branches: Vec<String>,
    #[serde(default)]
    paths_ignore: Vec<String>,
}

impl Trigger {
    /// Read the filters from the text of the workflow.
    pub(crate) fn parse(workflow: &str) -> Result<Self> {
        let Workflow {
            on: Events { push, .. },
        } = serde_saphyr::from_str(workflow).with_context(|| format!("read on.push of {WORKFLOW}"))?;
        ensure!(
            !push.branches.is_empty(),
            "{WORKFLOW}: on.push.branches is empty, so nothing would ever be released"
        );
        Ok(Self {
            branches: Patterns::new(&push.branches)?,
            ignored: Patterns::new(&push.paths_ignore)?,
        })
    }

    /// Why a push starts no run; none if it does. `changed` is none for a new branch, which GitHub
    /// always runs.
    pub(crate) fn ignores(&self, branch: &str, changed: Option<&[String]>) -> Option<String> {
        if !self.branches.matches(branch) {
            return Some(format!("on.push.branches does not name {branch}"));
        }
        let changed = changed?;
        let all_ignored = !changed.is_empty() && changed.iter().all(|path| self.ignored.matches(path));
        all_ignored.then(|| format!("on.push.paths-ignore covers all of {}", changed.join(", ")))
    }
}

/// GitHub's filter patterns: `*` stops at a slash, `**` does not, `!` takes back what an earlier
/// pattern matched.
#[derive(Debug)]
struct Patterns(Vec<(bool, GlobMatcher)>);

impl Patterns {
    fn new(patterns: &[String]) -> Result<Self> {
        let compile = |pattern: &String| {
            let partial = pattern
                .split('/')
                .any(|part| part.contains("**") && part.trim_start_matches('!') != "**");
            ensure!(
                !partial,
                "{WORKFLOW}: write {pattern:?} with ** as a whole part of the path, as in **/*.md"
            );
            let (takes, glob) = pattern
                .strip_prefix('!')
                .map_or((true, pattern.as_str()), |rest| (false, rest));
            let glob = GlobBuilder::new(glob)
                .literal_separator(true)
                .build()
                .with_context(|| format!("{WORKFLOW}: {pattern:?} is not a filter pattern"))?;
            Ok((takes, glob.compile_matcher()))
        };
        patterns.iter().map(compile).collect::<Result<_>>().map(Self)
    }

    fn matches(&self, text: &str) -> bool {
        self.0
            .iter()
            .rev()
            .find(|(_, glob)| glob.is_match(text))
            .is_some_and(|(takes, _)| *takes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKFLOW_TEXT: &str = "name: deliver\non:\n  push:\n    branches: [master, production]\n    paths-ignore:\n      \
        - 'infra/*/overlays/*/kustomization.yaml'\n      - 'docs/**'\n      - '!docs/site/**'\n      - '**/*.md'\n\
        permissions:\n  contents: write\njobs: {}\n";

    fn ignores(branch: &str, changed: &[&str]) -> Option<String> {
        let changed: Vec<String> = changed.iter().map(ToString::to_string).collect();
        Trigger::parse(WORKFLOW_TEXT)
            .expect("valid filters")
            .ignores(branch, Some(&changed))
    }

    #[test]
    fn a_bump_commit_starts_nothing_and_says_why() {
        let why = ignores("master", &["infra/backend/overlays/staging/kustomization.yaml"]).expect("ignored");
        assert!(
            why.contains("paths-ignore") && why.contains("infra/backend"),
            "{why}"
        );
    }

    #[test]
    fn one_path_outside_the_filter_is_enough() {
        let bump = "infra/backend/overlays/staging/kustomization.yaml";
        assert_eq!(ignores("master", &[bump, "backend/src/main.rs"]), None);
        assert_eq!(ignores("production", &["backend/src/main.rs"]), None);
    }

    #[test]
    fn a_star_stops_at_a_slash_and_two_do_not() {
        assert_eq!(
            ignores("master", &["infra/a/b/overlays/staging/kustomization.yaml"]),
            None
        );
        assert!(ignores("master", &["docs/adr/one.txt"]).is_some());
        assert!(ignores("master", &["frontend/README.md"]).is_some());
        assert_eq!(
            ignores("master", &["docs/site/index.html"]),
            None,
            "taken back by !"
        );
    }

    #[test]
    fn other_branches_start_nothing_and_new_branches_always_do() {
        assert!(
            ignores("release/staging-1234567", &["backend/src/main.rs"])
                .expect("ignored")
                .contains("branches")
        );
        let trigger = Trigger::parse(WORKFLOW_TEXT).expect("valid filters");
        assert_eq!(trigger.ignores("production", None), None);
    }

    #[test]
    fn filters_that_would_not_be_obeyed_are_refused() {
        let error =
            Trigger::parse("on: {push: {branches: [master], tags: ['v*']}}").expect_err("tags are not read");
        assert!(format!("{error:#}").contains("tags"), "{error:#}");
        assert!(Trigger::parse("on: {push: {branches: []}}").is_err());
        assert!(Trigger::parse("on: {push: {branches: [master], paths-ignore: ['**.md']}}").is_err());
    }

    #[test]
    fn this_repository_ignores_its_bumps_and_takes_its_code() {
        let path = crate::run::run_dir::repo_root().unwrap().join(WORKFLOW);
        let trigger = Trigger::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
        let changes = |path: &str| [path.to_owned()];
        for environment in crate::environment::project().environments() {
            let branch = environment.branch();
            let bump = changes("infra/backend/overlays/staging/kustomization.yaml");
            assert!(trigger.ignores(branch, Some(&bump)).is_some());
            assert_eq!(
                trigger.ignores(branch, Some(&changes("backend/src/main.rs"))),
                None
            );
            assert_eq!(trigger.ignores(branch, Some(&changes("Cargo.lock"))), None);
        }
        assert!(trigger.ignores("release/staging-1234567890", None).is_some());
    }
}
