//! The checks of a release: jobs that run again and again, of which those count that began while
//! the release was there.

use std::collections::{BTreeMap, BTreeSet};

/// What is known of each check of an app.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Checks(BTreeMap<String, Vec<CheckRun>>);

/// One time that a check ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRun {
    /// No other run has this name.
    pub name: String,
    /// How it ended, once it has.
    pub passed: Option<bool>,
}

impl Checks {
    /// Checks by these names, that have not run yet.
    pub fn named(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().map(|name| (name, Vec::new())).collect())
    }

    /// Adds a run of a check, if there is one of this name.
    pub fn ran(&mut self, check: &str, run: CheckRun) {
        if let Some(runs) = self.0.get_mut(check) {
            runs.push(run);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn runs(&self) -> BTreeSet<String> {
        let runs = self.0.values().flatten();
        runs.map(|run| run.name.clone()).collect()
    }

    /// A run that failed and is none of `before`.
    pub(super) fn failed(&self, before: &BTreeSet<String>) -> Option<&str> {
        let mut runs = self.0.values().flatten();
        let failed = runs.find(|run| run.passed == Some(false) && !before.contains(&run.name));
        failed.map(|run| run.name.as_str())
    }

    /// Whether each check has passed in a run that is none of `before`.
    pub(super) fn all_passed(&self, before: &BTreeSet<String>) -> bool {
        let passed = |run: &CheckRun| run.passed == Some(true) && !before.contains(&run.name);
        self.0.values().all(|runs| runs.iter().any(passed))
    }
}
