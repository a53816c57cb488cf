//! Releases on their way through the gate, in ten thousand orders of everything that can happen:
//! pushes, rollbacks, merges, health that flaps, reports that are late or lost, runs that are cut
//! off, people who do not wait.
//!
//! Git, the forge and the cluster are models here, so that so many orders take a second; what the
//! gate makes of the reports is its own code. The protocol around it is simulated with real Git in
//! [`super::races`].
//!
//! What must hold, whatever the order:
//! 1. production is given nothing by CI that staging has not truly proven;
//! 2. at rest, what staging has proven and somebody wants in production is there or proposed;
//! 3. at rest, at most one proposal is open, and none of what staging does not prove now.

mod steps;
mod world;

use self::world::{Gate, World};

/// Orders that are tried.
const ORDERS: u64 = 10_000;
/// Things that happen in one.
const STEPS: usize = 300;

/// What is broken first, in any of the orders; `look` sees each of them at its end.
fn first_fault(gate: Gate, mut look: impl FnMut(&World)) -> Option<String> {
    (0..ORDERS).find_map(|seed| {
        let mut world = World::new(seed, gate);
        for _ in 0..STEPS {
            if let Err(fault) = world.step() {
                return Some(format!("{fault}; order {seed}"));
            }
        }
        let fault = world.come_to_rest().err();
        look(&world);
        fault.map(|fault| format!("{fault}; order {seed}"))
    })
}

#[test]
fn no_order_brings_production_what_staging_has_not_proven() {
    let (mut merged, mut withdrawn, mut overridden) = (0, 0, 0);
    let fault = first_fault(Gate::Ours, |world| {
        merged += usize::from(world.head().production > 0);
        withdrawn += usize::from(world.withdrawn > 0);
        overridden += usize::from(world.proposals.iter().any(|one| one.overridden));
    });
    assert_eq!(fault, None);
    // Else the rules would say nothing.
    for (what, orders) in [
        ("merged", merged),
        ("withdrawn", withdrawn),
        ("overridden", overridden),
    ] {
        assert!(orders > 300, "{what} in {orders} orders only");
    }
}

#[test]
fn without_the_gate_the_first_rule_is_found_broken() {
    let fault = first_fault(Gate::Open, |_| {}).expect("a fault");
    assert!(fault.starts_with("rule 1"), "{fault}");
}

/// As a gate does that asks whether a release was ever seen healthy, by its name.
#[test]
fn a_gate_that_takes_any_report_is_found_out() {
    let fault = first_fault(Gate::AnyReport, |_| {}).expect("a fault");
    assert!(fault.starts_with("rule"), "{fault}");
}
