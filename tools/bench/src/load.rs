//! Load by HTTP: wrk, which is quick enough to stay out of the way.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use tokio::process::Command;

use crate::workload::{Request, Workload};

/// Beside this crate's manifest.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/load.lua");

/// A workload for some time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) workload: Workload,
    pub(crate) length: Duration,
}

/// What one contender did under one load.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(crate) struct Sample {
    /// Requests answered in a second.
    pub(crate) per_second: f64,
    /// Half of the answers came within this time, in milliseconds.
    pub(crate) p50_ms: f64,
    /// 99 of 100 came within this time, in milliseconds.
    pub(crate) p99_ms: f64,
}

/// The line `load.lua` ends with.
#[derive(Debug, Deserialize)]
struct Line {
    requests: u32,
    duration_us: u32,
    p50_us: u32,
    p99_us: u32,
    errors: u32,
}

impl Load {
    /// Sends it to `url`. An answer that is not a success makes the whole measurement void.
    pub(crate) async fn on(self, url: &str) -> Result<Sample> {
        let mut wrk = Command::new("wrk");
        wrk.args(["--threads", "1", "--timeout", "10s", "--script"])
            .arg(Path::new(SCRIPT))
            .args(["--connections", &self.workload.connections.to_string()])
            .args(["--duration", &format!("{}s", self.length.as_secs())])
            .args([url, "--"]);
        if self.workload.request == Request::Post {
            wrk.arg("post");
        }
        let output = wrk.kill_on_drop(true).output().await.context("start wrk")?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let line = printed
            .lines()
            .find_map(|line| line.strip_prefix("result "))
            .with_context(|| {
                format!(
                    "wrk gave no result for {url}: {printed}{}",
                    String::from_utf8_lossy(&output.stderr)
                )
            })?;
        let line: Line = serde_json::from_str(line).context("read the result of wrk")?;
        ensure!(
            line.errors == 0,
            "{} of {} requests to {url} failed",
            line.errors,
            line.requests
        );
        Ok(Sample {
            per_second: f64::from(line.requests) * 1e6 / f64::from(line.duration_us),
            p50_ms: f64::from(line.p50_us) / 1e3,
            p99_ms: f64::from(line.p99_us) / 1e3,
        })
    }
}
