//! A balancer before two clusters, and the command that moves the traffic between them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use super::pair::Pair;
use crate::host::haproxy::{self, HaProxy, PROGRAM};
use crate::host::process::Tool;
use crate::host::{compiled, ports};
use crate::run::{Harness, StepHandle, Testbed};
use crate::wait::{Verdict, eventually};

/// Between two requests of those who come by it: a good sixty a second.
pub(super) const EVERY: Duration = Duration::from_millis(16);
/// What `HAProxy` is told, with words in the place of addresses.
const CONFIGURATION: &str = "tools/shift/tests/haproxy/haproxy.cfg";
/// Its backend there.
const BACKEND: &str = "clusters";
/// The command's package.
const SHIFT: &str = "shift";
const SHIFTED: Duration = Duration::from_mins(5);
const MOVED: Duration = Duration::from_mins(2);

/// The running balancer, all of whose traffic goes to blue at first; dropping it ends it.
pub(super) struct Balancer<'a> {
    harness: &'a Harness,
    haproxy: HaProxy,
    program: PathBuf,
    declared: PathBuf,
    /// Where people come to it.
    pub(super) site: String,
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
        Ok(Self {
            harness,
            haproxy: HaProxy::start(&mut Command::new(PROGRAM), &configuration, &socket, &log)?,
            program,
            declared,
            site: format!("http://{address}"),
        })
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
        let servers = self.haproxy.api.servers(BACKEND).context("ask for the weights")?;
        let green = servers.get("green").context("the balancer has no green")?;
        let weight = green.text("weight").context("green has no weight")?;
        weight.parse().with_context(|| format!("the weight {weight}"))
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
