//! Work of the supply, which knows no tokio, and what it is told of this command.

use anyhow::{Context, Result};

use super::context::BringUp;
use crate::run::StepHandle;

impl BringUp<'_> {
    /// Has the supply do something for a step.
    pub(super) async fn supplied<T: Send + 'static>(
        &self,
        step: &StepHandle,
        work: impl FnOnce(supply::Session<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (session, step) = (self.session, step.clone());
        let (cache, logs) = (session.cache.clone(), session.run.logs());
        let missing = session.options.missing();
        let work = move || {
            work(supply::Session {
                cache: &cache,
                missing,
                progress: &step,
                logs: &logs,
            })
        };
        tokio::task::spawn_blocking(work)
            .await
            .context("the thread of this step ended by itself")?
    }

    /// Which parts it gets, and where from.
    pub(super) fn supply_options(&self) -> supply::Options {
        let options = &self.session.options;
        supply::Options {
            mode: options.supply.into(),
            mirror: options.mirror.clone(),
            admission: self.admission,
            addons: self.addons,
        }
    }
}
