//! `cargo xtask fuzz`: schemathesis asks the API what its document allows, and what it does not allow.
//!
//! It fails at any 5xx and at any answer that the document does not describe. The API runs on a database inside its own
//! process (`backend/examples/emulated.rs`), so nothing is left behind.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use supply::cache::Cache;
use supply::versions::Versions;
use xshell::{Shell, cmd};

use crate::{env, flags, packages};

const PURPOSE: &str = "fuzzing the API";
/// What counts as a right answer to requests that only the server can judge.
const SETTINGS: &str = "xtask/schemathesis.toml";
const PHASES: &str = "coverage,fuzzing,stateful";

impl flags::Fuzz {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let schemathesis = schemathesis(sh, !self.no_install)?;
        env::cargo(sh)
            .args(["build", "--package", "backend", "--example", "emulated"])
            .run()
            .context("compile the API with its database")?;
        let target = env::target_dir(sh);
        let out = target.join("fuzz");
        fs::create_dir_all(&out).with_context(|| format!("make {}", out.display()))?;
        let log = out.join("backend.log");
        let server = Server::start(&target.join("debug/examples/emulated"), &log)?;

        let document = format!("http://{}/openapi.json", server.address);
        let settings = env::absolute(sh, SETTINGS.as_ref());
        let seconds = self.seconds.to_string();
        let seed = self.seed.map(|seed| format!("--seed={seed}"));
        // It keeps notes in the folder it stands in.
        let _there = sh.push_dir(&out);
        cmd!(
            sh,
            "{schemathesis} --config-file {settings} run {document} --phases {PHASES} --max-time {seconds}"
        )
        .args(seed)
        // Half of its requests carry a tag or a cursor that was never handed out, which is no fault of the document.
        .args(["--continue-on-failure", "--warnings", "off"])
        .run()
        .with_context(|| format!("the API breaks its document; its log is {}", log.display()))
    }
}

/// The fuzzer's program, from the cache or else by pip.
fn schemathesis(sh: &Shell, install: bool) -> Result<PathBuf> {
    let versions = Versions::load()?;
    let version = versions.get("fuzz", "schemathesis")?;
    let folder = Cache::locate()?.files().join(format!("schemathesis-{version}"));
    let (program, complete) = (folder.join("bin/schemathesis"), folder.join("complete"));
    if complete.exists() {
        return Ok(program);
    }
    let package = format!("schemathesis=={version}");
    if !install {
        bail!("{PURPOSE}: {package} is not in {}", folder.display());
    }
    if !packages::has(sh, "python3") {
        bail!("{PURPOSE}: python3, which runs {package}, is not on PATH");
    }
    eprintln!("{PURPOSE}: installing {package}");
    cmd!(sh, "python3 -m venv --clear {folder}")
        .quiet()
        .run()
        .with_context(|| format!("{PURPOSE}: make a Python environment (on Debian it needs python3-venv)"))?;
    let pip = folder.join("bin/pip");
    cmd!(sh, "{pip} install --quiet --disable-pip-version-check {package}")
        .quiet()
        .run()
        .with_context(|| format!("{PURPOSE}: fetch {package}"))?;
    fs::write(&complete, "").with_context(|| format!("write {}", complete.display()))?;
    Ok(program)
}

/// The running API; it ends when this is dropped.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    /// Starts `program`, waits until it listens, and from then on keeps what it logs in `log`.
    fn start(program: &Path, log: &Path) -> Result<Self> {
        let mut process = Command::new(program)
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("start {}", program.display()))?;
        let output = process.stdout.take().context("its output is piped")?;
        let mut server = Self {
            process,
            address: String::new(),
        };
        let mut lines = BufReader::new(output);
        while server.address.is_empty() {
            let mut line = String::new();
            if lines.read_line(&mut line).context("read its log")? == 0 {
                bail!("{} ended before it listened", program.display());
            }
            if let Some(address) = listening(&line) {
                server.address = address;
            }
        }
        let mut log = File::create(log).with_context(|| format!("make {}", log.display()))?;
        // Ends with the process; a log that cannot be written is no fault of the API.
        thread::spawn(move || io::copy(&mut lines, &mut log).ok());
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // May have ended by itself.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The address in the log line of a server that listens.
fn listening(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    (line["message"] == "serving").then(|| line["address"].as_str().map(str::to_owned))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_listening_server_is_found() {
        let line = r#"{"level":"INFO","message":"serving","address":"127.0.0.1:1"}"#;
        assert_eq!(listening(line).as_deref(), Some("127.0.0.1:1"));
        assert_eq!(listening(r#"{"message":"starting","address":"x"}"#), None);
        assert_eq!(listening("no JSON"), None);
    }
}
