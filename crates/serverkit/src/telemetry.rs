//! Logs as JSON lines on standard output, and the exit code that says how it ended.

use std::process::ExitCode;

use anyhow::Result;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Runs the whole `job` of a program: what it logs passes `filter`, and its error is the last line.
pub async fn run(filter: Targets, job: impl Future<Output = Result<()>>) -> ExitCode {
    // One span is open at a time, the request's; a list of it would say everything twice.
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false);
    tracing_subscriber::registry().with(lines).with(filter).init();
    // In place of plain text on standard error: a panic belongs among the other lines, with the ids
    // of its request.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "panicked")));
    match job.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "stopped by an error");
            ExitCode::FAILURE
        }
    }
}
