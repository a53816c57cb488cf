//! What the add-ons take of the memory of a cluster, all together.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;

use super::{ensure_addons, switch};
use crate::cluster::Cluster;
use crate::environment::Environment;
use crate::platform::addons::{self, DNS, SECRETS};
use crate::platform::argocd;
use crate::platform::rollout::is_ready;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::pods::mebibytes;
use crate::wait::{Verdict, eventually};

/// What those of a cluster may take together, in MiB.
const MOST: f64 = 400.0;
/// A kubelet knows what a new pod takes after its next look.
const KNOWN: Duration = Duration::from_mins(1);
/// What Argo CD's notifications are called here.
const NOTIFICATIONS: &str = "notifications";
/// Their pods, which are in Argo CD's namespace.
const NOTICES: &str = "app.kubernetes.io/name=argocd-notifications-controller";

/// The add-on of a pod, and what that takes in MiB.
type Taken = (&'static str, f64);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("addons-memory", "what the add-ons take of the memory", 180),
    suite: Suite::Addons,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    ensure_addons(testbed)?;
    for cluster in &testbed.clusters {
        let taken = bounded(step, cluster).await?;
        ensure!(
            cluster.environment != Environment::first() || is_of_suite(&taken),
            "{} has none of the add-ons that earlier scenarios turn on; run the whole suite",
            cluster.environment
        );
    }
    Ok(())
}

/// Sees that those of a cluster take no more than they may, and gives what each pod takes.
pub(super) async fn bounded(step: &StepHandle, cluster: &Cluster) -> Result<Vec<Taken>> {
    let what = format!("what add-ons of {} take", cluster.environment);
    let taken = eventually(step, &what, KNOWN, async || taken(cluster).await).await?;
    let sum: f64 = taken.iter().map(|(_, size)| size).sum();
    let each = taken.iter().map(|(name, size)| format!("{name} {size:.0}"));
    let each = each.collect::<Vec<_>>().join(", ");
    let environment = cluster.environment;
    let said = format!("the add-ons of {environment} take {sum:.0} MiB of {MOST:.0}: {each}");
    ensure!(sum <= MOST, "{said}");
    if !taken.is_empty() {
        step.evidence(said);
    }
    Ok(taken)
}

/// What each pod takes, once all are ready and each add-on that is on has one.
async fn taken(cluster: &Cluster) -> Result<Verdict<Vec<Taken>>> {
    let all = ListParams::default();
    let mut places: Vec<_> = addons::NAMES
        .iter()
        .map(|name| (*name, *name, all.clone()))
        .collect();
    places.push((NOTIFICATIONS, argocd::NAMESPACE, all.labels(NOTICES)));
    let mut taken = Vec::new();
    for (name, namespace, which) in places {
        let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), namespace);
        let found = pods.list(&which).await;
        let found = found.with_context(|| format!("list the pods of {name}"))?;
        let staying = |pod: &&Pod| pod.metadata.deletion_timestamp.is_none();
        for pod in found.items.iter().filter(staying) {
            if !is_ready(pod) {
                return Ok(Verdict::Pending(format!("a pod of {name} is not ready")));
            }
            taken.push((name, mebibytes(cluster, pod).await?));
        }
    }
    let missing = unmeasured(&switch::there(cluster).await?, &taken);
    Ok(if missing.is_empty() {
        Verdict::Ready(taken)
    } else {
        Verdict::Pending(format!("there is no pod of {}", missing.join(", ")))
    })
}

/// The add-ons that are on and of which no pod was measured. The load balancer's controller does
/// not run here.
fn unmeasured<'a>(there: &[&'a str], taken: &[Taken]) -> Vec<&'a str> {
    let is_missing = |name: &&str| addons::NAMES.contains(name) && !has(taken, name);
    there.iter().copied().filter(is_missing).collect()
}

/// Whether one of those is among them that scenarios of the suite turn on before this one.
fn is_of_suite(taken: &[Taken]) -> bool {
    [DNS, SECRETS, NOTIFICATIONS].iter().any(|name| has(taken, name))
}

fn has(taken: &[Taken], name: &str) -> bool {
    taken.iter().any(|(of, _)| *of == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::addons::{BALANCER, METRICS};

    #[test]
    fn each_add_on_that_is_on_has_to_be_measured() {
        let taken = [(METRICS, 17.0), (NOTIFICATIONS, 40.0)];
        assert!(unmeasured(&[METRICS, BALANCER], &taken).is_empty());
        assert_eq!(unmeasured(&[METRICS, DNS, SECRETS], &taken), [DNS, SECRETS]);
        assert_eq!(unmeasured(&[METRICS], &[]), [METRICS]);
    }

    #[test]
    fn what_a_run_begins_with_is_not_all_that_is_to_be_measured() {
        for name in [DNS, SECRETS, NOTIFICATIONS] {
            assert!(is_of_suite(&[(METRICS, 17.0), (name, 40.0)]), "{name}");
        }
        assert!(!is_of_suite(&[(METRICS, 17.0)]));
        assert!(!is_of_suite(&[]));
    }
}
