//! The job.

use anyhow::Result;

use crate::config::Config;

/// Does it once. What the program is for goes here; an error makes the run a failed one, which the
/// cluster keeps and shows.
#[expect(clippy::unnecessary_wraps, reason = "what is put here can fail")]
pub(crate) fn run(config: &Config) -> Result<()> {
    tracing::info!(
        commit = config.app_commit,
        environment = config.environment,
        "done"
    );
    Ok(())
}
