//! The network path from staging to its table, and what can be put in it: a block, or a proxy that
//! injects faults. Both are rules of the nodes' own packet filter, so nothing in Git or in the
//! cluster changes, and production is not affected.

use std::ops::Deref;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fault_proxy::FaultProxy;
use k8s_openapi::api::core::v1::Node;
use kube::api::ListParams;
use kube::{Api, ResourceExt as _};
use tokio::sync::OnceCell;
use xshell::Shell;

use crate::host::process::Tool;
use crate::run::Testbed;
use crate::scenarios::undo::Undo;
use crate::world::{IAM_PROXY, IAM_PROXY_PORT};

const EXEC: Duration = Duration::from_secs(20);

/// Removes every rule that this module made: they carry its mark.
const OPEN: &str = "for table in mangle filter nat; do \
    iptables -w -t $table -S | grep -- '--comment gitops-loop-detour' | sed 's/^-A/-D/' | \
    while read -r rule; do iptables -w -t $table $rule; done; done";

/// It answers until the run ends, so a second one would find its port taken.
static PROXY: OnceCell<FaultProxy> = OnceCell::const_new();

/// The way of pods of staging to AWS, as they see it: to the proxy before the emulator.
pub(crate) struct Detour<'a> {
    testbed: &'a Testbed,
    nodes: Vec<String>,
    /// The address of the pod whose way it is alone; none for the way of all.
    pod: Option<String>,
    /// The address of what the pods ask on the containers' network.
    aws: String,
    undo: Undo,
}

impl<'a> Detour<'a> {
    /// The way of all pods as it is, without what a scenario that was interrupted may have left in
    /// it.
    pub(crate) async fn find(testbed: &'a Testbed) -> Result<Self> {
        let nodes: Api<Node> = Api::all(testbed.first().client.clone());
        let nodes = nodes.list(&ListParams::default()).await;
        let nodes = nodes.context("list the nodes of staging")?;
        let nodes: Vec<_> = nodes.items.iter().map(Node::name_any).collect();
        let shell = Shell::new().context("open a shell")?;
        let open = |node: &String| {
            testbed
                .harness
                .engine
                .command(&shell, ["exec", node, "sh", "-c", OPEN])
        };
        let detour = Self {
            testbed,
            undo: Undo::by(nodes.iter().map(open)),
            nodes,
            pod: None,
            aws: address(testbed).await?,
        };
        detour.open().await?;
        Ok(detour)
    }

    // wing: addons, verifier
    /// The same for the way of one pod alone, by its address.
    pub(crate) async fn of_pod(testbed: &'a Testbed, address: &str) -> Result<Self> {
        let mut detour = Self::find(testbed).await?;
        detour.pod = Some(address.to_owned());
        Ok(detour)
    }
    // end of wing

    /// From now on no packet gets through, and nobody is told. Before any rule that a network
    /// policy makes of itself.
    pub(crate) async fn wall(&self) -> Result<()> {
        self.on_every_node(&format!("{} -j DROP", self.rule("mangle -I PREROUTING")))
            .await
    }

    /// From now on connections end at a proxy; those that are open are cut.
    pub(crate) async fn through_proxy(&self) -> Result<Faults> {
        // The port that the network policies allow.
        let here = format!(
            "{}:{IAM_PROXY_PORT}",
            self.testbed.world.forge.host_ip_for_containers
        );
        let aws = self.testbed.world.iam_proxy.host_url();
        let proxy = PROXY
            .get_or_try_init(|| FaultProxy::start_at(&here, &aws))
            .await?;
        let lead = format!(
            "{} -j DNAT --to-destination {here}",
            self.rule("nat -I PREROUTING")
        );
        let reset = format!(
            "{} -j REJECT --reject-with tcp-reset",
            self.rule("filter -I FORWARD")
        );
        // The servers keep many connections, and each would learn of its reset only when it is
        // used. One pod may learn so.
        let cut = format!(
            "for pid in $(pgrep -x backend); do \
             nsenter --target $pid --net ss --kill --tcp dst {} dport = :{IAM_PROXY_PORT}; done; true",
            self.aws
        );
        let cut = if self.pod.is_none() { cut.as_str() } else { "true" };
        self.on_every_node(&format!("{lead} && {reset} && {{ {cut}; }}"))
            .await?;
        Ok(Faults(proxy.clone()))
    }

