//! chromedriver as a child process.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result};
use child_process::Watched;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long it may take to listen.
const START: Duration = Duration::from_secs(20);

/// The program that drives Chromium for us, on a port that the system chose.
pub(crate) struct Driver {
    pub(crate) url: String,
    _child: Child,
}

impl Driver {
    pub(crate) async fn start(group: &Watched) -> Result<Self> {
        let mut command = Command::new("chromedriver");
        command
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        group.adopt(command.as_std_mut());
        let mut child = command.spawn().context(
            "start chromedriver; it is in Debian's package chromium-driver, of the same version as chromium",
        )?;
        let output = child.stdout.take().context("stdout is piped")?;
        let port = timeout(START, port(output))
            .await
            .context("chromedriver does not say where it listens")??;
        Ok(Self {
            url: format!("http://127.0.0.1:{port}"),
            _child: child,
        })
    }
}

/// Reads the port from the line that ends in `… successfully on port 40123.`
async fn port(output: tokio::process::ChildStdout) -> Result<u16> {
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await.context("read chromedriver's output")? {
        if let Some((_, port)) = line.trim_end_matches('.').split_once("successfully on port ") {
            // Whatever it says later must not find a closed pipe.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return port.parse().with_context(|| format!("read a port from `{line}`"));
        }
    }
    anyhow::bail!("chromedriver ended without saying where it listens")
}
