//! Only images signed by this run's CI are admitted to the message board's namespace; without the
//! controller, none is.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::json;
use xshell::{Shell, cmd};

use super::guests;
use crate::actors::{Registry, Visitor};
use crate::cluster::Cluster;
use crate::environment::{NAMESPACE, PAGE};
use crate::host::process::Tool;
use crate::platform::admission::{self, CONTROLLER, HOOK};
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::undo::Undo;
use crate::scenarios::workloads::image_of;
use crate::wait::{Verdict, eventually};
use crate::world::{SigningKey, secret};

const SIGN: Duration = Duration::from_secs(20);
const CHANGED: Duration = Duration::from_mins(1);
/// The image that is copied and signed here.
const APP: &str = PAGE;
/// What another organisation might publish.
const FOREIGN: &str = "docker.io/library/busybox";

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("admission", "only signed images are admitted", 180),
    suite: Suite::Posture,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (Some(key), Some(cosign)) = (&testbed.world.signing, &testbed.harness.parts.cosign) else {
        step.skip(
            "what is up neither signs images nor asks for signatures: `cargo xtask e2e up --admission` does",
        );
        return Ok(());
    };
    let cluster = testbed.first();
    let released = image_of(cluster, APP).await?;
    let asked = Instant::now();
    admitted(cluster, NAMESPACE, &released)
        .await
        .context("a signed image")?;
    step.measured("asked and answered", asked.elapsed().as_secs_f64());
    only_what_ci_signed_gets_in(testbed, step, &released, cosign, key).await?;

    step.doing("take the controller away");
    let shell = Shell::new().context("open a shell")?;
    let back = ["scale", "deployment", CONTROLLER, "--replicas=1"];
    let back = cluster.kubectl(&testbed.harness, &shell, &back);
    let undo = Undo::by([back.args(["--namespace", admission::NAMESPACE])]);
    let gone = nobody_gets_in_unasked(testbed, step, &released).await;
    scale(cluster, 1).await?;
    undo.done();
    let since = Instant::now();
    eventually(step, "admission controller is back", CHANGED, async || {
        Ok(match admitted(cluster, NAMESPACE, &released).await {
            Ok(()) => Verdict::Ready(()),
            Err(error) => Verdict::Pending(format!("{error:#}")),
        })
    })
    .await?;
    step.measured("back after", since.elapsed().as_secs_f64());
    step.evidence(format!("nobody to ask: {}", gone?));
    Ok(())
}

/// Copies of an image that CI made: unsigned, from elsewhere, signed by another key and, at last,
/// by ours.
async fn only_what_ci_signed_gets_in(
    testbed: &Testbed,
    step: &StepHandle,
    released: &str,
    cosign: &Path,
    key: &SigningKey,
) -> Result<()> {
    let cluster = testbed.first();
    let (name, digest) = released
        .split_once('@')
        .context("the image is not named by its digest")?;
    step.doing("push images that nobody has signed");
    let registry = Registry::of(testbed);
    let unsigned = async || {
        registry
            .copy(APP, digest, &format!("scenario-{}", secret()?))
            .await
    };
    let (ours, theirs) = (unsigned().await?, unsigned().await?);
    let why = refused(cluster, &format!("{name}@{ours}"))
        .await
        .context("an unsigned image")?;
    ensure!(why.contains("message-board"), "the policy is not named: {why}");
    step.evidence(format!("unsigned: {why}"));
    let why = refused(cluster, &format!("{FOREIGN}@{digest}"))
        .await
        .context("a foreign image")?;
    ensure!(why.contains("no matching policies"), "{why}");
    step.evidence(format!("foreign: {why}"));

    step.doing("sign them, one with another key");
    let other = SigningKey::generate(&testbed.harness, cosign, "another").await?;
    sign(testbed, cosign, &other, &theirs).await?;
    sign(testbed, cosign, key, &ours).await?;
    let why = refused(cluster, &format!("{name}@{theirs}"))
        .await
        .context("an image signed by another key")?;
    step.evidence(format!("signed by another key: {why}"));
    admitted(cluster, NAMESPACE, &format!("{name}@{ours}"))
        .await
        .context("the same image, signed since")?;
    step.evidence("signed since by CI's key: let in".to_owned());
    Ok(())
}

