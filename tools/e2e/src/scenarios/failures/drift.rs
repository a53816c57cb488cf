//! Somebody changes the cluster by hand: Argo CD restores what Git says.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::actors::Visitor;
use crate::environment::NAMESPACE;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Failure, Scenario, Suite};
use crate::scenarios::workloads::{image_of, replicas};
use crate::wait::{Verdict, consistently, eventually};

const HEALED: Duration = Duration::from_secs(10);
/// How long the page must answer to count as there again.
const HELD: Duration = Duration::from_secs(3);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("drift", "drift is corrected", 120),
    suite: Suite::Failures,
    needs: &[],
    failure: Some(Failure {
        cause: "Somebody changes replicas, image or labels in the cluster, or deletes a Service.",
        effect: "Argo CD detects the difference and restores the state in Git.",
        within: "10 s for each change",
        way_out: "Nothing to do. To keep the change, commit it. To investigate first, turn off `selfHeal`.",
    }),
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let client = &testbed.first().client;
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), NAMESPACE);
    let services: Api<Service> = Api::namespaced(client.clone(), NAMESPACE);
    let server = |image: &str| json!({ "spec": { "template": { "spec": { "containers": [{ "name": "frontend", "image": image }] } } } });
    let replicas = replicas(testbed.first(), "frontend").await?;
    let changes = [
        ("replicas", json!({ "spec": { "replicas": replicas + 1 } })),
        // The other app's: one that nobody has signed might be refused at once.
        ("image", server(&image_of(testbed.first(), "backend").await?)),
        (
            "label",
            json!({ "metadata": { "labels": { "app.kubernetes.io/part-of": "nothing" } } }),
        ),
    ];
    for (what, change) in changes {
        let before = wish(&deployments).await?;
        deployments
            .patch("frontend", &PatchParams::default(), &Patch::Strategic(change))
            .await
            .with_context(|| format!("change the {what} by hand"))?;
        let since = Instant::now();
        healed(step, what, async || Ok(wish(&deployments).await? == before)).await?;
        step.measured(&format!("{what} healed"), since.elapsed().as_secs_f64());
    }
    services
        .delete("frontend", &DeleteParams::default())
        .await
        .context("delete the Service by hand")?;
    let deleted = Instant::now();
    healed(step, "Service", async || {
        Ok(services.get_opt("frontend").await?.is_some())
    })
    .await?;
    step.measured("Service healed", deleted.elapsed().as_secs_f64());

    // The nodes take up the new Service one after the other.
    let visitor = Visitor::of(testbed.first(), &testbed.harness.http);
    let answers = async || visitor.page().await.map(Verdict::Ready);
    eventually(step, "the page answers", HEALED, answers).await?;
    step.measured("page answers again", deleted.elapsed().as_secs_f64());
    consistently(step, "the page answers", HELD, async || {
        Ok(visitor
            .page()
            .await
            .map_or_else(|error| Verdict::Failed(format!("{error:#}")), Verdict::Ready))
    })
    .await
}

/// What of the Deployment somebody may have changed.
async fn wish(deployments: &Api<Deployment>) -> Result<Value> {
    let deployment = deployments.get("frontend").await.context("read the Deployment")?;
    let spec = deployment.spec.context("a Deployment has a spec")?;
    let containers = spec.template.spec.map(|pod| pod.containers).unwrap_or_default();
    let images: Vec<_> = containers.into_iter().map(|container| container.image).collect();
    Ok(json!([spec.replicas, images, deployment.metadata.labels]))
}

async fn healed(step: &StepHandle, what: &str, as_git_says: impl AsyncFn() -> Result<bool>) -> Result<()> {
    eventually(step, &format!("{what} put back"), HEALED, async || {
        Ok(if as_git_says().await? {
            Verdict::Ready(())
        } else {
            Verdict::Pending("still as it was changed".to_owned())
        })
    })
    .await
}
