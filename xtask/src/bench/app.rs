//! `cargo xtask bench app`: builds what is measured, and the references, then measures both in one
//! run.

use std::path::Path;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::bench::{build_apps, keep};
use crate::supply;
use taskkit::{env, packages};

/// What a run writes, and where the docs keep it.
const RESULTS: [&str; 3] = ["app.json", "app.svg", "app.md"];
/// The programs that are measured beside ours.
const PEER: &str = "tools/bench/go-peer";

/// Measures `rounds` times, `seconds` each; `docs`: keeps the results there too.
pub(crate) fn run(sh: &Shell, install: bool, rounds: u32, seconds: u64, docs: bool) -> Result<()> {
    packages::ensure_programs(sh, &[("wrk", "wrk")], install, "measuring")?;
    let go = supply::go(sh, install)?;

    let out = env::target_dir(sh)?.join("bench");
    let (dist, peer) = (build_apps(sh, &out, install)?, out.join("go-peer"));
    go_peer(sh, &go, &peer)?;
    let (rounds, seconds) = (rounds.to_string(), seconds.to_string());
    env::cargo(sh)
        .args(["run", "--release", "--package", "bench", "--", "app"])
        .args(["--rounds", &rounds, "--seconds", &seconds])
        .arg("--dist")
        .arg(dist)
        .arg("--peer")
        .arg(peer)
        .arg("--out")
        .arg(&out)
        .run()
        .context("measure")?;
    if docs {
        keep(sh, &out, &RESULTS)?;
    }
    Ok(())
}

/// As static and as stripped as ours, by the compiler that `go` names.
fn go_peer(sh: &Shell, go: &str, out: &Path) -> Result<()> {
    sh.create_dir(out)?;
    let _there = sh.push_dir(PEER);
    let ldflags = "-ldflags=-s -w";
    cmd!(sh, "go build -trimpath -modcacherw {ldflags} -o {out}/ ./...")
        .env("CGO_ENABLED", "0")
        .env("GOTOOLCHAIN", go)
        .env("GOMODCACHE", out.with_file_name("go-modules"))
        .run()
        .context("compile the Go peer")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::Value;

    use super::*;
    use crate::bench::DOCS;

    #[test]
    fn the_page_names_each_goal_that_is_missed_and_no_other() {
        let root = env::root().unwrap();
        let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
        let page = read("docs/BENCHMARK.md");
        let results: Value = serde_json::from_str(&read(&format!("{DOCS}/{}", RESULTS[0]))).unwrap();
        for claim in results["claims"].as_array().unwrap() {
            let item = format!("- `{}`\n", claim["what"].as_str().unwrap());
            assert_eq!(page.contains(&item), claim["met"] == false, "{item}");
        }
    }
}
