//! What is done for one app.

use serde::Serialize;

use crate::environment::Environment;

/// What will be done for one app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Action {
    /// Build and push its image, then propose it.
    Build,
    /// Propose the image that is in the registry.
    Propose,
    /// The environment is pinned to it already.
    Nothing,
    /// It was never built, and this branch does not build.
    Missing,
}

pub(super) fn action(environment: Environment, in_registry: Option<&str>, in_overlay: &str) -> Action {
    match in_registry {
        Some(digest) if digest == in_overlay => Action::Nothing,
        Some(_) => Action::Propose,
        None if environment.builds() => Action::Build,
        None => Action::Missing,
    }
}

impl Action {
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Build => "build it, push it, propose it",
            Self::Propose => "propose what the registry has",
            Self::Nothing => "nothing: it is what the environment is pinned to",
            Self::Missing => "stop: this branch does not build",
        }
    }
}
