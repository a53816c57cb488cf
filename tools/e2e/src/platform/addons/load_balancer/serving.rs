//! A load balancer that was made as an Ingress asks: which pods it knows, and how requests are
//! shared out among them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::asked::Asked;
use super::haproxy::{HaProxy, Place, SLOTS, Seen};
use super::routes::{Route, shares};

/// So long AWS takes until a load balancer does what its controller was told, taken as long: a pod
/// that ends still gets requests.
const HEARD: Duration = Duration::from_secs(5);

/// Where a pod is on its way out.
#[derive(Debug, Clone, Copy)]
enum Going {
    Stays,
    /// Since it is no endpoint.
    Leaves(Instant),
    /// Since it gets no new requests.
    Drains(Instant),
}

/// A pod that it knows.
struct Slot {
    target: SocketAddrV4,
    service: String,
    weight: u32,
    going: Going,
}

/// How requests were shared out for a while.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turn {
    /// What each Service was to get.
    pub(crate) weights: BTreeMap<String, u32>,
    /// What it got.
    pub(crate) sent: BTreeMap<String, u64>,
    /// Pods that failed their health checks meanwhile.
    pub(crate) down: BTreeSet<SocketAddrV4>,
}

/// The running one.
pub(super) struct Serving {
    pub(super) asked: Asked,
    haproxy: HaProxy,
    slots: BTreeMap<usize, Slot>,
    /// What was said of each slot at the last look.
    seen: BTreeMap<usize, Seen>,
    /// Whether visitors keep to the pod that has answered first.
    sticky: bool,
    pub(super) turns: Vec<Turn>,
}

impl Serving {
    pub(super) fn start(place: &Place, asked: Asked) -> Result<Self> {
        Ok(Self {
            haproxy: HaProxy::start(place, &asked)?,
            asked,
            slots: BTreeMap::new(),
            seen: BTreeMap::new(),
            sticky: false,
            turns: Vec::new(),
        })
    }

    /// Sends requests to these pods, as many as their Services are to get, and after a while to no
    /// others.
    pub(super) fn follow(&mut self, routes: &[(Route, BTreeSet<SocketAddrV4>)]) -> Result<()> {
        self.count()?;
        let sticky = routes.iter().any(|(route, _)| route.sticky);
        if sticky != self.sticky {
            self.haproxy.keep_visitors(sticky)?;
            self.sticky = sticky;
        }
        let there = shares(routes, &self.down());
        self.admit(&there)?;
        self.dismiss(&there)?;
        let weights = routes.iter();
        let weights: BTreeMap<_, _> = weights
            .map(|(route, _)| (route.service.clone(), route.weight))
            .collect();
        if self.turns.last().is_none_or(|last| last.weights != weights) {
            self.turns.push(Turn {
                weights,
                ..Turn::default()
            });
        }
        // Where AWS would answer with an error, the others get what was meant for it.
        let without = routes
            .iter()
            .find(|(route, pods)| route.weight > 0 && pods.is_empty());
        let without = without.map(|(route, _)| format!("{} gets {}", route.service, route.weight));
        ensure!(
            without.is_none(),
            "{} of the requests and has no pod",
            without.unwrap_or_default()
        );
        Ok(())
    }

    /// Adds what was sent since the last look to the present turn.
    fn count(&mut self) -> Result<()> {
        let now = self.haproxy.seen()?;
        let down = self.down();
        if let Some(turn) = self.turns.last_mut() {
            for (number, slot) in &self.slots {
                let [now, before] =
                    [&now, &self.seen].map(|seen| seen.get(number).copied().unwrap_or_default().sent);
                *turn.sent.entry(slot.service.clone()).or_default() += now.saturating_sub(before);
            }
            turn.down.extend(down);
        }
        self.seen = now;
        Ok(())
    }

    /// Pods that did badly at the last look.
    fn down(&self) -> BTreeSet<SocketAddrV4> {
        let slots = self.slots.iter();
        let down = slots.filter(|(number, _)| self.seen.get(number).is_some_and(|seen| seen.down));
        down.map(|(_, slot)| slot.target).collect()
    }

    fn admit(&mut self, there: &BTreeMap<SocketAddrV4, (String, u32)>) -> Result<()> {
        for (target, (service, weight)) in there {
            let known = self.slots.iter_mut().find(|(_, slot)| slot.target == *target);
            if let Some((number, slot)) = known {
                if !matches!(slot.going, Going::Stays) {
                    self.haproxy.register(*number, *target, *weight)?;
                } else if slot.weight != *weight {
                    self.haproxy.weigh(*number, *weight)?;
                }
                (slot.service, slot.weight, slot.going) = (service.clone(), *weight, Going::Stays);
                continue;
            }
            let free = (0..SLOTS).find(|number| !self.slots.contains_key(number));
            let number = free.context("there are more pods than were expected")?;
            self.haproxy.register(number, *target, *weight)?;
            let slot = Slot {
                target: *target,
                service: service.clone(),
                weight: *weight,
                going: Going::Stays,
            };
            self.slots.insert(number, slot);
        }
        Ok(())
    }

    fn dismiss(&mut self, there: &BTreeMap<SocketAddrV4, (String, u32)>) -> Result<()> {
        let let_go = Duration::from_secs(self.asked.let_go.into());
        let mut gone = Vec::new();
        for (number, slot) in &mut self.slots {
            match slot.going {
                _ if there.contains_key(&slot.target) => {}
                Going::Stays => slot.going = Going::Leaves(Instant::now()),
                Going::Leaves(since) if since.elapsed() >= HEARD => {
                    self.haproxy.drain(*number)?;
                    slot.going = Going::Drains(Instant::now());
                }
                Going::Drains(since) if since.elapsed() >= let_go => {
                    self.haproxy.forget(*number)?;
                    gone.push(*number);
                }
                Going::Leaves(_) | Going::Drains(_) => {}
            }
        }
        self.slots.retain(|number, _| !gone.contains(number));
        Ok(())
    }
}
