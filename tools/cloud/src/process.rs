//! A program that ends with this process, however this process ends.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command};

use anyhow::{Context as _, Result};
use child_process::Watched;

/// A running program; dropping it ends it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    group: Option<Watched>,
}

impl Process {
    /// Starts `command`, whose output goes to `log`.
    pub fn start(mut command: Command, log: &Path) -> Result<Self> {
        let output = File::create(log).with_context(|| format!("create {}", log.display()))?;
        let group = Watched::new()?;
        let child = group
            .adopt(&mut command)
            .stdout(output.try_clone().context("share a log")?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("start {}", command.get_program().display()))?;
        Ok(Self {
            child,
            group: Some(group),
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.group.take());
        let _ = self.child.wait();
    }
}
