//! The backfill as a release runs it: the backend's own program, watched by what it logs.

use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::TABLE;
use super::tenths::Tenths;

/// What counts in a line of the log; others have no `seen`.
#[derive(Debug, Deserialize)]
struct Line {
    seen: Option<u32>,
    changed: Option<u32>,
}

/// Migrates the table, which has so many messages that are all to be changed.
pub(super) async fn run(dist: &Path, endpoint: &str, messages: u32) -> Result<Tenths> {
    let mut process = Command::new(dist.join("backend/backend"))
        .arg("migrate")
        .envs(testkit::variables(endpoint))
        .env("TABLE_NAME", TABLE)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("start backend migrate")?;
    let stdout = process.stdout.take().context("the backend's output is piped")?;
    let mut lines = BufReader::new(stdout).lines();
    let started = Instant::now();
    let (mut moments, mut changed) = (Vec::new(), 0);
    while let Some(line) = lines.next_line().await.context("read the backend's log")? {
        let Line {
            seen,
            changed: so_far,
        } = serde_json::from_str(&line).with_context(|| format!("read the line {line}"))?;
        if let Some(seen) = seen {
            moments.push((started.elapsed(), seen));
            println!("{:4.0} s: {seen} seen", started.elapsed().as_secs_f64());
        }
        changed = so_far.unwrap_or(changed);
    }
    let status = process.wait().await.context("wait for backend migrate")?;
    ensure!(status.success(), "backend migrate ended with {status}");
    let seen = moments.last().map_or(0, |(_, seen)| *seen);
    ensure!(
        (seen, changed) == (messages, messages),
        "{seen} messages were seen and {changed} changed, of {messages}"
    );
    Ok(Tenths::of(messages, &moments))
}
