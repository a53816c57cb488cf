//! What to do with the hub's Secrets, from what was seen of EKS and of the hub. Nothing here asks
//! or changes anything.
//!
//! Its rules, each with a test:
//! - a cluster that is tagged, and ACTIVE, gets a Secret;
//! - one that is not ACTIVE keeps the Secret that it has, as it is, and gets none;
//! - one whose tags were lost keeps it too, because that looks like an accident; `false` in the tag
//!   is a decision;
//! - one whose tag names another environment than its Secret was written for keeps that too: Argo
//!   CD would replace at once what the cluster serves, and the new apps would begin with the old
//!   roles;
//! - a Secret goes when EKS says that there is no such cluster, or when its tag says `false`;
//! - never more than one Secret in a pass, and none when clusters may be missing from what was
//!   seen;
//! - a Secret goes whole: a label that is taken away lets Argo CD delete what it made, a Secret
//!   that is deleted does not;
//! - a Secret that somebody else made is never touched.

use crate::cluster::{Cluster, Observation, Wish, place};
use crate::config::Secrets;
use crate::registration::{Refusal, Registration};

/// What a pass does, and what it leaves alone and why.
#[derive(Debug, Default)]
pub(crate) struct Decision {
    /// In the order in which they are done.
    pub(crate) actions: Vec<Action>,
    /// Secrets that stay although no cluster asks for them, or not now.
    pub(crate) kept: Vec<Kept>,
    /// Clusters that are to be targets and cannot.
    pub(crate) refused: Vec<Refused>,
}

/// One change of the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Writes a Secret.
    Apply {
        /// As it is to be.
        secret: Registration,
        /// Whether Argo CD left its cluster alone until now, and is to look at it again.
        wakes: bool,
    },
    /// Deletes a Secret.
    Remove {
        /// Its name.
        secret: String,
        /// Its cluster.
        cluster: String,
        /// Why.
        why: &'static str,
    },
}

impl Action {
    /// The cluster that Argo CD is to look at again.
    pub(crate) fn wakes(&self) -> Option<&str> {
        match self {
            Self::Apply { secret, wakes: true } => secret.cluster(),
            Self::Apply { .. } | Self::Remove { .. } => None,
        }
    }
}

/// A Secret that stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Its cluster.
    pub(crate) cluster: String,
    /// Why it stays.
    pub(crate) why: String,
}

/// A cluster that gets no Secret.
#[derive(Debug)]
pub(crate) struct Refused {
    /// Its name.
    pub(crate) cluster: String,
    /// Why.
    pub(crate) why: Refusal,
}

/// What a pass does.
pub(crate) fn decide(seen: &Observation, secrets: &[Registration], settings: &Secrets) -> Decision {
    let mut decision = Decision::default();
    let mut clusters: Vec<_> = seen.clusters.iter().collect();
    clusters.sort_by(|one, other| one.name.cmp(&other.name));
    let mut leaving = Vec::new();
    for cluster in clusters {
        let secret = ours(secrets, &cluster.name);
        match (cluster.wish(), secret) {
            (_, Some(secret)) if is_elsewhere(secret, cluster) => {
                decision.keep(&cluster.name, ELSEWHERE.to_owned());
            }
            (Wish::Target(environment), Some(secret)) if moves(secret, environment) => {
                let had = secret.environment().unwrap_or_default();
                let why = format!(
                    "its tag says {environment}, and it runs the overlays of {had}; take it out with gitops-loop/target=false and empty \
                     it first"
                );
                decision.keep(&cluster.name, why);
            }
            (Wish::Target(_), _) if cluster.is_active() => decision.register(cluster, secrets, settings),
            (Wish::Target(_) | Wish::NoTarget, Some(_)) if !cluster.is_active() => {
                decision.keep(&cluster.name, format!("it is {}", cluster.status));
            }
            (Wish::NoTarget, Some(secret)) => leaving.push((secret, "its tag gitops-loop/target says so")),
            (Wish::Unclear(why), Some(_)) => {
                decision.keep(
                    &cluster.name,
                    format!("{why}; write gitops-loop/target=false to take it out"),
                );
            }
            (Wish::Target(_) | Wish::NoTarget | Wish::Unclear(_), _) => {}
        }
    }
    for secret in secrets.iter().filter(|secret| secret.is_ours()) {
        let Some(cluster) = secret.cluster().filter(|name| seen.cluster(name).is_none()) else {
            continue;
        };
        match unless_gone(seen, secret, cluster) {
            None => leaving.push((secret, "EKS has no cluster of its name")),
            Some(why) => decision.keep(cluster, why),
        }
    }
    decision.remove_one(seen, &leaving);
    decision
}

