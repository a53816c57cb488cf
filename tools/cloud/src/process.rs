//! A program that ends with this process, however this process ends.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};

/// Ends its program as soon as nobody can write to its input any more.
const WATCHED: &str = r#""$@" & program=$!; read -r _; kill $program; wait $program"#;

/// A running program; dropping it ends it.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts `command`, whose output goes to `log`.
    pub fn start(command: &Command, log: &Path) -> Result<Self> {
        let output = File::create(log).with_context(|| format!("create {}", log.display()))?;
        let mut shell = Command::new("sh");
        shell
            .args(["-c", WATCHED, "sh"])
            .arg(command.get_program())
            .args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let child = shell
            .stdin(Stdio::piped())
            .stdout(output.try_clone().context("share a log")?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("start {}", command.get_program().display()))?;
        Ok(Self(child))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
