//! What the overlays pin.

use anyhow::{Context as _, Result};

use crate::ci::git::Git;
use crate::environment::{Environment, main_branch};
use overlay::Pin;
use project::App;

/// What the overlay of `environment` pins of `app` in `base`, a commit of the overlays' repository.
pub(crate) fn pinned(git: &Git<'_>, base: &str, app: &App, environment: Environment) -> Result<Pin> {
    let path = app.overlay(environment);
    overlay::pin(&git.file(base, &path)?, app.name()).with_context(|| {
        format!(
            "{path} on branch {}; mend it there and run the verb again",
            main_branch()
        )
    })
}

/// The same in `made`, the commit of a proposal's `branch`; nothing, if it is older than the app.
pub(crate) fn proposed(
    git: &Git<'_>,
    (branch, made): (&str, &str),
    app: &App,
    environment: Environment,
) -> Result<Option<Pin>> {
    let path = app.overlay(environment);
    let text = git.file_if_any(made, &path)?;
    if text.is_empty() {
        return Ok(None);
    }
    let pin = overlay::pin(&text, app.name());
    pin.map(Some)
        .with_context(|| format!("{path} on branch {branch}; close that proposal and run the verb again"))
}
