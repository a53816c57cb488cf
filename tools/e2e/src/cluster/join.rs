//! Watches kind while it starts nodes: a worker that asks a wrong address for the control plane
//! would be waited for in vain.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    fs,
    net::Ipv4Addr,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Error, Result, anyhow, bail};
use supply::engine::Kind;

use crate::{
    environment::Environment,
    host::process::Tool,
    run::{
        Harness, StepHandle,
        leftovers::names::{self, Names, Record},
    },
};

/// As kind writes it when it begins.
const JOINING: &str = "• Joining worker nodes";
/// A worker that can join has done so by then.
const JOINED_WITHIN: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_secs(1);
const ASK: Duration = Duration::from_secs(8);

/// Every address that a name has, and whether the API answers there.
const ADDRESSES: &str = r#"
for address in $(getent ahostsv4 "$1" | cut -d ' ' -f 1 | sort -u); do
    if timeout 2 bash -c "exec 3<>/dev/tcp/$address/6443" 2>/dev/null
    then echo "$address answers"
    else echo "$address silent"
    fi
done"#;

/// Does what `create` says while nothing makes it hopeless; the error says why nodes do not find
/// each other.
pub(super) async fn watched(
    harness: &Harness,
    environment: Environment,
    log: &Path,
    step: &StepHandle,
    create: impl Future<Output = Result<()>>,
) -> Result<()> {
    let watch = Watch {
        harness,
        environment,
        log,
        begun_at: fs::metadata(log).map_or(0, |log| log.len()),
        seen: RefCell::default(),
    };
    let made = tokio::select! {
        biased;
        made = create => made,
        hopeless = watch.until_hopeless(step) => Err(hopeless),
    };
    let seen = watch.seen.into_inner();
    made.with_context(|| {
        if seen.is_empty() {
            "kind did not bring up the nodes".to_owned()
        } else {
            format!("kind did not bring up the nodes; {seen}")
        }
    })
}

/// An error unless every node finds each of them at its one of `addresses`.
pub(super) async fn found(harness: &Harness, environment: Environment, addresses: &[Ipv4Addr]) -> Result<()> {
    let nodes = environment.nodes();
    for asked in &nodes {
        for (node, address) in nodes.iter().zip(addresses) {
            let told = ask(harness, asked, node).await?;
            if let Found::Wrong(why) = judge(asked, node, &address.to_string(), &told) {
                bail!(why);
            }
        }
    }
    Ok(())
}

/// What `node` is told of the addresses of `name`.
async fn ask(harness: &Harness, node: &str, name: &str) -> Result<String> {
    let exec = ["exec", node, "bash", "-c", ADDRESSES, "bash", name];
    let log = harness.run.log("names");
    Tool::of_engine(&harness.engine, exec, &log, ASK)?.read().await
}

struct Watch<'a> {
    harness: &'a Harness,
    environment: Environment,
    log: &'a Path,
    /// How long the log was before.
    begun_at: u64,
    /// What a join that takes long was found to be waiting for.
    seen: RefCell<String>,
}

impl Watch<'_> {
    async fn until_hopeless(&self, step: &StepHandle) -> Error {
        let (mut joining, mut doubled) = (None, false);
        loop {
            tokio::time::sleep(LOOK).await;
            let stale = self.stale_names().await;
            // A container that is being replaced has two records for a moment.
            match (stale, doubled) {
                (Some(why), true) => return anyhow!(why),
                (stale, _) => doubled = stale.is_some(),
            }
            if joining.is_none() && self.is_joining() {
                joining = Some(Instant::now());
            }
            if joining.is_some_and(|since| since.elapsed() > JOINED_WITHIN) {
                match self.addresses().await {
                    Ok(Found::Wrong(why)) => return anyhow!(why),
                    Ok(Found::Right(seen)) => self.note(step, seen),
                    Err(error) => self.note(step, format!("a worker cannot be asked: {error:#}")),
                }
            }
        }
    }

    fn note(&self, step: &StepHandle, seen: String) {
        step.doing(&format!("workers join: {seen}"));
        self.seen.replace(seen);
    }

    fn is_joining(&self) -> bool {
        let text = fs::read(self.log).unwrap_or_default();
        let from = usize::try_from(self.begun_at).unwrap_or_default();
        String::from_utf8_lossy(text.get(from..).unwrap_or_default()).contains(JOINING)
    }

    /// Why the name server answers wrongly for a node, if it does. Docker's own one knows its
    /// containers.
    async fn stale_names(&self) -> Option<String> {
        let engine = &self.harness.engine;
        if engine.kind() == Kind::Docker {
            return None;
        }
        let records = Names::of(engine.network()).records().ok()?;
        let nodes = self.environment.nodes();
        let doubles = names::doubles(&records);
        let (node, records) = doubles.into_iter().find(|(name, _)| nodes.contains(name))?;
        let running = self.running().await.ok()?;
        Some(doubled(engine.network(), &node, &records, &running))
    }

    async fn running(&self) -> Result<BTreeSet<String>> {
        let ps = ["ps", "--no-trunc", "--format", "{{.ID}}"];
        let ids = Tool::of_engine(&self.harness.engine, ps, &self.harness.run.log("names"), ASK)?.read();
        Ok(ids.await?.lines().map(str::to_owned).collect())
    }

    /// What the workers are told that the control plane's address is, and what it is.
    async fn addresses(&self) -> Result<Found> {
        let (harness, first) = (self.harness, self.environment.control_plane());
        let log = harness.run.log("names");
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        let inspect = ["inspect", "--format", format, &first];
        let address = Tool::of_engine(&harness.engine, inspect, &log, ASK)?
            .read()
            .await?;
        let nodes = self.environment.nodes();
        let worker = nodes.last().context("a cluster has a node")?;
        let told = ask(harness, worker, &first).await?;
        Ok(judge(worker, &first, &address, &told))
    }
}

