//! `cargo xtask openapi`: keeps the `OpenAPI` document equal to the code that it describes.

use anyhow::{Context as _, Result, ensure};
use xshell::Shell;

use crate::flags;
use taskkit::checkout;

const DOCUMENT: &str = "crates/api/openapi.json";

impl flags::Openapi {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        if self.check {
            return check(sh);
        }
        let document = of_the_code(sh)?;
        sh.write_file(DOCUMENT, document)
            .with_context(|| format!("write {DOCUMENT}"))
    }
}

/// An error unless the document that is checked in is that of the code.
pub(crate) fn check(sh: &Shell) -> Result<()> {
    let checked_in = sh
        .read_file(DOCUMENT)
        .with_context(|| format!("read {DOCUMENT}"))?;
    ensure!(
        checked_in == of_the_code(sh)?,
        "{DOCUMENT} is not what the code says; run: cargo xtask openapi"
    );
    Ok(())
}

fn of_the_code(sh: &Shell) -> Result<String> {
    let run = checkout::cargo(sh).args(["run", "--quiet", "--package", "backend"]);
    let document = run
        .args(["--features", "openapi", "--example", "openapi"])
        .read()
        .context("make the OpenAPI document")?;
    // What is read of a program has lost its last line break.
    Ok(document + "\n")
}
