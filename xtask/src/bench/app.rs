//! `cargo xtask bench app`: builds what is measured, and the references, then measures both in one
//! run.

use std::path::Path;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::bench::{build_apps, keep};
use crate::supply;
use taskkit::missing::Missing;
use taskkit::{checkout, packages};

/// What a run writes, and where the docs keep it.
const RESULTS: [&str; 3] = ["app.json", "app.svg", "app.md"];
/// The programs that are measured beside ours.
const PEER: &str = "tools/bench/go-peer";

/// Measures `rounds` times, `seconds` each; `docs`: keeps the results there too.
pub(crate) fn run(sh: &Shell, missing: Missing, rounds: u32, seconds: u64, docs: bool) -> Result<()> {
    packages::ensure_programs(sh, &[("wrk", "wrk")], missing, "measuring")?;
    let go = supply::go(sh, missing)?;

    let out = checkout::target_dir(sh)?.join("bench");
    let (dist, peer) = (build_apps(sh, &out, missing)?, out.join("go-peer"));
    go_peer(sh, &go, &peer)?;
    let (rounds, seconds) = (rounds.to_string(), seconds.to_string());
    checkout::cargo(sh)
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
    let (ldflags, modules) = ("-ldflags=-s -w", out.with_file_name("go-modules"));
    let compiled = cmd!(sh, "go build -trimpath -modcacherw {ldflags} -o {out}/ ./...")
        .env("CGO_ENABLED", "0")
        .env("GOTOOLCHAIN", go)
        .env("GOMODCACHE", &modules)
        .run()
        .context("compile the Go peer");
    compiled.and(let_remove(sh, &modules))
}

/// Lets `cargo clean` remove what Go has got: it makes a compiler read-only, whatever `-modcacherw`
/// says.
fn let_remove(sh: &Shell, modules: &Path) -> Result<()> {
    let compilers = modules.join("golang.org");
    if !compilers.exists() {
        return Ok(());
    }
    cmd!(sh, "chmod -R u+w {compilers}")
        .quiet()
        .run()
        .context("let the modules of Go be removed")
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use serde_json::Value;

    use super::*;
    use crate::bench::DOCS;

    /// Root may remove it anyway.
    #[test]
    fn a_compiler_that_go_has_got_is_no_longer_read_only() {
        let (sh, modules) = (Shell::new().unwrap(), tempfile::tempdir().unwrap());
        let_remove(&sh, modules.path()).unwrap();
        let compiler = modules.path().join("golang.org/toolchain@v0.0.1/bin");
        fs::create_dir_all(&compiler).unwrap();
        fs::set_permissions(&compiler, Permissions::from_mode(0o555)).unwrap();
        let_remove(&sh, modules.path()).unwrap();
        let mode = fs::metadata(&compiler).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
    }

    #[test]
    fn the_page_names_each_goal_that_is_missed_and_no_other() {
        let root = checkout::root().unwrap();
        let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
        let page = read("docs/BENCHMARK.md");
        let results: Value = serde_json::from_str(&read(&format!("{DOCS}/{}", RESULTS[0]))).unwrap();
        for claim in results["claims"].as_array().unwrap() {
            let item = format!("- `{}`\n", claim["what"].as_str().unwrap());
            assert_eq!(page.contains(&item), claim["met"] == false, "{item}");
        }
    }
}
