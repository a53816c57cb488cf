//! The rules of promotion, as the tip of the main branch has them. A commit that is older, but is
//! tagged, pushed to another branch or run once more, does not bring its own.

use anyhow::{Context as _, Result};
use project::Project;
use semver::VersionReq; // wing: versions

use super::gate::Gate;
use super::git::Git;
use crate::environment::{Environment, main_branch, project};

/// What has to be proven before a release goes on, and which environments follow versions.
pub(crate) struct Rules(Project);

impl Rules {
    /// Those of `tip`, which is that of the main branch.
    pub(crate) fn of(git: &Git<'_>, tip: &str) -> Result<Self> {
        let text = git.file(tip, project::FILE)?;
        let rules = Project::of_text(&text);
        let rules = rules.with_context(|| format!("read {} of branch {}", project::FILE, main_branch()));
        rules.map(Self).with_context(run_there)
    }

    /// The gate in front of `environment`, if there is one.
    pub(crate) fn gate(&self, environment: Environment, unverified: Option<String>) -> Result<Option<Gate>> {
        let Self(rules) = self;
        let own = rules.environment(environment.name()).with_context(run_there)?;
        let Some(before) = rules.before(own).filter(|before| before.verifies()) else {
            return Ok(None);
        };
        let before = project().environment(before.name()).with_context(run_there)?;
        Ok(Some(Gate { before, unverified }))
    }

    // wing: versions
    /// The versions that `environment` follows, if it does.
    pub(crate) fn follows(&self, environment: Environment) -> Option<VersionReq> {
        let own = self.0.environment(environment.name()).ok()?;
        own.follows().cloned()
    }
    // end of wing
}

fn run_there() -> String {
    format!(
        "the rules are those of branch {}, and this commit's verbs cannot keep them; run the verb there",
        main_branch()
    )
}
