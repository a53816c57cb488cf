//! Emulators of AWS as processes on loopback, and the two ways in: `cargo xtask aws` and the
//! services' own APIs.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

use crate::account::Account;
use crate::process::Process;
use crate::tools;

/// No emulator takes longer to start.
const START: Duration = Duration::from_mins(1);

/// A running emulator; dropping it ends it.
#[derive(Debug)]
pub struct Emulator {
    /// As `http://127.0.0.1:40123`.
    pub endpoint: String,
    /// The account that it takes itself for: that of the templates.
    pub account: Account,
    home: TempDir,
    _process: Process,
}

impl Emulator {
    /// moto with the types of `emulators/moto_for_stacks.py`.
    pub fn moto() -> Result<Self> {
        Self::start("moto", |port, home, account| {
            let mut moto = tools::python(home)?;
            moto.arg(tools::emulators().join("moto_for_stacks.py"))
                .args(["--host", "127.0.0.1", "--port", &port.to_string()])
                .env("MOTO_ACCOUNT_ID", &account.id);
            Ok(moto)
        })
    }

    /// `MiniStack`.
    pub fn ministack() -> Result<Self> {
        Self::start("ministack", |port, home, account| {
            let mut ministack = tools::program("ministack", home)?;
            ministack
                .env("GATEWAY_PORT", port.to_string())
                .env("BIND_HOST", "127.0.0.1")
                .env("MINISTACK_ACCOUNT_ID", &account.id)
                .env("MINISTACK_REGION", &account.region)
                // A port that nobody asked for.
                .env("IOT_MTLS_ENABLED", "0");
            Ok(ministack)
        })
    }

    fn start(name: &str, command: impl Fn(u16, &Path, &Account) -> Result<Command>) -> Result<Self> {
        let account = Account::read()?;
        let home = tempfile::tempdir().context("make a folder for an emulator")?;
        // Neither chooses a port by itself.
        let free = TcpListener::bind("127.0.0.1:0").context("look for a free port")?;
        let port = free.local_addr().context("read the free port")?.port();
        drop(free);
        let log = home.path().join("log");
        let process = Process::start(command(port, home.path(), &account)?, &log)?;
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
            account,
            home,
            _process: process,
        })
    }

    /// What a service's own API answers to `aws`; an error with its words.
    pub fn ask(&self, arguments: &[&str]) -> Result<Value> {
        let mut aws = tools::aws(self.home.path())?;
        aws.args([
            "--endpoint-url",
            &self.endpoint,
            "--region",
            &self.account.region,
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

    /// What a script for a shell says whose `aws` asks this emulator; an error with its words if it
    /// fails.
    pub fn carry_out(&self, script: &str) -> Result<String> {
        let mut shell = tools::shell(script, self.home.path())?;
        shell
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_DEFAULT_REGION", &self.account.region);
        tools::output(signed_by(ANYBODY, &mut shell))
    }

    /// `cargo xtask aws …` of the checkout whose root is `root`, on this emulator.
    pub fn stacks(&self, root: &Path, verb: &[&str], parts: &[&str]) -> Result<String> {
        self.stacks_by(ANYBODY, root, verb, parts)
    }

    /// The same with an access key and its secret.
    pub fn stacks_by(&self, key: Key<'_>, root: &Path, verb: &[&str], parts: &[&str]) -> Result<String> {
        let mut stacks = tools::stacks(root, self.home.path())?;
        stacks.args(verb).args(["--endpoint", &self.endpoint]);
        for part in parts {
            stacks.args(["--only", part]);
        }
        tools::output(signed_by(key, &mut stacks))
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
