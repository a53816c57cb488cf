//! What the figures are meant to show, each with its goal.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};

use crate::load::Sample;
use crate::server::Start;
use crate::stats::{Rounds, Spread};
use crate::workload::{Contender, WORKLOADS, Workload};

/// Everything that was measured.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) rounds: Rounds,
    /// Resident memory of the backend and of its peer after all rounds, in MiB.
    pub(crate) loaded_mib: [f64; 2],
    /// The backend.
    pub(crate) ours: Start,
    /// Its peer.
    pub(crate) go: Start,
    pub(crate) sizes: Sizes,
}

/// What has to be carried around.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(crate) struct Sizes {
    /// Everything in the image of the backend, uncompressed, in bytes.
    pub(crate) backend_image: u64,
    /// Everything in the image of the frontend, uncompressed, in bytes.
    pub(crate) frontend_image: u64,
    /// The browser's half as it travels, in bytes.
    pub(crate) wasm_brotli: u64,
}

/// One figure, and where it should lie.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Claim {
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) found: Spread,
    pub(crate) goal: Goal,
    /// Whether the median lies there.
    pub(crate) met: bool,
}

/// Where a figure should lie.
#[derive(Clone, Copy, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

impl Claim {
    pub(crate) fn new(what: impl Into<String>, unit: &'static str, found: Spread, goal: Goal) -> Self {
        let met = match goal {
            Goal::AtMost(most) => found.median <= most,
            Goal::AtLeast(least) => found.median >= least,
        };
        Self {
            what: what.into(),
            unit,
            found,
            goal,
            met,
        }
    }
}

/// All claims, with what was found.
pub(crate) fn all(measured: &Measured) -> Vec<Claim> {
    let mut claims = Vec::new();
    for workload in WORKLOADS {
        claims.extend(of_workload(*workload, &measured.rounds));
    }
    let mb = |bytes: u64| Spread::exactly(f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1e6);
    claims.extend([
        Claim::new(
            "backend: start to ready",
            "ms",
            measured.ours.ready_ms,
            Goal::AtMost(100.0),
        ),
        Claim::new(
            "backend: idle memory",
            "MiB",
            measured.ours.idle_mib,
            Goal::AtMost(16.0),
        ),
        Claim::new(
            "backend: memory after the load, by that of Go",
            "×",
            Spread::exactly(measured.loaded_mib[0] / measured.loaded_mib[1]),
            Goal::AtMost(0.6),
        ),
        Claim::new(
            "backend: image",
            "MB",
            mb(measured.sizes.backend_image),
            Goal::AtMost(12.0),
        ),
        Claim::new(
            "frontend: image",
            "MB",
            mb(measured.sizes.frontend_image),
            Goal::AtMost(25.0),
        ),
        Claim::new(
            "frontend: wasm, brotli",
            "MB",
            mb(measured.sizes.wasm_brotli),
            Goal::AtMost(0.2),
        ),
    ]);
    claims
}

/// One connection shows what a request costs, many show how much fits; the slowest answers are
/// looked at under load.
fn of_workload(workload: Workload, rounds: &Rounds) -> Vec<Claim> {
    let name = workload.name();
    let against = |peer, figure: fn(&Sample) -> f64, compare: fn(f64, f64) -> f64| {
        rounds.compared(workload, [Contender::Ours, peer], figure, compare)
    };
    let by_go = |figure: fn(&Sample) -> f64| against(Contender::Go, figure, |ours, go| ours / go);
    let claim = |what: &str, unit, found, goal| Claim::new(format!("{name}: {what}"), unit, found, goal);
    if workload.connections == 1 {
        let added = against(
            Contender::Emulator,
            |sample| sample.p50_ms,
            |ours, emulator| ours - emulator,
        );
        return vec![
            claim("added to the emulator's p50", "ms", added, Goal::AtMost(0.3)),
            claim(
                "p50 by that of Go",
                "×",
                by_go(|sample| sample.p50_ms),
                Goal::AtMost(0.9),
            ),
        ];
    }
    let (many, slowest) = (by_go(|sample| sample.per_second), by_go(|sample| sample.p99_ms));
    vec![
        claim(
            "requests per second, by those of Go",
            "×",
            many,
            Goal::AtLeast(1.5),
        ),
        claim("p99 by that of Go", "×", slowest, Goal::AtMost(1.0)),
    ]
}

/// Reads what `cargo xtask build` made.
pub(crate) fn sizes(dist: &Path) -> Result<Sizes> {
    Ok(Sizes {
        backend_image: folder(&dist.join("backend"))?,
        frontend_image: folder(&dist.join("frontend"))?,
        wasm_brotli: brotli(&dist.join("frontend/site/pkg/app_bg.wasm"))?,
    })
}

/// Bytes of all files below `path`; what only makes the image is not part of it.
fn folder(path: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(path).with_context(|| format!("read {}", path.display()))? {
        let entry = entry.with_context(|| format!("read {}", path.display()))?;
        let metadata = entry
            .metadata()
            .with_context(|| format!("look at {}", entry.path().display()))?;
        sum += match metadata.is_dir() {
            true => folder(&entry.path())?,
            false if entry.file_name() == "Containerfile" => 0,
            false => metadata.len(),
        };
    }
    Ok(sum)
}

fn brotli(path: &Path) -> Result<u64> {
    let wasm = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
    let mut squeezed = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
    squeezed.write_all(&wasm).context("compress the wasm")?;
    Ok(squeezed.into_inner().len() as u64)
}
