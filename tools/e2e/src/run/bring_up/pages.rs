//! What a person needs of the parts and no other run does.

use std::path::PathBuf;

use supply::engine::Engine;

use super::{actions::blocking, context::BringUp};
use crate::run::StepHandle;

impl BringUp<'_> {
    /// What makes the forge's pages usable for a person. Without it everything else works.
    pub(super) async fn forge_pages(&self, step: &StepHandle, engine: &Engine) -> Option<PathBuf> {
        let session = self.session;
        if !session.readers {
            return None;
        }
        let (cache, engine, step) = (session.cache.clone(), engine.clone(), step.clone());
        let (install, logs) = (!session.options.no_install, session.run.logs());
        let pages = blocking(move || supply::forge_pages(&cache, &engine, install, &step, &logs)).await;
        pages.unwrap_or_else(|error| {
            session.progress.say(&format!(
                "note: the forge's pages come without styles and scripts, so merge by `cargo xtask demo --merge`: {error:#}"
            ));
            None
        })
    }
}