/// Whether the cluster of a Secret would get the overlays of another environment.
fn moves(secret: &Registration, environment: &str) -> bool {
    secret.environment().is_some_and(|had| had != environment)
}

/// Whether the Secret is of a cluster of the same name in another account or region.
fn is_elsewhere(secret: &Registration, cluster: &Cluster) -> bool {
    let from = secret.arn().and_then(place);
    from.is_some() && from != cluster.place()
}

/// Why a Secret stays of whose account or region nothing was seen.
const ELSEWHERE: &str = "what was seen is another account or region than it is in";

/// Why a Secret stays whose cluster was not seen; nothing if it was seen to be gone.
fn unless_gone(seen: &Observation, secret: &Registration, cluster: &str) -> Option<String> {
    let from = secret.arn().and_then(place);
    if !seen.gone.contains(cluster) {
        return Some("it was not seen, and EKS did not say that it is gone".to_owned());
    }
    if from.is_none() || !seen.clusters.iter().any(|cluster| cluster.place() == from) {
        return Some(ELSEWHERE.to_owned());
    }
    None
}

fn ours<'s>(secrets: &'s [Registration], cluster: &str) -> Option<&'s Registration> {
    let mut ours = secrets.iter().filter(|secret| secret.is_ours());
    ours.find(|secret| secret.cluster() == Some(cluster))
}

impl Decision {
    fn keep(&mut self, cluster: &str, why: String) {
        let cluster = cluster.to_owned();
        self.kept.push(Kept { cluster, why });
    }

    fn register(&mut self, cluster: &Cluster, secrets: &[Registration], settings: &Secrets) {
        let made = Registration::of(cluster, settings).and_then(|made| self.unless_taken(made, secrets));
        match made {
            Ok(secret) => {
                let found = secrets.iter().find(|found| found.name == secret.name);
                if !found.is_some_and(|found| secret.is_in(found)) {
                    let wakes = found.is_some_and(Registration::stands_by) && !secret.stands_by();
                    self.actions.push(Action::Apply { secret, wakes });
                }
            }
            Err(why) => self.refused.push(Refused {
                cluster: cluster.name.clone(),
                why,
            }),
        }
    }

    /// An error if another Secret has its name or its address.
    fn unless_taken(&self, made: Registration, secrets: &[Registration]) -> Result<Registration, Refusal> {
        if secrets
            .iter()
            .any(|found| found.name == made.name && !found.is_ours())
        {
            return Err(Refusal::NameTaken(made.name));
        }
        let written = self.actions.iter().filter_map(|action| match action {
            Action::Apply { secret, .. } => Some(secret),
            Action::Remove { .. } => None,
        });
        let mut others = secrets
            .iter()
            .chain(written)
            .filter(|found| found.name != made.name);
        match others.find(|found| found.server() == made.server()) {
            Some(found) => Err(Refusal::AddressTaken {
                secret: found.name.clone(),
                server: made.server().unwrap_or_default().to_owned(),
            }),
            None => Ok(made),
        }
    }

    /// The first of `leaving`, if what was seen is complete.
    fn remove_one(&mut self, seen: &Observation, leaving: &[(&Registration, &'static str)]) {
        for (at, (secret, why)) in leaving.iter().enumerate() {
            let cluster = secret.cluster().unwrap_or_default().to_owned();
            if !seen.is_complete() {
                self.keep(&cluster, "clusters may be missing from what was seen".to_owned());
            } else if at > 0 {
                self.keep(&cluster, "one cluster leaves in a pass".to_owned());
            } else {
                let secret = secret.name.clone();
                self.actions.push(Action::Remove { secret, cluster, why });
            }
        }
    }
}

#[cfg(test)]
mod tests;
