//! `HAProxy`, by its run-time API. It counts each request at once, and forgets weights and claims
//! when it is restarted.

use std::collections::BTreeMap;
use std::time::Duration;

use haproxy_api::{Error, RuntimeApi, Server};

use crate::balancer::{Balancer, Count, Counts, Pace};
use crate::claim::Claim;
use crate::clock;
use crate::declared::HaProxy;
use crate::fault::Fault;
use crate::weights::Weights;

/// An answer takes milliseconds.
const ANSWER: Duration = Duration::from_secs(5);

/// One backend of a running `HAProxy`, whose servers are the targets.
pub(crate) struct Backend(pub(crate) HaProxy);

impl Backend {
    fn api(&self) -> RuntimeApi {
        RuntimeApi::at(&self.0.socket, ANSWER)
    }

    fn ask(&self, command: &str) -> Result<String, Fault> {
        Ok(self.api().ask(command)?)
    }

    /// A command that answers only when something is wrong with it.
    fn tell(&self, what: &str, command: &str) -> Result<(), Fault> {
        let said = self.ask(command)?;
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        if said.is_empty() {
            return Ok(());
        }
        let what = what.to_owned();
        Err(Fault::Refused { what, said })
    }

    fn servers(&self) -> Result<BTreeMap<String, Server>, Fault> {
        Ok(self.api().servers(&self.0.backend)?)
    }
}

impl Balancer for Backend {
    fn weights(&mut self) -> Result<Weights, Fault> {
        let servers = self.servers()?;
        let share = |server: &Server| server.number("uweight").try_into().unwrap_or(u32::MAX);
        Weights::new(
            servers
                .iter()
                .map(|(name, one)| (name.clone(), share(one)))
                .collect(),
        )
    }

    fn set(&mut self, weights: &Weights) -> Result<(), Fault> {
        let backend = &self.0.backend;
        // In one line, so that nothing comes between them but the death of HAProxy itself.
        let commands = weights
            .iter()
            .map(|(name, share)| format!("set server {backend}/{name} weight {share}"));
        self.tell("these weights", &commands.collect::<Vec<_>>().join("; "))
    }

    fn expect_somebody(&mut self, target: &str) -> Result<(), Fault> {
        let servers = self.servers()?;
        let status = servers.get(target).and_then(|server| server.text("status"));
        let status = status.unwrap_or("not there");
        if status.starts_with("UP") || status == "no check" {
            return Ok(());
        }
        Err(Fault::Nobody {
            target: target.to_owned(),
            said: format!("HAProxy says {status}"),
        })
    }

    fn counts(&mut self) -> Result<Counts, Fault> {
        let until = clock::now();
        let servers = self.servers()?;
        let of = servers.iter().map(|(name, server)| (name.clone(), count(server)));
        let of = of.collect();
        Ok(Counts { until, of })
    }

    fn claims(&mut self) -> Result<Vec<Claim>, Fault> {
        let map = &self.0.claims;
        let answer = self.ask(&format!("show map {map}"))?;
        if answer.trim_start().starts_with("Unknown map") {
            return Err(Fault::Refused {
                what: format!("to keep who moves the weights: its configuration names no map {map}"),
                said: answer.trim().to_owned(),
            });
        }
        Ok(answer.lines().filter_map(claim).collect())
    }

    fn put(&mut self, claim: &Claim) -> Result<(), Fault> {
        let there = self.claims()?.iter().any(|other| other.id == claim.id);
        let verb = if there { "set" } else { "add" };
        let (map, id, kept) = (&self.0.claims, &claim.id, claim.packed());
        self.tell("a claim", &format!("{verb} map {map} {id} {kept}"))
    }

    fn remove(&mut self, id: &str) -> Result<(), Fault> {
        if !self.claims()?.iter().any(|other| other.id == id) {
            return Ok(());
        }
        self.tell("to forget a claim", &format!("del map {} {id}", self.0.claims))
    }

    fn pace(&self) -> Pace {
        Pace {
            poll: Duration::from_millis(200),
            hold: Duration::from_secs(30),
            patience: Duration::from_secs(3),
            wait: Duration::from_mins(10),
            blind: Duration::from_secs(5),
            back: Duration::from_mins(1),
            lease: Duration::from_secs(15),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Unreachable { .. } => Self::Unreachable {
                said: error.to_string(),
            },
            // One that is about to end says nothing, which passes.
            Error::NoServers { ref said, .. } if said.is_empty() => Self::Unreachable {
                said: error.to_string(),
            },
            Error::NoServers { backend, said } => Self::Refused {
                what: format!("the servers of backend {backend}"),
                said,
            },
        }
    }
}

/// Answers are counted by their heads, so a stream that stays open has been answered. What could
/// not be connected, or ended without an answer, was sent too.
fn count(server: &Server) -> Count {
    let of = |fields: &[&str]| fields.iter().map(|field| server.number(field)).sum::<u64>();
    let broken = of(&["econ", "eresp"]);
    Count {
        sent: of(&["stot"]),
        ended: broken
            + of(&[
                "hrsp_1xx",
                "hrsp_2xx",
                "hrsp_3xx",
                "hrsp_4xx",
                "hrsp_5xx",
                "hrsp_other",
            ]),
        failed: broken + of(&["hrsp_5xx"]),
    }
}

/// A line as `0x55d0c8 ID VALUE`.
fn claim(line: &str) -> Option<Claim> {
    let mut words = line.split_whitespace().skip(1);
    Claim::unpacked(words.next()?, words.next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_answered_was_sent_and_has_failed() {
        let answer = "S.3.2.1.svname.1:KNSP:str:green\nS.3.2.7.stot.1:MCP:u64:12\nS.3.2.13.econ.1:MCP:u64:1\n\
            S.3.2.40.hrsp_2xx.1:MCP:u64:8\nS.3.2.43.hrsp_5xx.1:MCP:u64:2\n";
        let servers = haproxy_api::servers_in(answer);
        let counted = count(&servers["green"]);
        assert_eq!((counted.sent, counted.ended, counted.failed), (12, 11, 3));
    }
}
