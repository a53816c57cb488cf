//! Somebody who may read and push images in the forge's registry, past the CI.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::git::forge::ForgeAccess;
use crate::run::Testbed;

/// What an image's manifest may be: as engines write it, and as Docker once did.
const MANIFESTS: &str =
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/// The forge's registry, with the password of its owner. Digests are written as `sha256:…`.
pub(crate) struct Registry<'a> {
    http: &'a reqwest::Client,
    forge: &'a ForgeAccess,
}

impl<'a> Registry<'a> {
    pub(crate) fn of(testbed: &'a Testbed) -> Self {
        Self {
            http: &testbed.harness.http,
            forge: &testbed.world.forge,
        }
    }

    /// The image's name there, as this machine reaches it.
    pub(crate) fn image(&self, app: &str) -> String {
        format!("{}/{}/{app}", self.forge.registry, ForgeAccess::ORGANISATION)
    }

    /// The manifest of an image, by its tag or digest.
    pub(crate) async fn manifest(&self, app: &str, reference: &str) -> Result<Value> {
        let read = self.ask(Method::GET, app, &format!("manifests/{reference}"));
        let answer = answer(read.header(ACCEPT, MANIFESTS)).await;
        let answer = answer.with_context(|| format!("read the manifest of {app}@{reference}"))?;
        answer.json().await.context("understand a manifest")
    }

    /// Pushes a manifest, whose layers and configuration are there already, under a tag or its
    /// digest. Gives the digest.
    pub(crate) async fn push_manifest(&self, app: &str, reference: &str, manifest: &Value) -> Result<String> {
        let kind = manifest["mediaType"]
            .as_str()
            .context("a manifest says its kind")?;
        let write = self.ask(Method::PUT, app, &format!("manifests/{reference}"));
        let write = write.header(CONTENT_TYPE, kind).body(manifest.to_string());
        let written = answer(write)
            .await
            .with_context(|| format!("push the manifest {app}:{reference}"))?;
        let digest = written.headers().get("Docker-Content-Digest");
        let digest = digest.and_then(|digest| digest.to_str().ok());
        digest.map(str::to_owned).context("the registry names no digest")
    }

    /// What is in the registry under a digest: a layer, or a configuration.
    pub(crate) async fn blob(&self, app: &str, digest: &str) -> Result<Vec<u8>> {
        let read = self.ask(Method::GET, app, &format!("blobs/{digest}"));
        let read = async { answer(read).await?.bytes().await.context("read the answer") };
        let blob = read.await.with_context(|| format!("read {digest} of {app}"))?;
        Ok(blob.to_vec())
    }

    /// Puts a layer or a configuration into the registry; `digest` is its own.
    pub(crate) async fn push_blob(&self, app: &str, digest: &str, blob: Vec<u8>) -> Result<()> {
        let write = self.ask(Method::POST, app, &format!("blobs/uploads/?digest={digest}"));
        let write = write.header(CONTENT_TYPE, "application/octet-stream").body(blob);
        let written = answer(write).await;
        written
            .map(drop)
            .with_context(|| format!("push {digest} of {app}"))
    }

    /// Pushes the same image with a note on it, under a tag of its own: other words in its manifest
    /// make another digest, which is given.
    pub(crate) async fn copy(&self, app: &str, digest: &str, tag: &str) -> Result<String> {
        let mut manifest = self.manifest(app, digest).await?;
        manifest["annotations"]["note"] = json!(tag);
        let copy = self.push_manifest(app, tag, &manifest).await?;
        ensure!(
            copy != digest,
            "{app}:{tag} has the digest of what it was copied from"
        );
        Ok(copy)
    }

    /// Writes the password as programs of the docker family read it, into a folder of its own.
    pub(crate) fn write_login(&self, folder: &Path) -> Result<()> {
        let auth = STANDARD.encode(format!("{}:{}", self.forge.user, self.forge.password));
        let config = json!({ "auths": { self.forge.registry.as_str(): { "auth": auth } } });
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(folder.join("config.json"), config.to_string()))
            .with_context(|| format!("write a login into {}", folder.display()))
    }

    fn ask(&self, method: Method, app: &str, path: &str) -> RequestBuilder {
        let (forge, organisation) = (&self.forge.host_url, ForgeAccess::ORGANISATION);
        let request = self
            .http
            .request(method, format!("{forge}/v2/{organisation}/{app}/{path}"));
        request.basic_auth(&self.forge.user, Some(&self.forge.password))
    }
}

/// What the registry answers, unless it is that it refuses.
async fn answer(request: RequestBuilder) -> Result<Response> {
    let answer = request.send().await.context("ask the registry")?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let body = answer.text().await.unwrap_or_default();
    bail!("the registry answers {status}: {body}")
}
