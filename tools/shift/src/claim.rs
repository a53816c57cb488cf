//! Who moves the weights of a balancer: at most one shift at a time, wherever it runs.
//!
//! A claim is kept at the balancer, under an id of its own. Whoever wants to move something puts
//! one there, reads all of them, and begins only if no other one is alive. Two who ask at the same
//! time both see each other, whatever the order of their writes and reads, and so no balancer needs
//! an operation that compares and sets. The clocks of two machines may differ by less than the time
//! after which a claim ends.

use std::thread;
use std::time::Duration;

use crate::balancer::Balancer;
use crate::clock;
use crate::fault::Fault;
use crate::weights::Weights;

/// Between two looks at who else has asked.
const LOOK: Duration = Duration::from_millis(300);

/// One shift, as the balancer keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) id: String,
    /// Whether it moves weights, or has only asked.
    pub(crate) holds: bool,
    /// The target that gets the traffic.
    pub(crate) to: String,
    /// The weights before its first step, to which it goes back.
    pub(crate) from: Weights,
    /// When it ends if nobody renews it, since 1970.
    pub(crate) until: Duration,
    /// A person, for the others.
    pub(crate) by: String,
}

impl Claim {
    /// What a balancer keeps under the id, without a blank.
    pub(crate) fn packed(&self) -> String {
        let state = if self.holds { "holds" } else { "asks" };
        let (from, until) = (self.from.packed(), self.until.as_secs());
        format!("{state}/{}/{from}/{until}/{}", self.to, self.by)
    }

    /// What [`packed`](Self::packed) wrote; nothing if it is not of that form.
    pub(crate) fn unpacked(id: &str, text: &str) -> Option<Self> {
        let mut parts = text.splitn(5, '/');
        Some(Self {
            id: id.to_owned(),
            holds: match parts.next()? {
                "holds" => true,
                "asks" => false,
                _ => return None,
            },
            to: parts.next()?.to_owned(),
            from: Weights::unpacked(parts.next()?)?,
            until: Duration::from_secs(parts.next()?.parse().ok()?),
            by: parts.next()?.to_owned(),
        })
    }

    pub(crate) fn lives(&self) -> bool {
        self.until > clock::now()
    }

    /// The time until its end, in words.
    pub(crate) fn shown_end(&self) -> String {
        match self.until.checked_sub(clock::now()) {
            Some(left) => format!("{} s from now", left.as_secs()),
            None => "a time that has passed".to_owned(),
        }
    }

    fn taken(&self) -> Fault {
        Fault::Taken {
            by: self.by.clone(),
            to: self.to.clone(),
            until: self.shown_end(),
        }
    }
}

/// A claim that holds, as long as it is renewed.
#[derive(Debug)]
pub(crate) struct Held {
    claim: Claim,
    lease: Duration,
}

impl Held {
    /// Asks for the right to move traffic to `to`. An error if somebody else has it.
    ///
    /// Where a shift to the same target was killed, its weights before the first step are taken
    /// over: what it had moved until then is as unproven as ever. Gives the weights as they are now
    /// that nobody else moves them, too.
    pub(crate) fn ask(
        balancer: &mut dyn Balancer,
        to: &str,
        now: &Weights,
        by: &str,
    ) -> Result<(Self, Weights), Fault> {
        let lease = balancer.pace().lease;
        let mut claim = Claim {
            id: new_id(),
            holds: false,
            to: to.to_owned(),
            from: now.clone(),
            until: clock::now() + lease,
            by: by.to_owned(),
        };
        if let Some(other) = others(balancer, &claim.id)?.iter().find(|other| other.lives()) {
            return Err(other.taken());
        }
        balancer.put(&claim)?;
        // Another shift may have ended since the weights were read.
        let alone = alone(balancer, &mut claim, lease).and_then(|ended| Ok((ended, balancer.weights()?)));
        let (ended, now) = match alone {
            Ok(both) => both,
            Err(fault) => {
                // What stays ends by itself, and says less than the fault.
                drop(balancer.remove(&claim.id));
                return Err(fault);
            }
        };
        claim.from = now.clone();
        let same = |other: &&Claim| other.holds && other.to == claim.to && is_of(&other.from, &now);
        if let Some(left) = ended.iter().rfind(same) {
            claim.from = left.from.clone();
        }
        claim.holds = true;
        claim.until = clock::now() + lease;
        balancer.put(&claim)?;
        for other in ended {
            balancer.remove(&other.id)?;
        }
        Ok((Self { claim, lease }, now))
    }

