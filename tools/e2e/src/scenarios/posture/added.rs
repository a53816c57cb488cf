//! What the scenario of the network policies adds to a cluster: addresses that stand for the world
//! outside, guests, and a policy that lets everybody through. And how all of that goes again.

use anyhow::{Context, Result};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::Api;
use kube::api::{DeleteParams, PostParams};
use serde_json::json;
use xshell::Shell;

use super::guests;
use crate::cluster::Cluster;
use crate::environment::NAMESPACE;
use crate::run::{StepHandle, Testbed};
use crate::scenarios::undo::Undo;

/// Stands in for the world outside: an address that no policy names, on each node.
pub(super) const OUTSIDE: &str = "192.0.2.10";
/// Where a machine in a cloud asks for its own rights.
pub(super) const METADATA: &str = "169.254.169.254";
/// The rule that lets strangers through, as long as it is there.
const CONTROL: &str = "posture-control";

/// `$1` and `$2` are addresses that from now on are this node's, and answer on ports 80 and 443;
/// for as long as the scenario may take.
const ANSWER: &str = r#"
set -eu
for address in "$1" "$2"; do
    ip address replace "$address/32" dev lo
    for port in 80 443; do
        timeout 360 socat "TCP-LISTEN:$port,bind=$address,fork,reuseaddr" \
            SYSTEM:'printf "HTTP/1.0 204 Here\r\n\r\n"' > /dev/null 2>&1 < /dev/null &
        echo $! >> /run/posture.pids
    done
done
"#;

const SILENCE: &str = r#"
kill $(cat /run/posture.pids) 2> /dev/null
rm -f /run/posture.pids
for address in "$1" "$2"; do
    ip address delete "$address/32" dev lo 2> /dev/null
done
true
"#;

/// Has each node answer for the world outside.
pub(super) async fn answer(testbed: &Testbed, cluster: &Cluster) -> Result<()> {
    on_every_node(testbed, cluster, ANSWER).await
}

/// Removes all of it, and waits until it is gone.
pub(super) async fn clean_up(testbed: &Testbed, cluster: &Cluster, step: &StepHandle) -> Result<()> {
    control(cluster, false).await?;
    on_every_node(testbed, cluster, SILENCE).await?;
    guests::remove(cluster, &[NAMESPACE], step).await
}

/// [`clean_up`] for whom there is no time to wait.
pub(super) fn undo(testbed: &Testbed, cluster: &Cluster) -> Result<Undo> {
    let (shell, harness) = (Shell::new().context("open a shell")?, &testbed.harness);
    let delete = |what: &[&str]| {
        let words = [&["delete"][..], what, &["--ignore-not-found", "--wait=false"]].concat();
        cluster.kubectl(harness, &shell, &words)
    };
    let control = delete(&["networkpolicy", CONTROL, "--namespace", NAMESPACE]);
    let namespaces = delete(&["namespace", "--selector", guests::LABEL]);
    let pods = delete(&["pod", "--selector", guests::LABEL, "--namespace", NAMESPACE]);
    let silence = |node: String| {
        let words = ["exec", &node, "sh", "-c", SILENCE, "sh", OUTSIDE, METADATA];
        harness.engine.command(&shell, words)
    };
    let nodes = cluster.environment.nodes().into_iter().map(silence);
    Ok(Undo::by([control, namespaces, pods].into_iter().chain(nodes)))
}

/// Lets everybody talk to everybody in the application's namespace, or no longer.
pub(super) async fn control(cluster: &Cluster, open: bool) -> Result<()> {
    let policies: Api<NetworkPolicy> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    if open {
        let policy = json!({
            "metadata": { "name": CONTROL },
            "spec": {
                "podSelector": {},
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [{}],
                "egress": [{}],
            },
        });
        let policy = serde_json::from_value(policy).context("describe a policy")?;
        policies
            .create(&PostParams::default(), &policy)
            .await
            .context("make a policy that lets everything through")?;
    } else if policies
        .get_opt(CONTROL)
        .await
        .context("look for our policy")?
        .is_some()
    {
        policies
            .delete(CONTROL, &DeleteParams::default())
            .await
            .context("delete our policy")?;
    }
    Ok(())
}

async fn on_every_node(testbed: &Testbed, cluster: &Cluster, script: &str) -> Result<()> {
    for node in cluster.environment.nodes() {
        cluster
            .on_node(&testbed.harness, &node, script, &[OUTSIDE, METADATA])
            .await
            .with_context(|| format!("make {node} answer for others"))?;
    }
    Ok(())
}
