//! `cargo xtask pictures`: what a document shows, as a browser shows it now.

use std::path::PathBuf;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let run = std::env::args_os().nth(1).map(PathBuf::from);
    browser::pictures::make(run.as_deref()).await
}