    /// The weights before the first step.
    pub(crate) fn from(&self) -> &Weights {
        &self.claim.from
    }

    /// Renews it if that is due.
    pub(crate) fn keep(&mut self, balancer: &mut dyn Balancer) -> Result<(), Fault> {
        if self.claim.until > clock::now() + self.lease * 2 / 3 {
            return Ok(());
        }
        self.renew(balancer)
    }

    /// Renews it. An error if somebody else may move the weights by now.
    pub(crate) fn renew(&mut self, balancer: &mut dyn Balancer) -> Result<(), Fault> {
        let had_ended = !self.claim.lives();
        // Whoever took over has removed it, and may be done by now.
        if had_ended && balancer.claims()?.iter().all(|one| one.id != self.claim.id) {
            return Err(Fault::ClaimLost);
        }
        let renewed = Claim {
            until: clock::now() + self.lease,
            ..self.claim.clone()
        };
        // Only what was written counts: others see nothing else.
        balancer.put(&renewed)?;
        self.claim = renewed;
        let others = others(balancer, &self.claim.id)?;
        // One that only asks sees this one and goes away, unless this one had ended when it looked.
        let lost = |other: &Claim| other.lives() && (other.holds || had_ended);
        if others.iter().any(lost) {
            balancer.remove(&self.claim.id)?;
            return Err(Fault::ClaimLost);
        }
        Ok(())
    }

    /// Gives it up.
    pub(crate) fn end(&self, balancer: &mut dyn Balancer) -> Result<(), Fault> {
        balancer.remove(&self.claim.id)
    }
}

/// Waits until no other claim is alive; those that have ended, the oldest first.
fn alone(balancer: &mut dyn Balancer, claim: &mut Claim, lease: Duration) -> Result<Vec<Claim>, Fault> {
    loop {
        let others = others(balancer, &claim.id)?;
        let (living, ended): (Vec<_>, Vec<_>) = others.into_iter().partition(Claim::lives);
        match answer(&claim.id, &living) {
            Answer::Hold => return Ok(ended),
            Answer::Leave(other) => return Err(other.taken()),
            Answer::Wait => thread::sleep(LOOK),
        }
        claim.until = clock::now() + lease;
        balancer.put(claim)?;
    }
}

/// What to make of the claims of others that are alive, read after one's own was written.
enum Answer<'a> {
    Hold,
    Leave(&'a Claim),
    Wait,
}

/// Of two that ask, the one with the smaller id waits for the other one to go away.
fn answer<'a>(id: &str, others: &'a [Claim]) -> Answer<'a> {
    match others.iter().find(|other| other.holds || *other.id < *id) {
        Some(other) => Answer::Leave(other),
        None if others.is_empty() => Answer::Hold,
        None => Answer::Wait,
    }
}

fn others(balancer: &mut dyn Balancer, id: &str) -> Result<Vec<Claim>, Fault> {
    let mut claims = balancer.claims()?;
    claims.retain(|claim| claim.id != id);
    claims.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(claims)
}

/// Whether both are about the same targets.
fn is_of(one: &Weights, other: &Weights) -> bool {
    one.iter()
        .map(|(name, _)| name)
        .eq(other.iter().map(|(name, _)| name))
}

/// Not the same twice: no two programs of one machine have both in common.
fn new_id() -> String {
    format!("{:020x}-{:x}", clock::now().as_nanos(), std::process::id())
}

#[cfg(test)]
mod tests;
