//! `cargo xtask bench migration`: builds the backend and gets the database, then has both measured.

use anyhow::{Context as _, Result};
use xshell::Shell;

use crate::bench::{build_apps, keep};
use crate::supply;
use taskkit::checkout;
use taskkit::missing::Missing;

/// What a run writes, and where the docs keep it.
const RESULTS: [&str; 2] = ["migration.json", "migration.md"];

/// Measures with so many messages in this database; `docs`: keeps the results there too.
pub(crate) fn run(sh: &Shell, missing: Missing, messages: u32, database: &str, docs: bool) -> Result<()> {
    let out = checkout::target_dir(sh)?.join("bench");
    let dist = build_apps(sh, &out, missing)?;
    let emulators = supply::emulators(sh, missing)?;
    checkout::cargo(sh)
        .args(["run", "--release", "--package", "bench", "--", "migration"])
        .args(["--messages", &messages.to_string(), "--database", database])
        .arg("--dist")
        .arg(dist)
        .arg("--out")
        .arg(&out)
        .envs(emulators.variables())
        .run()
        .context("measure")?;
    if docs {
        keep(sh, &out, &RESULTS)?;
    }
    Ok(())
}
