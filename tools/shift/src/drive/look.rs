//! What a person asks for who only looks; nothing is changed.

use anyhow::Result;

use super::{Order, expect};
use crate::balancer::Balancer;
use crate::fault::Fault;

/// What a shift would do.
pub(crate) fn rehearse(balancer: &mut dyn Balancer, order: &Order) -> Result<()> {
    let now = balancer.weights()?;
    let share = expect(&now, &order.to)?;
    let mut weights = now;
    println!("it has {weights}");
    for share in order.steps.after(share) {
        weights = weights.with(&order.to, *share);
        println!("would set {weights}");
    }
    for claim in balancer.claims()?.iter().filter(|claim| claim.lives()) {
        println!("{} moves to {} until {}", claim.by, claim.to, claim.shown_end());
    }
    balancer.expect_somebody(&order.to)?;
    (order.ready)(&order.to)?;
    // A shift asks for them before its first step.
    balancer.counts()?;
    println!("{} is ready; nothing was changed", order.to);
    Ok(())
}

/// Where the traffic is, and what was counted.
pub(crate) fn status(balancer: &mut dyn Balancer, ready: impl Fn(&str) -> Result<(), Fault>) -> Result<()> {
    let weights = balancer.weights()?;
    let counts = balancer.counts()?;
    for (target, share) in weights.iter() {
        let count = counts.of.get(target).copied().unwrap_or_default();
        let open = count.sent.saturating_sub(count.ended);
        let takes = balancer.expect_somebody(target).and_then(|()| ready(target));
        let takes = takes.map_or_else(|fault| fault.to_string(), |()| "ready".to_owned());
        println!(
            "{target}: {share} %, {} sent, {open} open, {} failed; {takes}",
            count.sent, count.failed
        );
    }
    for claim in balancer.claims()? {
        let state = match (claim.lives(), claim.holds) {
            (true, true) => "moves the weights",
            (true, false) => "asks to move the weights",
            (false, _) => "was killed; the next shift to the same target goes on",
        };
        println!("{} to {} from {}: {state}", claim.by, claim.to, claim.from);
    }
    Ok(())
}
