//! Which commit a version was released as.

use anyhow::{Result, bail};

use super::Whole;
use crate::ci::git::Git;
use crate::ci::history::{SOURCE, values};
use crate::environment::{Environment, apps};

/// Names the version at the end of a proposal's message.
pub(crate) const VERSION: &str = "Version: ";

/// Refuses a version that `environment` was given as another commit: whoever moved the tag may have
/// moved those of the images too.
pub(super) fn check(git: &Git<'_>, environment: Environment, base: &str, whole: &Whole) -> Result<()> {
    let Whole { version, commit, .. } = whole;
    let named = version.to_string();
    let paths: Vec<_> = apps().iter().map(|app| app.overlay(environment)).collect();
    for change in git.changes(base, &paths)? {
        let line = |key| values(&change.message, key).next();
        if line(VERSION) == Some(&named)
            && let Some(released) = line(SOURCE).filter(|released| released != commit)
        {
            bail!(
                "{version} was released to {environment} as commit {released}, and the tag is on commit {commit} now. A version \
                 stays what it is: put the tag back, and tag the next one"
            );
        }
    }
    Ok(())
}
