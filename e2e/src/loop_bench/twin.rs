//! A second image of an app without a build: the same layers under a configuration that names another commit.

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::env::Env;
use crate::world::ForgeAccess;

/// By which the programs know their commit; set in the image.
const COMMIT: &str = "APP_COMMIT=";
const MANIFESTS: &str =
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/// Makes the image in the forge's registry and gives its digest. The same image and commit always give the same one.
pub(super) async fn of(env: &Env, app: &str, digest: &str, commit: &str) -> Result<String> {
    let registry = Registry { env, app };
    let manifest = registry.ask(Method::GET, &format!("manifests/{digest}"));
    let manifest = whole(manifest.header(ACCEPT, MANIFESTS)).await;
    let manifest = manifest.with_context(|| format!("read the image {app}@{digest}"))?;
    let mut manifest: Value = serde_json::from_slice(&manifest).context("understand an image")?;
    let config = text(&manifest, "/config/digest")?;
    let config = whole(registry.ask(Method::GET, &format!("blobs/{config}"))).await?;
    let config = named(
        serde_json::from_slice(&config).context("understand an image's configuration")?,
        commit,
    )?;

    let (name, config) = digest_of(&config);
    manifest["config"]["digest"] = json!(name);
    manifest["config"]["size"] = json!(config.len());
    let upload = registry.ask(Method::POST, &format!("blobs/uploads/?digest={name}"));
    whole(
        upload
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(config),
    )
    .await
    .context("give the registry another configuration")?;
    let media = HeaderValue::from_str(&text(&manifest, "/mediaType")?).context("read an image's type")?;
    let (digest, manifest) = digest_of(&manifest);
    let put = registry.ask(Method::PUT, &format!("manifests/{digest}"));
    whole(put.header(CONTENT_TYPE, media).body(manifest))
        .await
        .context("give the registry the second image")?;
    Ok(digest)
}

struct Registry<'a> {
    env: &'a Env,
    app: &'a str,
}

impl Registry<'_> {
    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let forge = &self.env.world.forge;
        let url = format!(
            "{}/v2/{}/{}/{path}",
            forge.host_url,
            ForgeAccess::ORGANISATION,
            self.app
        );
        let http = &self.env.ground.http;
        http.request(method, url)
            .basic_auth(&forge.user, Some(&forge.password))
    }
}

async fn whole(request: RequestBuilder) -> Result<Vec<u8>> {
    let answer = request.send().await.context("ask the registry")?;
    let status = answer.status();
    let body = answer.bytes().await.context("read the registry's answer")?;
    ensure!(
        status.is_success(),
        "the registry answers {status}: {}",
        String::from_utf8_lossy(&body)
    );
    Ok(body.to_vec())
}

/// The configuration of an image, with another commit in its environment.
fn named(mut config: Value, commit: &str) -> Result<Value> {
    let variables = config.pointer_mut("/config/Env").and_then(Value::as_array_mut);
    let variable = variables
        .into_iter()
        .flatten()
        .find(|variable| variable.as_str().is_some_and(|text| text.starts_with(COMMIT)))
        .with_context(|| format!("the image sets no {COMMIT}"))?;
    *variable = json!(format!("{COMMIT}{commit}"));
    Ok(config)
}

fn text(value: &Value, pointer: &str) -> Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .with_context(|| format!("the image has no {pointer}"))
}

fn digest_of(value: &Value) -> (String, Vec<u8>) {
    let bytes = value.to_string().into_bytes();
    let mut digest = "sha256:".to_owned();
    for byte in Sha256::digest(&bytes) {
        // Writing to a string cannot fail.
        let _ = write!(digest, "{byte:02x}");
    }
    (digest, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_commit_changes() {
        let config = json!({ "config": { "Env": ["PATH=/", "APP_COMMIT=old"], "User": "65532" }, "rootfs": { "diff_ids": ["sha256:1"] } });
        let other = named(config.clone(), "new").unwrap();
        assert_eq!(other["config"]["Env"], json!(["PATH=/", "APP_COMMIT=new"]));
        assert_eq!(
            (&other["rootfs"], &other["config"]["User"]),
            (&config["rootfs"], &config["config"]["User"])
        );
        assert!(named(json!({ "config": { "Env": ["PATH=/"] } }), "new").is_err());
    }

    #[test]
    fn digests_are_those_of_the_bytes_that_are_sent() {
        let (digest, bytes) = digest_of(&json!({}));
        assert_eq!(bytes, b"{}");
        assert_eq!(
            digest,
            "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
    }
}
