//! What the controller may not do in the hub, though its Role names Secrets: asked with its own
//! account, and as a trial that changes nothing.

use anyhow::{Result, bail, ensure};
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::core::{DynamicObject, ObjectMeta};
use kube::{Api, Client};
use serde_json::json;

use crate::platform::argocd::{NAMESPACE, resource};
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};

const ACCOUNT: &str = "system:serviceaccount:argocd:clusterset";
/// The words of the admission policy.
const POLICY: &str = "that it made itself";

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new(
        "clusterset-rights",
        "clusterset touches no Secret but its own",
        60,
    ),
    suite: Suite::Clusters,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let hub = testbed.first().argocd();
    let client = hub.seen_by(ACCOUNT).await?;
    let secrets: Api<Secret> = Api::namespaced(client.clone(), NAMESPACE);
    let trial = DeleteParams::default().dry_run();
    for name in ["argocd-secret", "in-cluster"] {
        refused(
            &format!("delete {name}"),
            POLICY,
            secrets.delete(name, &trial).await,
        )?;
        let label =
            Patch::Merge(json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": "clusterset"}}}));
        let patched = secrets
            .patch(
                name,
                &PatchParams {
                    dry_run: true,
                    ..PatchParams::default()
                },
                &label,
            )
            .await;
        refused(&format!("take {name} over"), POLICY, patched)?;
    }
    let plain = Secret {
        metadata: ObjectMeta {
            name: Some("plain".to_owned()),
            ..ObjectMeta::default()
        },
        ..Secret::default()
    };
    let create = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    refused(
        "make a Secret of no cluster",
        POLICY,
        secrets.create(&create, &plain).await,
    )?;
    elsewhere(&client).await?;
    // Its own it may delete, or the policy would refuse everything.
    let fleet = testbed.fleet()?;
    let own = fleet.registered(step, testbed.last()).await?;
    let deleted = secrets
        .delete(&own.metadata.name.unwrap_or_default(), &trial)
        .await;
    ensure!(
        deleted.is_ok(),
        "clusterset may not delete a Secret of its own: {deleted:?}"
    );
    step.evidence(
        "Secrets of others are refused by the admission policy, everything else by the Role".to_owned(),
    );
    Ok(())
}

/// What its Role does not name.
async fn elsewhere(client: &Client) -> Result<()> {
    const ROLE: &str = "cannot";
    let all = ListParams::default();
    let secrets: Api<Secret> = Api::namespaced(client.clone(), "kube-system");
    refused("list Secrets elsewhere", ROLE, secrets.list(&all).await)?;
    let pods: Api<Pod> = Api::namespaced(client.clone(), NAMESPACE);
    refused("list pods", ROLE, pods.list(&all).await)?;
    let trial = DeleteParams::default().dry_run();
    for kind in ["Application", "AppProject", "ApplicationSet"] {
        let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), NAMESPACE, &resource(kind));
        refused(
            &format!("delete an {kind}"),
            ROLE,
            api.delete("any", &trial).await,
        )?;
    }
    Ok(())
}

/// An error unless `answer` is a refusal for this reason.
fn refused<T>(what: &str, reason: &str, answer: kube::Result<T>) -> Result<()> {
    match answer {
        Err(kube::Error::Api(status)) if status.code == 403 || status.code == 422 => {
            ensure!(
                status.message.contains(reason),
                "{what}: refused, but: {}",
                status.message
            );
            Ok(())
        }
        Err(error) => bail!("{what}: {error}"),
        Ok(_) => bail!("{what}: allowed"),
    }
}