    /// The way is as it was.
    pub(crate) async fn open(&self) -> Result<()> {
        self.on_every_node(OPEN).await
    }

    /// The same, for good.
    pub(crate) async fn end(self) -> Result<()> {
        self.open().await?;
        self.undo.done();
        Ok(())
    }

    fn rule(&self, place: &str) -> String {
        let pod = self.pod.as_ref().map(|pod| format!("-s {pod} "));
        format!(
            "iptables -w -t {place} {}-d {} -p tcp --dport {IAM_PROXY_PORT} -m comment --comment gitops-loop-detour",
            pod.unwrap_or_default(),
            self.aws
        )
    }

    async fn on_every_node(&self, script: &str) -> Result<()> {
        for node in &self.nodes {
            let exec = ["exec", node, "sh", "-c", script];
            ask(self.testbed, &exec)
                .await
                .with_context(|| format!("change the packet filter of {node}"))?;
        }
        Ok(())
    }
}

/// The proxy on the way. Its faults end when this is dropped, however the scenario ends: a
/// connection that a server keeps goes on through the proxy after the way is open again.
pub(crate) struct Faults(FaultProxy);

impl Deref for Faults {
    type Target = FaultProxy;

    fn deref(&self) -> &FaultProxy {
        &self.0
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        self.0.heal();
    }
}

/// What a program answers on its pod's own address, past every Service: its status, and when to ask
/// again.
pub(crate) async fn answer_of(
    testbed: &Testbed,
    node: &str,
    address: &str,
    path: &str,
) -> Result<(u16, Option<u64>)> {
    let url = format!("http://{address}:8080{path}");
    let format = "%{http_code} %header{retry-after}";
    let curl = [
        "exec",
        node,
        "curl",
        "--silent",
        "--max-time",
        "10",
        "--output",
        "/dev/null",
        "--write-out",
        format,
        &url,
    ];
    let printed = ask(testbed, &curl).await.with_context(|| format!("ask {url}"))?;
    let mut words = printed.split_whitespace();
    let status = words.next().and_then(|status| status.parse().ok());
    let status = status.with_context(|| format!("curl says {printed:?}"))?;
    Ok((status, words.next().and_then(|after| after.parse().ok())))
}

async fn address(testbed: &Testbed) -> Result<String> {
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    let address = ask(testbed, &["inspect", "--format", format, IAM_PROXY]).await?;
    let valid = address.parse::<std::net::Ipv4Addr>().is_ok();
    ensure!(valid, "the IAM proxy has no address of its own: {address:?}");
    Ok(address)
}

async fn ask(testbed: &Testbed, args: &[&str]) -> Result<String> {
    Tool::of_engine(
        &testbed.harness.engine,
        args,
        &testbed.harness.run.log("detour"),
        EXEC,
    )?
    .read()
    .await
}

#[cfg(test)]
mod tests {
    use fault_proxy::Fault;
    use reqwest::StatusCode;

    use super::*;

    #[tokio::test]
    async fn faults_that_are_left_over_end_with_the_scenario() {
        // It answers by itself, so nothing is asked behind it.
        let table = FaultProxy::start("http://127.0.0.1:9").await.unwrap();
        table.always(Fault::Bare(StatusCode::NO_CONTENT));
        let proxy = FaultProxy::start(&table.endpoint).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let put = async || {
            let request = http.post(&proxy.endpoint);
            let request = request.header("x-amz-target", "DynamoDB_20120810.PutItem");
            request.send().await.unwrap().status()
        };
        let faults = Faults(proxy.clone());
        faults.next(1_000, "PutItem", Fault::Throttled);
        assert_eq!(put().await, StatusCode::BAD_REQUEST);
        drop(faults);
        assert_eq!(put().await, StatusCode::NO_CONTENT);
    }
}
