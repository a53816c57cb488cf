//! What is written of a run: its records, the report made from them, and the pages that show the
//! same to readers of the repository.

pub(crate) mod failures_page;
mod readme;
pub(crate) mod recorder;
pub(crate) mod releases_page;
pub(crate) mod run_report;
