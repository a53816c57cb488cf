//! Other programs of this workspace: compiled when they are first needed, and found by what cargo
//! says; and how one of them ends.

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};
use xshell::{Cmd, Shell};

use crate::{checkout, lines};

/// Compiles the program that a package of this workspace is; what is compiled already costs a
/// moment. Alone, as `cargo xtask` starts it, so that both find the same result.
pub fn compile(sh: &Shell, package: &str) -> Result<PathBuf> {
    let output = Command::from(build(sh, package))
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("start cargo to compile `{package}`"))?;
    if !output.status.success() {
        bail!("`cargo build --package {package}` failed ({})", output.status);
    }
    built(&String::from_utf8_lossy(&output.stdout), package)
}

/// The command of [`compile`], for who runs it in another way.
pub fn build<'sh>(sh: &'sh Shell, package: &str) -> Cmd<'sh> {
    checkout::cargo(sh).args([
        "build",
        "--package",
        package,
        "--bin",
        package,
        "--message-format=json-render-diagnostics",
    ])
}

/// Where the program lies that [`build`] has made, by what that has `said`.
pub fn built(said: &str, package: &str) -> Result<PathBuf> {
    said.lines()
        .filter_map(checkout::executable)
        .find(|program| program.ends_with(package))
        .with_context(|| format!("cargo did not say where the program `{package}` lies"))
}

/// How the process ends. An error is one line without a backtrace: the chain of causes says where.
/// One whose answer was lost has failed, too.
pub fn end(result: Result<()>) -> ExitCode {
    match result {
        Ok(()) if lines::lost() => ExitCode::FAILURE,
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            lines::to_stderr(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
