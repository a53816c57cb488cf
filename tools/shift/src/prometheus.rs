//! Counts from Prometheus in the place of the balancer's own: what the servers of each target say
//! of the requests that they have answered.
//!
//! A request that hangs is in none of them, so a target that hangs shows by too few requests, or by
//! none any more.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;

use crate::balancer::{Balancer, Count, Counts, Pace};
use crate::claim::Claim;
use crate::clock;
use crate::declared::Prometheus;
use crate::fault::Fault;
use crate::weights::Weights;

const ANSWER: Duration = Duration::from_secs(5);
/// It reads the counters of a server every fifteen seconds, or every minute: what it answers may be
/// as old as this.
const READING: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_secs(5);
const HOLD: Duration = Duration::from_mins(2);
const BLIND: Duration = Duration::from_mins(1);
const MOST: usize = 200;
/// What says of a request that it took too long, that there were too many, or that whoever is
/// between gave it up: the next one may be answered.
const FOR_NOW: [u16; 3] = [408, 429, 499];

/// The counters at the last look, by the labels of a pod without the status, and by the status.
/// Those of a pod that has ended stay.
type Seen = BTreeMap<String, BTreeMap<String, u64>>;

/// A balancer that is told what was counted elsewhere.
pub(crate) struct Counted {
    balancer: Box<dyn Balancer>,
    prometheus: Prometheus,
    agent: Agent,
    /// How old what it answers may be.
    reading: Duration,
    seen: Seen,
    of: BTreeMap<String, Count>,
}

impl Counted {
    pub(crate) fn new(balancer: Box<dyn Balancer>, prometheus: Prometheus) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(ANSWER))
            .http_status_as_error(false);
        Self {
            balancer,
            prometheus,
            agent: config.build().into(),
            reading: READING,
            seen: Seen::new(),
            of: BTreeMap::new(),
        }
    }

    /// The answer of Prometheus, if that is one.
    fn ask(&self) -> Result<Value, Fault> {
        let address = format!("{}/api/v1/query", self.prometheus.address.trim_end_matches('/'));
        let away = |error: ureq::Error| Fault::NotCounted {
            said: format!("{address}: {error}"),
        };
        let asked = self.agent.get(&address).query("query", &self.prometheus.query);
        let mut answer = asked.call().map_err(away)?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string().map_err(away)?;
        let said: Value = serde_json::from_str(&text).unwrap_or_default();
        // With warnings there are holes in it.
        let whole = said["warnings"].as_array().is_none_or(Vec::is_empty);
        if said["status"] == "success" && whole {
            return Ok(said);
        }
        let text: String = text.trim().chars().take(MOST).collect();
        let said = format!("{address}: {status} {text}");
        if (400..500).contains(&status) && !FOR_NOW.contains(&status) {
            return Err(Fault::NoCounter { said });
        }
        Err(Fault::NotCounted { said })
    }

    /// Adds what a series has counted since the look before, when `before` was seen. A counter that
    /// fell began anew. A pod that was not seen then may have counted for long: all that it has
    /// answered is only where it is counted from. The first look is where all are counted from.
    fn add(&mut self, series: &Value, before: &Seen) -> Result<(), Fault> {
        let labels = &series["metric"];
        let value = series["value"][1]
            .as_str()
            .and_then(|value| value.parse::<u64>().ok());
        let [target, status] =
            [&self.prometheus.target, &self.prometheus.status].map(|label| labels[label.as_str()].as_str());
        let (Some(target), Some(status), Some(now)) = (target, status, value) else {
            let said = format!(
                "{series} is no counter with the labels {} and {}",
                self.prometheus.target, self.prometheus.status
            );
            return Err(Fault::NoCounter { said });
        };
        let mut pod = labels.clone();
        if let Some(labels) = pod.as_object_mut() {
            labels.remove(&self.prometheus.status);
        }
        let pod = pod.to_string();
        let last = match before.get(&pod) {
            Some(statuses) => statuses.get(status).copied().unwrap_or_default(),
            None if before.is_empty() => 0,
            None => now,
        };
        self.seen.entry(pod).or_default().insert(status.to_owned(), now);
        let new = now.checked_sub(last).unwrap_or(now);
        let count = self.of.entry(target.to_owned()).or_default();
        count.sent += new;
        count.ended += new;
        count.failed += if status.starts_with('5') { new } else { 0 };
        Ok(())
    }
}

impl Balancer for Counted {
    fn weights(&mut self) -> Result<Weights, Fault> {
        self.balancer.weights()
    }

    fn set(&mut self, weights: &Weights) -> Result<(), Fault> {
        self.balancer.set(weights)
    }

    fn expect_somebody(&mut self, target: &str) -> Result<(), Fault> {
        self.balancer.expect_somebody(target)
    }

    fn counts(&mut self) -> Result<Counts, Fault> {
        let until = clock::now().saturating_sub(self.reading);
        let said = self.ask()?;
        let before = self.seen.clone();
        let found = said["data"]["result"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        // Later, the pods that counted may have ended.
        if found.is_empty() && before.is_empty() {
            let said = format!("{} has no series", self.prometheus.query);
            return Err(Fault::NoCounter { said });
        }
        for series in found {
            self.add(series, &before)?;
        }
        let of = self.of.clone();
        Ok(Counts { until, of })
    }

    fn claims(&mut self) -> Result<Vec<Claim>, Fault> {
        self.balancer.claims()
    }

    fn put(&mut self, claim: &Claim) -> Result<(), Fault> {
        self.balancer.put(claim)
    }

    fn remove(&mut self, id: &str) -> Result<(), Fault> {
        self.balancer.remove(id)
    }

    fn pace(&self) -> Pace {
        let pace = self.balancer.pace();
        Pace {
            poll: pace.poll.max(POLL),
            hold: pace.hold.max(HOLD),
            blind: pace.blind.max(BLIND),
            ..pace
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
