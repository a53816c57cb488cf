//! The addresses of Services: a packet to one that no rule translates stays on the node.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{environment::Environment, host::process::Tool, run::Harness};

const EXEC: Duration = Duration::from_secs(20);

/// The range that Services get their addresses from, like `10.96.0.0/16`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServiceRange(String);

impl ServiceRange {
    /// `networking.serviceSubnet` of kind's configuration.
    pub(super) fn of(config: &Value) -> Result<Self> {
        let text = config
            .pointer("/networking/serviceSubnet")
            .and_then(Value::as_str)
            .context("infra/local/kind.yaml names no networking.serviceSubnet")?;
        Ok(Self(text.to_owned()))
    }

    /// Drops on every node what would leave for a Service.
    ///
    /// While the first endpoint of a Service comes, kube-proxy no longer refuses its packets and
    /// does not translate them yet. One that is sent in that moment would leave the machine, and
    /// whoever is there answers in the Service's place. Dropped, it is sent again a second later. A
    /// route as for pods would not do: the node's own packets are routed before they are
    /// translated, all of them are translated before POSTROUTING.
    pub(super) async fn keep(&self, harness: &Harness, environment: Environment) -> Result<()> {
        let log = harness.run.log(&format!("cluster-{environment}"));
        for node in environment.nodes() {
            let exec = ["exec", node.as_str(), "iptables"].into_iter().chain(self.rule());
            Tool::of_engine(&harness.engine, exec, &log, EXEC)?
                .run()
                .await
                .with_context(|| format!("drop on {node} what no rule translates"))?;
        }
        Ok(())
    }

    fn rule(&self) -> [&str; 10] {
        [
            "--wait",
            "5",
            "--table",
            "mangle",
            "--append",
            "POSTROUTING",
            "--destination",
            &self.0,
            "--jump",
            "DROP",
        ]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_rule_is_for_the_range_of_the_configuration() {
        let config = json!({ "networking": { "serviceSubnet": "10.97.0.0/16" } });
        let rule = ServiceRange::of(&config).unwrap().rule().join(" ");
        assert!(
            rule.contains("POSTROUTING --destination 10.97.0.0/16 --jump DROP"),
            "{rule}"
        );
        assert!(ServiceRange::of(&json!({ "networking": {} })).is_err());
    }
}
