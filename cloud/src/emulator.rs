//! Emulators of AWS as processes on loopback, and the two ways in: `cargo xtask aws` and the services' own APIs.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

use crate::process::Process;
use crate::tools;

const START: Duration = Duration::from_mins(1);
/// As in infra/aws/parameters.toml.
pub const ACCOUNT: &str = "000000000000";
/// As in infra/aws/parameters.toml.
pub const REGION: &str = "eu-central-1";

/// An account that is nowhere.
#[derive(Debug)]
pub struct Emulator {
    /// As `http://127.0.0.1:40123`.
    pub endpoint: String,
    home: TempDir,
    _process: Process,
}

impl Emulator {
    /// moto with the types of `emulators/moto_for_stacks.py`.
    pub fn moto() -> Result<Self> {
        Self::start("moto", |port, home| {
            let mut moto = tools::python(home)?;
            moto.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("emulators/moto_for_stacks.py"))
                .args(["--host", "127.0.0.1", "--port", &port.to_string()])
                .env("MOTO_ACCOUNT_ID", ACCOUNT);
            Ok(moto)
        })
    }

    /// `MiniStack`.
    pub fn ministack() -> Result<Self> {
        Self::start("ministack", |port, home| {
            let mut ministack = tools::program("ministack", home)?;
            ministack
                .env("GATEWAY_PORT", port.to_string())
                .env("BIND_HOST", "127.0.0.1")
                // A port that nobody asked for.
                .env("IOT_MTLS_ENABLED", "0");
            Ok(ministack)
        })
    }

    fn start(name: &str, command: impl Fn(u16, &Path) -> Result<Command>) -> Result<Self> {
        let home = tempfile::tempdir().context("make a folder for an emulator")?;
        // Neither chooses a port by itself.
        let free = TcpListener::bind("127.0.0.1:0").context("look for a free port")?;
        let port = free.local_addr().context("read the free port")?.port();
        drop(free);
        let log = home.path().join("log");
        let process = Process::start(&command(port, home.path())?, &log)?;
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if started.elapsed() > START {
                let log = std::fs::read_to_string(&log).unwrap_or_default();
                bail!("{name} does not answer after {} s:\n{log}", START.as_secs());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(Self {
            endpoint: format!("http://127.0.0.1:{port}"),
            home,
            _process: process,
        })
    }

    /// What a service's own API answers to `aws`; an error with its words.
    pub fn ask(&self, arguments: &[&str]) -> Result<Value> {
        let mut aws = tools::program("aws", self.home.path())?;
        aws.args([
            "--endpoint-url",
            &self.endpoint,
            "--region",
            REGION,
            "--output",
            "json",
        ])
        .args(arguments);
        let text = tools::output(signed_by(ANYBODY, &mut aws))?;
        if text.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).with_context(|| format!("read an answer to {arguments:?}: {text}"))
    }

    /// `cargo xtask aws …` of the checkout whose root is `root`, on this emulator.
    pub fn xtask(&self, root: &Path, verb: &[&str], parts: &[&str]) -> Result<String> {
        self.xtask_by(ANYBODY, root, verb, parts)
    }

    /// The same with an access key and its secret.
    pub fn xtask_by(&self, key: Key<'_>, root: &Path, verb: &[&str], parts: &[&str]) -> Result<String> {
        let mut xtask = tools::xtask(root, self.home.path())?;
        xtask.arg("aws").args(verb).args(["--endpoint", &self.endpoint]);
        for part in parts {
            xtask.args(["--only", part]);
        }
        tools::output(signed_by(key, &mut xtask))
    }
}

/// An access key and its secret.
pub type Key<'a> = (&'a str, &'a str);

/// As long as an emulator does not ask for rights, any will do.
pub const ANYBODY: Key<'static> = ("test", "test");

/// `command` with credentials.
pub fn signed_by<'c>((key, secret): Key<'_>, command: &'c mut Command) -> &'c mut Command {
    command
        .env("AWS_ACCESS_KEY_ID", key)
        .env("AWS_SECRET_ACCESS_KEY", secret)
}

/// A copy of the templates and their parameters that a test may spoil.
#[derive(Debug)]
pub struct Checkout(TempDir);

impl Checkout {
    /// As they are.
    pub fn copy() -> Result<Self> {
        let folder = tempfile::tempdir().context("make a folder for a copy")?;
        let to = folder.path().join("infra/aws");
        std::fs::create_dir_all(&to).context("make infra/aws of a copy")?;
        for entry in std::fs::read_dir(tools::templates()).context("list infra/aws")? {
            let path = entry.context("list infra/aws")?.path();
            if let (true, Some(name)) = (path.is_file(), path.file_name()) {
                std::fs::copy(&path, to.join(name)).with_context(|| format!("copy {}", path.display()))?;
            }
        }
        Ok(Self(folder))
    }

    /// Its root.
    pub fn root(&self) -> &Path {
        self.0.path()
    }

    /// One of its files, as `registry.yaml`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.root().join("infra/aws").join(name)
    }

    /// Puts `new` in place of `old`, which must be there.
    pub fn edit(&self, name: &str, old: &str, new: &str) -> Result<()> {
        let path = self.file(name);
        let text = std::fs::read_to_string(&path).with_context(|| format!("read {name}"))?;
        anyhow::ensure!(text.contains(old), "{name} does not contain {old}");
        std::fs::write(&path, text.replace(old, new)).with_context(|| format!("write {name}"))
    }
}
