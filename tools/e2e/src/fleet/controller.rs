//! The controller `clusterset`, as a process with the rights that its service account has in the
//! hub.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use child_process::{Watched, log};
use serde_json::json;

use super::eks::start;
use super::target::token;
use crate::argocd::NAMESPACE;
use crate::cluster::Cluster;
use crate::compiled;
use crate::environment::{self, Environment};
use crate::harness::Harness;
use crate::ports;
use crate::progress::StepHandle;
use crate::wait::{Verdict, eventually};

const PACKAGE: &str = "clusterset";
const READY: Duration = Duration::from_mins(1);

/// The controller, whether it runs or not; dropping it ends it.
pub(super) struct Controller {
    program: PathBuf,
    /// Where EKS is asked.
    eks: String,
    log: PathBuf,
    running: Mutex<Option<Running>>,
}

/// Whether a hub changes its targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It does.
    Acts,
    /// Another one does.
    StandsBy,
}

/// One process of it.
struct Running {
    metrics: String,
    group: Watched,
}

impl Controller {
    /// One that does not run yet, of the hub of this environment.
    /// EKS is asked at the address `eks`.
    pub(super) fn new(harness: &Harness, program: PathBuf, eks: String, hub: Environment) -> Self {
        Self {
            program,
            eks,
            log: harness.run.log(&format!("{PACKAGE}-{hub}")),
            running: Mutex::default(),
        }
    }

    /// The same program for another hub, as long as there are two.
    pub(super) fn beside(&self, harness: &Harness, hub: Environment) -> Self {
        Self::new(harness, self.program.clone(), self.eks.clone(), hub)
    }

    /// Starts it beside `hub` and waits until it is at work. One that runs already is ended.
    pub(super) async fn start(
        &self,
        harness: &Harness,
        hub: &Cluster,
        turn: Turn,
        step: &StepHandle,
    ) -> Result<()> {
        self.kill();
        let ports = ports::free(2)?;
        let mut command = Command::new(&self.program);
        command
            .arg("run")
            .env("KUBECONFIG", kubeconfig(harness, hub).await?)
            .env("POD_NAME", "e2e")
            .env("TARGET_NAMESPACES", environment::NAMESPACE)
            .env("POLL_SECONDS", "1")
            .env("STANDBY", (turn == Turn::StandsBy).to_string())
            .env("LISTEN_ADDR", format!("127.0.0.1:{}", ports[0]))
            .env("METRICS_ADDR", format!("127.0.0.1:{}", ports[1]))
            .env("DRAIN_SECONDS", "0")
            .env("AWS_ENDPOINT_URL", &self.eks)
            .env("AWS_REGION", &harness.account.region)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("NO_PROXY", "*");
        let running = Running {
            metrics: format!("http://127.0.0.1:{}", ports[1]),
            group: Watched::new()?,
        };
        start(&running.group, &mut command, &self.log)?;
        *self.running() = Some(running);
        let ready = format!("http://127.0.0.1:{}/readyz", ports[0]);
        eventually(step, PACKAGE, READY, async || {
            let answer = harness
                .http
                .get(&ready)
                .send()
                .await
                .with_context(|| log::tail(&self.log, 5))?;
            Ok(if answer.status().is_success() {
                Verdict::Ready(())
            } else {
                Verdict::Pending(answer.text().await.unwrap_or_default())
            })
        })
        .await
    }

    /// Ends it, without a word to it.
    pub(super) fn kill(&self) {
        self.running().take();
    }

    /// How many passes it has made.
    pub(super) async fn passes(&self, harness: &Harness) -> Result<u64> {
        let metrics = self.running().as_ref().map(|running| running.metrics.clone());
        let metrics = metrics.context("clusterset was ended")?;
        let page = harness.http.get(format!("{metrics}/metrics")).send().await;
        let page = page
            .context("ask clusterset for its metrics")?
            .text()
            .await
            .context("read its metrics")?;
        let counts = page.lines().filter_map(|line| {
            let rest = line.strip_prefix("clusterset_pass_duration_seconds_count")?;
            rest.rsplit(' ').next()?.parse::<u64>().ok()
        });
        Ok(counts.sum())
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What all its processes have logged.
    pub(super) fn said(&self) -> Result<String> {
        fs::read_to_string(&self.log).with_context(|| format!("read {}", self.log.display()))
    }
}

/// Compiles it; what is compiled already costs a moment.
pub(crate) async fn compile(harness: &Harness, step: &StepHandle) -> Result<PathBuf> {
    compiled::program(harness, step, PACKAGE).await
}

/// A kubeconfig with a token of its service account.
async fn kubeconfig(harness: &Harness, hub: &Cluster) -> Result<PathBuf> {
    let (authority, server) = hub.access()?;
    let token = token(harness, hub, NAMESPACE, PACKAGE).await?;
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "hub", "cluster": {"server": server, "certificate-authority-data": authority}}],
        "users": [{"name": PACKAGE, "user": {"token": token}}],
        "contexts": [{"name": "hub", "context": {"cluster": "hub", "user": PACKAGE, "namespace": NAMESPACE}}],
        "current-context": "hub",
    });
    let file = harness
        .run
        .file(&format!("kubeconfig-{PACKAGE}-{}", hub.environment));
    fs::write(&file, config.to_string()).with_context(|| format!("write {}", file.display()))?;
    Ok(file)
}