/// What the cluster says to a signed image while the controller is gone. What runs goes on, and
/// other namespaces do not notice.
async fn nobody_gets_in_unasked(testbed: &Testbed, step: &StepHandle, released: &str) -> Result<String> {
    let cluster = testbed.first();
    scale(cluster, 0).await?;
    // Its last pod may still answer for a moment.
    let refusal = async || refused(cluster, released).await.map(Verdict::Ready);
    let why = eventually(step, "a refusal without the controller", CHANGED, refusal).await?;
    ensure!(
        why.contains("failed calling webhook"),
        "refused for another reason: {why}"
    );
    for namespace in ["kube-system", crate::platform::argocd::NAMESPACE] {
        admitted(cluster, namespace, released)
            .await
            .context("while the controller is gone")?;
    }
    let visitor = Visitor::of(cluster, &testbed.harness.http);
    visitor.page().await.context("while the controller is gone")?;
    Ok(why)
}

async fn scale(cluster: &Cluster, replicas: u32) -> Result<()> {
    let deployments: Api<Deployment> = Api::namespaced(cluster.client.clone(), admission::NAMESPACE);
    let patch = Patch::Merge(json!({ "spec": { "replicas": replicas } }));
    deployments
        .patch(CONTROLLER, &PatchParams::default(), &patch)
        .await
        .with_context(|| format!("scale the admission controller to {replicas}"))?;
    Ok(())
}

/// As `cargo xtask ci push` signs.
async fn sign(testbed: &Testbed, cosign: &Path, key: &SigningKey, digest: &str) -> Result<()> {
    let registry = Registry::of(testbed);
    let login = testbed.harness.run.file("signing/login");
    registry.write_login(&login)?;
    let image = format!("{}@{digest}", registry.image(APP));
    let private = &key.private;
    let shell = Shell::new().context("open a shell")?;
    let sign = cmd!(
        shell,
        "{cosign} sign --yes --new-bundle-format=false --key {private} --use-signing-config=false --tlog-upload=false"
    );
    let sign = sign
        .args(["--allow-http-registry", &image])
        .env("COSIGN_PASSWORD", &key.password)
        .env("DOCKER_CONFIG", &login);
    Tool::new(sign, &testbed.harness.run.log("signing"), SIGN)
        .run()
        .await
        .with_context(|| format!("sign {image}"))
}

/// Has the cluster look at a pod with this image as it would at any, but not start it.
async fn ask(cluster: &Cluster, namespace: &str, image: &str) -> Result<kube::Result<Pod>> {
    let mut pod = guests::manifest(cluster, "guest").await?;
    pod["spec"]["containers"][0]["image"] = json!(image);
    let pod = serde_json::from_value(pod).context("describe a pod")?;
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), namespace);
    let trial = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    Ok(pods.create(&trial, &pod).await)
}

async fn admitted(cluster: &Cluster, namespace: &str, image: &str) -> Result<()> {
    ask(cluster, namespace, image)
        .await?
        .with_context(|| format!("{image} is not let into {namespace}"))
        .map(drop)
}

/// Why the admission controller, or who asks it, does not want the image.
async fn refused(cluster: &Cluster, image: &str) -> Result<String> {
    match ask(cluster, NAMESPACE, image).await? {
        Ok(_) => bail!("{image} is let into {NAMESPACE}"),
        Err(kube::Error::Api(status)) if status.message.contains(HOOK) => Ok(status.message.clone()),
        Err(error) => Err(error).with_context(|| format!("ask {} about {image}", cluster.environment)),
    }
}