/// What a worker finds under the control plane's name.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Wrong(String),
    Right(String),
}

fn judge(worker: &str, first: &str, address: &str, told: &str) -> Found {
    let told: Vec<_> = told.lines().filter_map(|line| line.split_once(' ')).collect();
    let addresses: Vec<_> = told.iter().map(|(address, _)| *address).collect();
    if addresses != [address] {
        let found = if addresses.is_empty() {
            "no address".to_owned()
        } else {
            addresses.join(" and ")
        };
        return Found::Wrong(format!(
            "{worker} cannot reach {first}: it finds {found} under that name, whose address is {address}; the network's name server answers \
             wrongly; `cargo xtask e2e down` removes what is left of earlier runs"
        ));
    }
    let answers = if told.iter().any(|(_, word)| *word == "answers") {
        "takes connections"
    } else {
        "takes no connection"
    };
    Found::Right(format!(
        "{worker} finds {first} at {address}, which {answers} on port 6443"
    ))
}

fn doubled(network: &str, node: &str, records: &[Record], running: &BTreeSet<String>) -> String {
    let of = |record: &Record| {
        let id = record.container.get(..12).unwrap_or(&record.container);
        let state = if running.contains(&record.container) {
            "runs"
        } else {
            "is gone"
        };
        format!("{} of container {id}, which {state}", record.addresses.join(", "))
    };
    let all: Vec<_> = records.iter().map(of).collect();
    format!(
        "the network's name server has more than one address for {node}: {}; `cargo xtask e2e down` removes the record, which is a \
         line of {}/aardvark-dns/{network}",
        all.join("; "),
        names::NETWORKS
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_dead_address_is_told_before_anybody_waits_for_it() {
        let first = "staging-control-plane";
        let of = |told: &str| judge("staging-worker", first, "10.89.0.9", told);
        for told in ["", "10.89.0.5 silent\n10.89.0.9 answers", "10.89.0.5 silent"] {
            let Found::Wrong(why) = of(told) else {
                panic!("{told:?}")
            };
            assert!(why.contains(first) && why.contains("e2e down"), "{why}");
        }
        let Found::Right(seen) = of("10.89.0.9 silent") else {
            panic!("the address is right")
        };
        assert!(seen.contains("takes no connection"), "{seen}");
    }

    #[test]
    fn a_stale_record_is_named_with_the_next_step() {
        let record = |container: &str, address: &str| Record {
            container: container.to_owned(),
            addresses: vec![address.to_owned()],
            names: vec!["node".to_owned()],
        };
        let records = [
            record("aaaaaaaaaaaaaaaa", "10.89.0.5"),
            record("bbb", "10.89.0.9"),
        ];
        let why = doubled("ours", "node", &records, &["bbb".to_owned()].into());
        assert!(
            why.contains(
                "10.89.0.5 of container aaaaaaaaaaaa, which is gone; 10.89.0.9 of container bbb, which runs"
            ),
            "{why}"
        );
        assert!(
            why.contains("e2e down") && why.ends_with("aardvark-dns/ours"),
            "{why}"
        );
    }
}
