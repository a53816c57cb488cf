//! Whether what was asked for runs: a pod that is ready, a Deployment with all its pods.

use std::time::Duration;

use anyhow::Result;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;

use crate::run::StepHandle;
use crate::wait::{Verdict, eventually};

const FINISHED: Duration = Duration::from_mins(2);

/// Waits until all its pods are as it says, ready, and no others are there.
pub(crate) async fn finished(step: &StepHandle, deployments: &Api<Deployment>, name: &str) -> Result<()> {
    eventually(step, name, FINISHED, async || {
        Ok(judge(&deployments.get(name).await?))
    })
    .await
}

/// Whether requests are sent to a pod.
pub(crate) fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions
        .into_iter()
        .flatten()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

fn judge(deployment: &Deployment) -> Verdict<()> {
    let wanted = deployment.spec.as_ref().and_then(|spec| spec.replicas);
    let wanted = wanted.unwrap_or(1);
    let status = deployment.status.clone().unwrap_or_default();
    if status.observed_generation != deployment.metadata.generation {
        return Verdict::Pending("it was not looked at yet".to_owned());
    }
    let counts = [status.replicas, status.updated_replicas, status.ready_replicas];
    let [there, updated, ready] = counts.map(Option::unwrap_or_default);
    if [there, updated, ready] == [wanted; 3] {
        return Verdict::Ready(());
    }
    Verdict::Pending(format!(
        "of {wanted} pods {there} are there, {updated} as they should be, and {ready} ready"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_finished_when_all_pods_are_new_and_ready_and_no_others_are_there() {
        let finished = |status: serde_json::Value| {
            let deployment =
                json!({"metadata": {"generation": 2}, "spec": {"replicas": 2}, "status": status});
            matches!(
                judge(&serde_json::from_value(deployment).unwrap()),
                Verdict::Ready(())
            )
        };
        let status = |there: i32, updated: i32, ready: i32, seen: i32| {
            json!({
                "replicas": there, "updatedReplicas": updated, "readyReplicas": ready,
                "observedGeneration": seen,
            })
        };
        assert!(finished(status(2, 2, 2, 2)));
        for other in [
            status(3, 2, 2, 2),
            status(2, 1, 2, 2),
            status(2, 2, 1, 2),
            status(2, 2, 2, 1),
            json!({}),
        ] {
            assert!(!finished(other.clone()), "{other}");
        }
    }
}
