//! What a release will do for one app, and why.

use project::App;
use serde::Serialize;

use super::action::{Action, action};
use crate::ci::history::MarkSource;
use crate::environment::Environment;
use overlay::Pin;

/// What will be done for one app, and the facts that it follows from.
#[derive(Debug, Serialize)]
pub(crate) struct AppPlan {
    #[serde(skip)]
    pub(crate) app: &'static App,
    pub(crate) name: &'static str,
    pub(crate) fingerprint: String,
    /// Image and tag, as pushed.
    pub(crate) image: String,
    pub(crate) in_registry: Option<String>,
    pub(crate) in_overlay: String,
    /// The commit whose release the overlay holds.
    pub(crate) released: Option<String>,
    /// The later commit that was taken back.
    pub(crate) withdrawn: Option<String>,
    /// How both are known.
    pub(crate) known: MarkSource,
    pub(crate) action: Action,
}

impl AppPlan {
    /// Of an app whose environment has `pinned`, which is known in that way.
    pub(crate) fn of(
        environment: Environment,
        app: &'static App,
        (pin, known): &(Pin, MarkSource),
        fingerprint: String,
        image: String,
        in_registry: Option<String>,
    ) -> Self {
        Self {
            app,
            name: app.name(),
            fingerprint,
            image,
            action: action(environment, in_registry.as_deref(), &pin.digest),
            in_registry,
            in_overlay: pin.digest.clone(),
            released: pin.commit.clone(),
            withdrawn: pin.withdrawn.clone(),
            known: *known,
        }
    }

    pub(super) fn release_in_words(&self) -> String {
        match self.known {
            MarkSource::Written => self.mark_in_words(),
            MarkSource::Found => {
                self.mark_in_words() + " (found in the history: the comment behind the digest is lost)"
            }
            MarkSource::Nothing => "nothing yet".to_owned(),
            MarkSource::Not => "unknown: no release wrote this digest".to_owned(),
        }
    }

    pub(super) fn mark_in_words(&self) -> String {
        let commit = self.released.as_deref().unwrap_or_default();
        match &self.withdrawn {
            Some(withdrawn) => format!("{commit}, withdrawn {withdrawn}"),
            None => commit.to_owned(),
        }
    }
}
