//! What is missing until a release may go on, in words.

use std::fmt;

use crate::ci::git::short;
use crate::ci::releases::time;
use crate::environment::Environment;

/// An image that the environment before has not proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unproven {
    pub(crate) app: String,
    /// The environment that has to prove it.
    pub(crate) before: Environment,
    /// The commit that gave that environment what it has of the app.
    pub(crate) commit: String,
    /// When it did, in seconds since 1970.
    pub(crate) since: u64,
    pub(crate) why: Why,
}

/// What speaks against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    /// The environment before has another image, of this commit.
    Other(Option<String>),
    /// Nothing was reported.
    Silent,
    /// It is being looked at.
    Pending(String),
    /// It was found wanting.
    Failed(String),
    /// The settings do not say how to read statuses from the forge.
    Unreadable,
}

impl fmt::Display for Unproven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            app, before, commit, ..
        } = self;
        let commit = short(commit);
        let since = time(self.since);
        match &self.why {
            Why::Other(Some(of)) => write!(
                f,
                "{app}: {before} has that of commit {}, not this image",
                short(of)
            ),
            Why::Other(None) => write!(f, "{app}: {before} has another image"),
            Why::Silent => write!(
                f,
                "{app}: no status {} on commit {commit}, which {before} was given {since}",
                before.report_on(app)
            ),
            Why::Pending(words) => write!(
                f,
                "{app}: {before} was given it by commit {commit}, {since}, and says: {words}"
            ),
            Why::Failed(words) => write!(
                f,
                "{app}: {before} was given it by commit {commit}, {since}, and it failed there: {words}"
            ),
            Why::Unreadable => write!(
                f,
                "{app}: the verbs are not told how to read what {before} reports: set FORGE_API and FORGE_REPO on GitLab, FORGE_REPORTER on CodeCommit (docs/PROMOTION.md)"
            ),
        }
    }
}

/// What is said of an environment that waits for all of these.
pub(crate) fn waiting(environment: Environment, unproven: &[Unproven]) -> String {
    let each: Vec<_> = unproven.iter().map(|one| format!("waiting   {one}")).collect();
    format!(
        "waiting   {environment} is given only what was verified in the environment before:\n{}\n\
         waiting   the next run after that proposes it; `--unverified REASON` does not wait",
        each.join("\n")
    )
}

/// What is said at a proposal that is withdrawn.
pub(crate) fn withdrawal(unproven: &[Unproven]) -> String {
    let each: Vec<_> = unproven.iter().map(ToString::to_string).collect();
    format!("withdrawn, for it is not verified: {}", each.join("; "))
}
