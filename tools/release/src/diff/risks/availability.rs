//! How many pods serve, in an update and when a node is emptied.

use serde_json::Value;

use super::{Risk, risk};
use crate::diff::change::Change;

pub(super) fn replicas(change: &Change<'_>, risks: &mut Vec<Risk>) {
    let replicas = change.part("/spec/replicas");
    if !change.stays() || !replicas.differs() {
        return;
    }
    // Without a number, Kubernetes makes one.
    let count = |side: &Value| side.as_u64().unwrap_or(1);
    match (count(replicas.old), count(replicas.new)) {
        (_, 0) => risks.push(risk("has no replicas", "nothing serves")),
        (old, 1) if old > 1 => {
            risks.push(risk("has one replica", "while it is replaced, nothing serves"));
        }
        _ => {}
    }
}

pub(super) fn strategy(change: &Change<'_>, risks: &mut Vec<Risk>) {
    let kind = change.part("/spec/strategy/type");
    if change.stays() && kind.differs() && *kind.new == "Recreate" {
        risks.push(risk(
            "is updated by Recreate",
            "all old pods end before a new one starts",
        ));
    }
    let missing = change.part("/spec/strategy/rollingUpdate/maxUnavailable");
    if change.stays() && is_none(missing.old) && missing.differs() {
        risks.push(risk(
            format!("may lack pods in an update: maxUnavailable is {}", missing.new),
            "an old pod ends before a new one serves",
        ));
    }
}

pub(super) fn budget(change: &Change<'_>, risks: &mut Vec<Risk>) {
    if change.kind() != "PodDisruptionBudget" || change.is_deleted() {
        return;
    }
    let (most, least) = (
        change.part("/spec/maxUnavailable"),
        change.part("/spec/minAvailable"),
    );
    let can_be_met = |most: &Value, least: &Value| !is_none(most) && *least != "100%";
    if (change.old.is_null() || can_be_met(most.old, least.old)) && !can_be_met(most.new, least.new) {
        risks.push(risk(
            "allows no disruption",
            "a node with one of its pods cannot be drained",
        ));
    }
    if change.stays() && change.part("/spec/selector").differs() {
        risks.push(risk(
            "is for other pods",
            "a drain may take all of those it leaves",
        ));
    }
}

fn is_none(count: &Value) -> bool {
    *count == 0 || *count == "0%"
}
