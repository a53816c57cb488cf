//! Everything Synced and Healthy: how a scenario begins and ends.

use std::time::Duration;

use anyhow::Result;
use kube::ResourceExt as _;

use super::requests::{REFRESH, refresh};
use super::{Application, list};
use crate::cluster::Cluster;
use crate::environment::{Environment, apps};
use crate::run::{StepHandle, Testbed};
use crate::wait::{Verdict, eventually};

/// Wait until every Application of these environments is there, as Git says, healthy, and nothing
/// is under way.
pub(crate) async fn steady(
    step: &StepHandle,
    testbed: &Testbed,
    environments: &[Environment],
    within: Duration,
) -> Result<()> {
    eventually(step, "everything Synced and Healthy", within, async || {
        let mut pending = Vec::new();
        for &environment in environments {
            let cluster = testbed.cluster(environment);
            pending.extend(unsteady(&list(cluster).await?, &expected(cluster), environment));
        }
        Ok(ready_unless(&pending))
    })
    .await
}

/// The Applications that there must be of a cluster; there may be more, such as those of add-ons.
fn expected(cluster: &Cluster) -> Vec<&'static str> {
    [cluster.own_applications(), apps().as_slice()].concat()
}

/// Those of the expected ones that are not there: a hub that knows nothing of a cluster has none.
fn missing(found: &[Application], expected: &[&str], environment: Environment) -> Vec<String> {
    let is_missing = |name: &&&str| !found.iter().any(|app| app.name_any() == **name);
    let missing = expected.iter().filter(is_missing);
    missing
        .map(|name| format!("{name} on {environment} does not exist"))
        .collect()
}

/// Those that are missing, and those that are not as Git says, healthy and done, each with what it
/// is instead.
fn unsteady(found: &[Application], expected: &[&str], environment: Environment) -> Vec<String> {
    let unsteady = found.iter().filter_map(|app| {
        let status = app.status.clone().unwrap_or_default();
        (!status.is_steady()).then(|| format!("{} on {environment}: {}", app.name_any(), status.summary()))
    });
    let missing = missing(found, expected, environment);
    missing.into_iter().chain(unsteady).collect()
}

fn ready_unless(pending: &[String]) -> Verdict<()> {
    match pending {
        [] => Verdict::Ready(()),
        pending => Verdict::Pending(pending.join("; ")),
    }
}

/// Wait until Argo CD has made all of Git on a cluster that began with its root Application alone.
pub(crate) async fn created(step: &StepHandle, cluster: &Cluster, within: Duration) -> Result<()> {
    eventually(step, "everything from Git", within, async || {
        let found = list(cluster).await?;
        Ok(ready_unless(&unsteady(
            &found,
            &expected(cluster),
            cluster.environment,
        )))
    })
    .await
}

/// Have Argo CD look into Git now, whether or not anybody told it of a commit, and wait until it
/// has done so for every Application that there must be.
pub(crate) async fn refreshed(step: &StepHandle, testbed: &Testbed, within: Duration) -> Result<()> {
    for &environment in Environment::all() {
        let cluster = testbed.cluster(environment);
        for app in all_there(step, cluster, within).await? {
            refresh(cluster, &app.name_any()).await?;
        }
    }
    eventually(step, "a look into Git", within, async || {
        let mut pending = Vec::new();
        for &environment in Environment::all() {
            let cluster = testbed.cluster(environment);
            let found = list(cluster).await?;
            pending.extend(missing(&found, &expected(cluster), environment));
            let asked = found.iter().filter(|app| app.annotations().contains_key(REFRESH));
            pending.extend(asked.map(|app| format!("{} on {environment}", app.name_any())));
        }
        Ok(ready_unless(&pending))
    })
    .await
}

/// Waits until each Application of a cluster is there, and gives all that there are.
async fn all_there(step: &StepHandle, cluster: &Cluster, within: Duration) -> Result<Vec<Application>> {
    let what = format!("the Applications of {}", cluster.environment);
    eventually(step, &what, within, async || {
        let found = list(cluster).await?;
        Ok(
            match ready_unless(&missing(&found, &expected(cluster), cluster.environment)) {
                Verdict::Ready(()) => Verdict::Ready(found),
                Verdict::Pending(why) | Verdict::Failed(why) => Verdict::Pending(why),
            },
        )
    })
    .await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const EXPECTED: [&str; 2] = ["root", "platform"];

    fn application(name: &str, health: &str) -> Application {
        let application = json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": { "name": name },
            "spec": {},
            "status": {
                "sync": { "status": "Synced", "revision": "new" },
                "health": { "status": health },
                "operationState": { "phase": "Succeeded", "syncResult": { "revision": "new" } },
            },
        });
        serde_json::from_value(application).unwrap()
    }

    fn judged(found: &[Application]) -> Vec<String> {
        unsteady(found, &EXPECTED, Environment::first())
    }

    #[test]
    fn everything_is_steady_only_while_each_application_is_there() {
        let [root, platform, more] = ["root", "platform", "more"].map(|name| application(name, "Healthy"));
        let all = [root, platform, more];
        assert_eq!(judged(&all), Vec::<String>::new());
        let without = judged(&all[..1]);
        assert!(
            without.len() == 1 && without[0].starts_with("platform on "),
            "{without:?}"
        );
        assert_eq!(judged(&[]).len(), EXPECTED.len(), "nothing is no rest");
    }

    #[test]
    fn what_is_there_and_not_healthy_is_named_with_what_it_is() {
        let found = [
            application("root", "Healthy"),
            application("platform", "Degraded"),
        ];
        let unsteady = judged(&found);
        assert!(
            unsteady.len() == 1 && unsteady[0].contains("Synced, Degraded"),
            "{unsteady:?}"
        );
    }
}
