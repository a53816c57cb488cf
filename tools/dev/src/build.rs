//! Has parts of the application compiled again.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context as _, Result};
use child_process::Watched;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::change::Part;
use crate::console;

/// Runs `xtask build --dev`, the one place that knows how the application is compiled.
pub(crate) struct Builder {
    /// The task runner's binary.
    pub(crate) xtask: PathBuf,
    /// Ends a compiler when this process ends.
    pub(crate) group: Watched,
}

impl Builder {
    /// Compiles `parts` and shows what the compiler says; whether it went well.
    pub(crate) async fn build(&self, parts: &BTreeSet<Part>) -> Result<bool> {
        let mut command = Command::new(&self.xtask);
        command
            .args(["build", "--dev", "--no-install"])
            .args(parts.iter().flat_map(|part| ["--only", part.name()]))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if std::io::stdout().is_terminal() {
            command.env("CARGO_TERM_COLOR", "always");
        }
        self.group.adopt(command.as_std_mut());
        let mut child = command
            .spawn()
            .with_context(|| format!("start {}", self.xtask.display()))?;
        let output = child.stderr.take().context("stderr is piped")?;
        let mut output = BufReader::new(output).lines();
        while let Some(line) = output.next_line().await.context("read the compiler's output")? {
            console::show("build", &line);
        }
        let status = child.wait().await.context("wait for the compiler")?;
        Ok(status.success())
    }
}
