//! What a process in a pod would reach. Connections are made from the pod's node, in the pod's own
//! network and with its resolver, so that they have its address and nothing is added to the pod.

use std::fmt;

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;

use crate::cluster::Cluster;
use crate::run::Testbed;
use crate::scenarios::pods::{container_of, node_of};

/// `$1` is a container's id, `$2` an address. Prints curl's exit code, when it was connected, and
/// what curl says.
const CONNECT: &str = r#"
set -eu
pid=$(ctr --namespace k8s.io tasks list | awk -v id="$1" '$1 == id { print $2 }')
[ -n "$pid" ] || { echo "no process of container $1 here" >&2; exit 1; }
exec nsenter --target "$pid" --net unshare --mount sh -c '
    names=$(mktemp)
    cat "/proc/$1/root/etc/resolv.conf" > "$names"
    mount --bind "$names" /etc/resolv.conf
    rm "$names"
    curl --silent --insecure --noproxy "*" --output /dev/null --connect-timeout 2 --max-time 4 \
        --write-out "%{exitcode} %{time_connect} %{errormsg}" "$2" || true
' connect "$pid" "$2"
"#;

/// Whether a connection was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Somebody took it, whatever was then said.
    Connected,
    /// Nobody did.
    Refused(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected => f.write_str("connected"),
            Self::Refused(why) => write!(f, "refused ({why})"),
        }
    }
}

/// A running pod, seen from inside.
#[derive(Debug, Clone)]
pub(super) struct Inside {
    /// `namespace/name`.
    pub(super) name: String,
    pub(super) address: String,
    pub(super) node: String,
    /// As containerd calls it.
    pub(super) container: String,
}

impl Inside {
    pub(super) fn of(pod: &Pod) -> Result<Self> {
        let metadata = &pod.metadata;
        let name = format!(
            "{}/{}",
            metadata.namespace.as_deref().unwrap_or_default(),
            metadata.name.as_deref().unwrap_or_default()
        );
        let status = pod.status.as_ref();
        let address = status.and_then(|status| status.pod_ip.as_deref());
        let (Ok(container), Some(address), Ok(node)) = (container_of(pod), address, node_of(pod)) else {
            bail!("pod {name} does not run");
        };
        Ok(Self {
            address: address.to_owned(),
            node: node.to_owned(),
            container: container.to_owned(),
            name,
        })
    }

    /// A running pod with these labels.
    pub(super) async fn any(cluster: &Cluster, namespace: &str, labels: &str) -> Result<Self> {
        let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), namespace);
        let pods = pods
            .list(&ListParams::default().labels(labels))
            .await
            .with_context(|| format!("list the pods {labels}"))?;
        let runs = |pod: &&Pod| {
            let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
            phase == Some("Running") && pod.metadata.deletion_timestamp.is_none()
        };
        let pod = pods.iter().find(runs);
        Self::of(pod.with_context(|| format!("no pod {labels} runs in {namespace}"))?)
    }

    /// Tries to connect to `url`.
    pub(super) async fn connect(&self, testbed: &Testbed, cluster: &Cluster, url: &str) -> Result<Outcome> {
        let said = cluster
            .on_node(&testbed.harness, &self.node, CONNECT, &[&self.container, url])
            .await
            .with_context(|| format!("connect from {} to {url}", self.name))?;
        read(&said).with_context(|| format!("{} to {url}: curl says {said:?}", self.name))
    }
}

fn read(said: &str) -> Result<Outcome> {
    let mut words = said.splitn(3, ' ');
    let (Some(code), Some(seconds)) = (words.next(), words.next()) else {
        bail!("a code and a time are missing");
    };
    let why = words.next().unwrap_or_default();
    let connected = seconds.parse::<f64>().context("understand the time")? > 0.0;
    match code {
        // No connection, or none in time. Whatever else went wrong did so afterwards.
        "7" | "28" if !connected => Ok(Outcome::Refused(why.to_owned())),
        "5" | "6" => bail!("the name is not known"),
        _ => Ok(Outcome::Connected),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_curl_says_is_understood() {
        assert_eq!(read("0 0.001234 ").unwrap(), Outcome::Connected);
        // An answer that is not HTTP is one.
        assert_eq!(
            read("1 0.001234 Received HTTP/0.9 when not allowed").unwrap(),
            Outcome::Connected
        );
        assert_eq!(
            read("52 0.000380 Empty reply from server").unwrap(),
            Outcome::Connected
        );
        let why = "Failed to connect to 10.244.0.5 port 8080 after 0 ms: Couldn't connect to server";
        assert_eq!(
            read(&format!("7 0.000000 {why}")).unwrap(),
            Outcome::Refused(why.to_owned())
        );
    }

    #[test]
    fn a_name_that_is_not_known_is_no_refusal() {
        for said in ["6 0.000000 Could not resolve host: backend", "", "7"] {
            assert!(read(said).is_err(), "{said}");
        }
    }
}
