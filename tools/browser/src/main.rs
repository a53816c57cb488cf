//! `cargo xtask pictures`: what a document shows, as a browser shows it now.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

#[tokio::main]
async fn main() -> Result<()> {
    let run = std::env::args_os().nth(1).map(PathBuf::from);
    browser::pictures::make(&run.context("name the folder of a run")?).await
}
