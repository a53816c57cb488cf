//! A balancer that does what a test tells it to.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::balancer::{Balancer, Count, Counts, Pace};
use crate::claim::Claim;
use crate::clock;
use crate::fault::Fault;
use crate::weights::Weights;

pub(crate) fn weights(blue: u32, green: u32) -> Weights {
    Weights::new([("blue".to_owned(), blue), ("green".to_owned(), green)].into()).unwrap()
}

/// What goes wrong at a look at the counts.
pub(crate) type Trouble = fn(&mut Fake, u32);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refuses {
    Weights,
    /// A claim.
    ToForget,
}

/// A balancer that answers a hundred requests between two looks.
pub(crate) struct Fake {
    pub(crate) weights: Weights,
    pub(crate) counts: BTreeMap<String, Count>,
    pub(crate) claims: BTreeMap<String, Claim>,
    /// How many percent of the answers of green are bad, and whether it answers.
    pub(crate) bad: u64,
    pub(crate) hangs: bool,
    pub(crate) idle: bool,
    /// How much later than it happens something is counted.
    pub(crate) lag: Duration,
    looks: u32,
    pub(crate) trouble: Trouble,
    /// Until then it answers with this instead.
    pub(crate) away: Option<(Instant, fn() -> Fault)>,
    /// What it does not do, if anything.
    pub(crate) refuses: Option<Refuses>,
    /// What another shift sets while this one asks.
    pub(crate) meanwhile: Option<Weights>,
    pub(crate) history: Vec<u32>,
}

impl Fake {
    pub(crate) fn new() -> Self {
        Self {
            weights: weights(100, 0),
            counts: BTreeMap::new(),
            claims: BTreeMap::new(),
            bad: 0,
            hangs: false,
            idle: false,
            lag: Duration::ZERO,
            looks: 0,
            trouble: |_, _| {},
            away: None,
            refuses: None,
            meanwhile: None,
            history: Vec::new(),
        }
    }

    /// Lets every claim grow older.
    pub(crate) fn let_pass(&mut self, time: Duration) {
        for claim in self.claims.values_mut() {
            claim.until = claim.until.saturating_sub(time);
        }
    }

    fn reach(&mut self) -> Result<(), Fault> {
        match self.away {
            Some((until, fault)) if Instant::now() < until => Err(fault()),
            _ => Ok(()),
        }
    }
}

pub(crate) fn lease_of(fake: &Fake) -> Duration {
    fake.pace().lease
}

impl Balancer for Fake {
    fn weights(&mut self) -> Result<Weights, Fault> {
        self.reach()?;
        Ok(self.weights.clone())
    }

    fn set(&mut self, weights: &Weights) -> Result<(), Fault> {
        self.reach()?;
        if self.refuses == Some(Refuses::Weights) {
            let said = "no".to_owned();
            return Err(Fault::Denied { said });
        }
        self.weights = weights.clone();
        self.history.extend(weights.of("green"));
        Ok(())
    }

    fn expect_somebody(&mut self, _: &str) -> Result<(), Fault> {
        Ok(())
    }

    fn counts(&mut self) -> Result<Counts, Fault> {
        self.reach()?;
        self.looks += 1;
        (self.trouble)(self, self.looks);
        for (name, share) in self.weights.iter().filter(|_| !self.idle) {
            let count = self.counts.entry(name.to_owned()).or_default();
            let share = u64::from(share);
            let green = name == "green";
            count.sent += share;
            count.ended += if green && self.hangs { 0 } else { share };
            count.failed += if green { share * self.bad / 100 } else { 0 };
        }
        let of = self.counts.clone();
        let until = clock::now().saturating_sub(self.lag);
        Ok(Counts { until, of })
    }

    fn claims(&mut self) -> Result<Vec<Claim>, Fault> {
        self.reach()?;
        Ok(self.claims.values().cloned().collect())
    }

    fn put(&mut self, claim: &Claim) -> Result<(), Fault> {
        self.reach()?;
        if let Some(weights) = self.meanwhile.take() {
            self.weights = weights;
        }
        self.claims.insert(claim.id.clone(), claim.clone());
        Ok(())
    }

    fn remove(&mut self, id: &str) -> Result<(), Fault> {
        if self.refuses == Some(Refuses::ToForget) {
            let (what, said) = ("to forget a claim".to_owned(), "no".to_owned());
            return Err(Fault::Refused { what, said });
        }
        self.claims.remove(id);
        Ok(())
    }

    fn pace(&self) -> Pace {
        Pace {
            poll: Duration::from_millis(2),
            hold: Duration::from_millis(20),
            patience: Duration::from_millis(20),
            wait: Duration::from_millis(400),
            blind: Duration::from_secs(2),
            back: Duration::from_millis(100),
            lease: Duration::from_secs(15),
        }
    }
}
