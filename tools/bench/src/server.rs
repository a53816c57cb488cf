//! The programs that are measured, as processes: started, awaited, looked at, stopped.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::process::{Child, Command};

use crate::database::Database;
use crate::stats::Spread;

/// Far beyond what any of them needs.
const READY: Duration = Duration::from_secs(20);
/// Fine enough for a start of some milliseconds.
const POLL: Duration = Duration::from_micros(500);
/// After its first requests a program has what it needs for serving; then it is left alone for so
/// long.
const IDLE: Duration = Duration::from_secs(1);

/// Where the programs are and what they leave.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Places {
    /// Folder with what the images contain, as `cargo xtask build` writes it
    #[arg(long)]
    pub(crate) dist: PathBuf,
    /// Folder with the binaries `api` and `page` of the Go peer
    #[arg(long)]
    pub(crate) peer: PathBuf,
    /// Where `app.json`, `app.svg` and what the programs complain of go
    #[arg(long)]
    pub(crate) out: PathBuf,
}

/// A process that serves HTTP; ends with this value.
#[derive(Debug)]
pub(crate) struct Server {
    name: &'static str,
    port: u16,
    started: Instant,
    process: Child,
}

/// How a program starts and what it costs when nothing is asked of it.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(crate) struct Start {
    /// From starting the process to its first ready answer, in milliseconds.
    pub(crate) ready_ms: Spread,
    /// Resident memory of an idle process, in MiB.
    pub(crate) idle_mib: Spread,
}

/// The backend of this repository.
pub(crate) fn backend(places: &Places, database: &Database) -> Result<Server> {
    let mut command = Command::new(places.dist.join("backend/backend"));
    command
        .arg("serve")
        .env("ENVIRONMENT", "bench")
        .envs(database.variables());
    Server::start("backend", quiet(command), places)
}

/// The frontend of this repository.
pub(crate) fn frontend(places: &Places, backend: &Server) -> Result<Server> {
    let mut command = Command::new(places.dist.join("frontend/frontend"));
    command
        .env("ENVIRONMENT", "bench")
        .env("BACKEND_URL", backend.url(""));
    command.env("SITE_DIR", places.dist.join("frontend/site"));
    Server::start("frontend", quiet(command), places)
}

/// The peer of the backend.
pub(crate) fn go_api(places: &Places, database: &Database) -> Result<Server> {
    let mut command = Command::new(places.peer.join("api"));
    command.envs(database.variables());
    Server::start("Go API", command, places)
}

/// The peer of the frontend.
pub(crate) fn go_page(places: &Places, backend: &Server) -> Result<Server> {
    let mut command = Command::new(places.peer.join("page"));
    command.env("BACKEND_URL", backend.url(""));
    Server::start("Go page", command, places)
}

/// Brings the table to the schema that the backend needs.
pub(crate) async fn migrate(places: &Places, database: &Database) -> Result<()> {
    let status = Command::new(places.dist.join("backend/backend"))
        .arg("migrate")
        .envs(database.variables())
        .stdout(Stdio::null())
        .status()
        .await
        .context("start backend migrate")?;
    ensure!(status.success(), "backend migrate ended with {status}");
    Ok(())
}

/// Starts a program `count` times, one after the other.
pub(crate) async fn starts(count: usize, start: impl Fn() -> Result<Server>) -> Result<Start> {
    let (mut ready, mut idle) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let server = start()?.ready().await?;
        ready.push(server.started.elapsed().as_secs_f64() * 1e3);
        server.touch().await?;
        tokio::time::sleep(IDLE).await;
        idle.push(server.resident_mib()?);
    }
    Ok(Start {
        ready_ms: Spread::of(ready),
        idle_mib: Spread::of(idle),
    })
}

/// The peers log nothing for a request either; and the default port of metrics is for one process
/// on a machine.
fn quiet(mut command: Command) -> Command {
    command.env("RUST_LOG", "warn").env("METRICS_ADDR", "127.0.0.1:0");
    command
}

impl Server {
    fn start(name: &'static str, mut command: Command, places: &Places) -> Result<Self> {
        let port = free_port()?;
        let log = places.out.join(format!("{name}.log"));
        let log = File::create(&log).with_context(|| format!("write {}", log.display()))?;
        let process = command
            .env("LISTEN_ADDR", format!("127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {name}"))?;
        Ok(Self {
            name,
            port,
            started: Instant::now(),
            process,
        })
    }

    /// Waits until it answers that it is ready.
    pub(crate) async fn ready(mut self) -> Result<Self> {
        let client = reqwest::Client::new();
        let url = self.url(board_api::READYZ);
        while self.started.elapsed() < READY {
            if let Some(status) = self.process.try_wait().context("look at the process")? {
                bail!("{} ended with {status} before it was ready", self.name);
            }
            if client
                .get(&url)
                .send()
                .await
                .is_ok_and(|answer| answer.status().is_success())
            {
                return Ok(self);
            }
            tokio::time::sleep(POLL).await;
        }
        bail!("{} was not ready within {} s", self.name, READY.as_secs())
    }

    /// Address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    async fn touch(&self) -> Result<()> {
        let answer = reqwest::get(self.url(board_api::MESSAGES))
            .await
            .context("ask for messages")?;
        answer.error_for_status().context("ask for messages")?;
        Ok(())
    }

    /// Resident memory as Linux counts it.
    pub(crate) fn resident_mib(&self) -> Result<f64> {
        let id = self
            .process
            .id()
            .with_context(|| format!("{} has ended", self.name))?;
        let path = format!("/proc/{id}/status");
        let status = std::fs::read_to_string(&path).with_context(|| format!("read {path}"))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB"));
        let kib: f64 = line
            .with_context(|| format!("{path} has no VmRSS"))?
            .trim()
            .parse()
            .context("read VmRSS")?;
        Ok(kib / 1024.0)
    }
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("look for a free port")?;
    Ok(listener.local_addr().context("read the port")?.port())
}
