//! Pushes told to staging's Argo CD by hand, as the forge tells them.

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use hmac::{Hmac, KeyInit, Mac};
use k8s_openapi::api::core::v1::Node;
use kube::Api;
use reqwest::StatusCode;
use serde_json::json;
use sha2::Sha256;

use crate::cluster::argocd_url_for_forge;
use crate::environment::Environment;
use crate::git::repositories::manifests_on_forge;
use crate::run::Testbed;

/// Where every Argo CD receives webhooks.
pub(super) const WEBHOOK: &str = "/api/webhook";

/// Has the forge tell both Argo CDs of pushes, or not.
pub(crate) async fn set_active(testbed: &Testbed, active: bool) -> Result<()> {
    manifests_on_forge(&testbed.world)
        .set_webhooks_active(WEBHOOK, active)
        .await
        .context("change the webhooks of Argo CD")
}

/// A push of one file to the branch that Argo CD reads, with some filling.
pub(super) fn push(testbed: &Testbed, [before, after]: [&str; 2], changed: &str, filling: usize) -> String {
    let home = testbed.world.layout.manifests();
    let address = home.remote(&testbed.world.forge.cluster_url);
    let branch = Environment::first().branch();
    json!({
        "ref": format!("refs/heads/{branch}"),
        "before": before,
        "after": after,
        "commits": [{ "id": after, "message": "x".repeat(filling), "added": [], "removed": [], "modified": [changed] }],
        "repository": { "html_url": address.trim_end_matches(".git"), "default_branch": branch },
    })
    .to_string()
}

/// Tells it as the forge does, which knows the secret.
pub(super) async fn deliver(testbed: &Testbed, push: &str) -> Result<()> {
    let url = address(testbed).await?;
    let signature = signature(&testbed.world.forge.argocd_webhook_secret, push)?;
    let (status, said) = post(testbed, &url, push, Some(&signature)).await?;
    ensure!(status.is_success(), "signed, Argo CD answers {status}: {said}");
    Ok(())
}

/// Argo CD of staging as this machine reaches it.
pub(super) async fn address(testbed: &Testbed) -> Result<String> {
    let node = Environment::first().control_plane();
    let found = Api::<Node>::all(testbed.first().client.clone())
        .get(&node)
        .await?;
    let addresses = found
        .status
        .and_then(|status| status.addresses)
        .unwrap_or_default();
    let internal = addresses
        .into_iter()
        .find(|address| address.type_ == "InternalIP");
    let internal = internal.context("the node has no address")?.address;
    let url = argocd_url_for_forge(Environment::first()).replace(&node, &internal);
    Ok(format!("{url}{WEBHOOK}"))
}

pub(super) fn signature(secret: &str, body: &str) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).context("sign the call")?;
    mac.update(body.as_bytes());
    let mut hex = String::new();
    for byte in mac.finalize().into_bytes() {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(hex)
}

pub(super) async fn post(
    testbed: &Testbed,
    url: &str,
    body: &str,
    signature: Option<&str>,
) -> Result<(StatusCode, String)> {
    let mut request = testbed
        .harness
        .http
        .post(url)
        .header("Content-Type", "application/json")
        .header("X-Gogs-Event", "push")
        .body(body.to_owned());
    if let Some(signature) = signature {
        request = request.header("X-Gogs-Signature", signature);
    }
    let answer = request.send().await.context("call Argo CD's webhook")?;
    Ok((answer.status(), answer.text().await.context("read its answer")?))
}
