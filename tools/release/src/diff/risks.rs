//! What a reviewer should look at twice: changes that take away, open or cannot be applied.
//!
//! A note is no verdict: each of these is right at times. What is never right is a rule of
//! `xtask/tests/manifests`.

mod argocd;
mod availability;
mod network;
mod pods;
mod rights;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::change::{Change, changes};

/// What is risky about one object.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Note {
    /// `kind/name`.
    pub(super) object: String,
    /// What happens to it.
    pub(super) what: String,
    /// Why that is a risk.
    pub(super) why: &'static str,
}

/// A note whose object is known.
struct Risk {
    what: String,
    why: &'static str,
}

fn risk(what: impl Into<String>, why: &'static str) -> Risk {
    let what = what.into();
    Risk { what, why }
}

/// Looks at one object and pushes what it finds.
type Rule = fn(&Change<'_>, &mut Vec<Risk>);

const RULES: &[Rule] = &[
    argocd::deleted,
    argocd::pruning,
    argocd::application,
    argocd::project,
    argocd::hook,
    pods::immutable,
    pods::images,
    pods::lost,
    pods::hardening,
    pods::volumes,
    availability::replicas,
    availability::strategy,
    availability::budget,
    pods::namespace,
    network::service,
    network::policy,
    rights::role,
    rights::binding,
    rights::account,
];

/// What is risky about going from one rendering to another.
pub(super) fn notes(old: &[Value], new: &[Value]) -> Vec<Note> {
    let mut notes = Vec::new();
    for change in changes(old, new) {
        let mut risks = Vec::new();
        for rule in RULES {
            rule(&change, &mut risks);
        }
        notes.extend(risks.into_iter().map(|Risk { what, why }| Note {
            object: change.id(),
            what,
            why,
        }));
    }
    notes
}
