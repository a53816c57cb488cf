//! What a person needs of the parts and no other run does.

use std::path::PathBuf;

use supply::engine::Engine;

use super::context::BringUp;
use crate::run::StepHandle;

impl BringUp<'_> {
    /// What makes the forge's pages usable for a person. Without it everything else works.
    pub(super) async fn forge_pages(&self, step: &StepHandle, engine: &Engine) -> Option<PathBuf> {
        let session = self.session;
        if !session.readers {
            return None;
        }
        let engine = engine.clone();
        let pages = self
            .supplied(step, move |with| supply::forge_pages(with, &engine))
            .await;
        pages.unwrap_or_else(|error| {
            session.progress.say(&format!(
                "note: the forge's pages come without styles and scripts, so merge by `cargo xtask demo --merge`: {error:#}"
            ));
            None
        })
    }
}
