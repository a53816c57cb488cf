//! A balancer before two clusters, and the command that moves the traffic between them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use haproxy_api::RuntimeApi;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use xshell::{Shell, cmd};

use super::pair::Pair;
use crate::actors::ReadLoad;
use crate::host::compiled;
use crate::host::haproxy::{self, HaProxy, PROGRAM};
use crate::host::ports;
use crate::host::process::Tool;
use crate::report::recorder::Traffic;
use crate::run::{Harness, StepHandle, Testbed};
use crate::wait::{Verdict, eventually};

/// Between two requests of those who come by it: a good sixty a second.
const EVERY: Duration = Duration::from_millis(16);
/// What `HAProxy` is told, with words in the place of addresses.
const CONFIGURATION: &str = "tools/shift/tests/haproxy/haproxy.cfg";
/// Its backend there.
const BACKEND: &str = "clusters";
/// The command's package.
const SHIFT: &str = "shift";
const SHIFTED: Duration = Duration::from_mins(5);
const MOVED: Duration = Duration::from_mins(2);
/// Between two looks at the weights, for the report.
const LOOK: Duration = Duration::from_millis(200);

/// The running balancer, all of whose traffic goes to blue at first; dropping it ends it.
pub(super) struct Balancer<'a> {
    harness: &'a Harness,
    haproxy: HaProxy,
    program: PathBuf,
    declared: PathBuf,
    /// Where people come to it.
    site: String,
    traffic: Traffic,
    _noting: JoinSet<()>,
}

impl<'a> Balancer<'a> {
    pub(super) async fn start(testbed: &'a Testbed, step: &StepHandle, pair: &Pair<'_>) -> Result<Self> {
        haproxy::is_installed()?;
        let harness = &testbed.harness;
        let program = compiled::program(harness, step, SHIFT).await?;
        let folder = harness.run.empty("balancer")?;
        let [configuration, socket, claims, declared] =
            ["haproxy.cfg", "socket", "shift.map", "balancers.toml"].map(|name| folder.join(name));
        let address = format!("127.0.0.1:{}", ports::free(1)?[0]);
        let [blue, green] = pair
            .each()
            .map(|cluster| cluster.page().trim_start_matches("http://"));
        let template = harness.run.repo.join(CONFIGURATION);
        let text = fs::read_to_string(&template).with_context(|| format!("read {}", template.display()))?;
        let [api, map] = [&socket, &claims].map(|path| path.display().to_string());
        let text = text
            .replace("SOCKET", &api)
            .replace("MAP", &map)
            .replace("ADDRESS", &address)
            .replace("BLUE", blue)
            .replace("GREEN", green);
        let [blue, green] = pair
            .each()
            .map(|cluster| format!("{}{}", cluster.api(), board_api::READYZ));
        let list = format!(
            "[{BACKEND}]\nat.haproxy = {{ socket = {api:?}, backend = {BACKEND:?}, claims = {map:?} }}\n\
             targets = {{ blue = {{ ready = {blue:?} }}, green = {{ ready = {green:?} }} }}\n"
        );
        for (file, text) in [(&configuration, &*text), (&claims, ""), (&declared, &list)] {
            fs::write(file, text).with_context(|| format!("write {}", file.display()))?;
        }
        let log = harness.run.log("balancer");
        let haproxy = HaProxy::start(&mut Command::new(PROGRAM), &configuration, &socket, &log)?;
        let traffic = step.traffic();
        Ok(Self {
            harness,
            _noting: noting(haproxy.api.clone(), traffic.clone()),
            haproxy,
            program,
            declared,
            site: format!("http://{address}"),
            traffic,
        })
    }

    /// People come by it, a good sixty a second, and one of so many asks for the page itself.
    pub(super) fn visited(&self, pages: usize) -> Result<ReadLoad> {
        let (of, traffic) = ("the balancer".to_owned(), self.traffic.clone());
        ReadLoad::on([&self.site; 2], of, EVERY, pages, Some(traffic))
    }

    /// Moves the traffic to a cluster by the command, as its options say; gives what that prints.
    pub(super) async fn shift(&self, to: &str, options: &[&str]) -> Result<String> {
        let shell = Shell::new().context("open a shell")?;
        shell.change_dir(&self.harness.run.repo);
        let (program, declared) = (&self.program, &self.declared);
        let shift = cmd!(shell, "{program} --file {declared} --to {to} {options...}");
        Tool::new(shift, &self.harness.run.log(SHIFT), SHIFTED)
            .read()
            .await
    }

    /// The share of green in percent.
    pub(super) fn share_of_green(&self) -> Result<u64> {
        let green = weights(&self.haproxy.api)?.remove("green");
        green.context("the balancer has no green")
    }

    /// Waits until green has this share.
    pub(super) async fn gives_green(&self, step: &StepHandle, share: u64) -> Result<()> {
        let what = format!("a share of {share} % for green");
        eventually(step, &what, MOVED, async || {
            let found = self.share_of_green()?;
            Ok(if found == share {
                Verdict::Ready(())
            } else {
                Verdict::Pending(format!("it is {found}"))
            })
        })
        .await
    }
}

/// The share of each cluster in percent.
fn weights(api: &RuntimeApi) -> Result<BTreeMap<String, u64>> {
    let servers = api.servers(BACKEND).context("ask for the weights")?;
    let weights = servers.into_iter().map(|(name, server)| {
        let weight = server.text("weight").and_then(|text| text.parse().ok());
        let weight: u64 = weight.with_context(|| format!("{name} has no weight"))?;
        Ok((name, weight))
    });
    weights.collect()
}

/// Notes the weights as they change, until what this gives is dropped.
fn noting(api: RuntimeApi, traffic: Traffic) -> JoinSet<()> {
    let mut noting = JoinSet::new();
    noting.spawn(async move {
        let mut clock = tokio::time::interval(LOOK);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            clock.tick().await;
            // Whoever needs an answer asks for it too.
            if let Ok(weights) = weights(&api) {
                traffic.weights(weights);
            }
        }
    });
    noting
}
