//! Somebody who may push to the registry, past the CI.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use crate::env::Env;
use crate::world::ForgeAccess;

/// What an image's manifest may be: as engines write it, and as Docker once did.
const MANIFESTS: &str =
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/// The forge's registry, with the password of its owner.
pub(crate) struct Registry<'a> {
    http: &'a reqwest::Client,
    forge: &'a ForgeAccess,
}

impl<'a> Registry<'a> {
    pub(crate) fn of(env: &'a Env) -> Self {
        Self {
            http: &env.ground.http,
            forge: &env.world.forge,
        }
    }

    /// The image's name there, as this machine reaches it.
    pub(crate) fn image(&self, app: &str) -> String {
        format!("{}/{}/{app}", self.forge.registry, ForgeAccess::ORGANISATION)
    }

    /// Pushes the same image with a note on it, under a tag of its own: other words in its manifest make another digest, which is
    /// given.
    pub(crate) async fn copy(&self, app: &str, digest: &str, tag: &str) -> Result<String> {
        let read = self.http.get(self.url(app, digest)).header(ACCEPT, MANIFESTS);
        let read = self
            .answer(read)
            .await
            .with_context(|| format!("read the manifest of {app}@{digest}"))?;
        let mut manifest: Value = read.json().await.context("understand a manifest")?;
        let kind = manifest["mediaType"]
            .as_str()
            .context("it does not say its kind")?;
        let write = self.http.put(self.url(app, tag)).header(CONTENT_TYPE, kind);
        manifest["annotations"]["note"] = json!(tag);
        let written = self
            .answer(write.body(manifest.to_string()))
            .await
            .with_context(|| format!("push {app}:{tag}"))?;
        let copy = written.headers().get("Docker-Content-Digest");
        let copy = copy
            .and_then(|copy| copy.to_str().ok())
            .context("the registry names no digest")?;
        ensure!(
            copy != digest,
            "{app}:{tag} has the digest of what it was copied from"
        );
        Ok(copy.to_owned())
    }

    /// Writes the password as programs of the docker family read it, into a folder of its own.
    pub(crate) fn write_login(&self, folder: &Path) -> Result<()> {
        let auth = STANDARD.encode(format!("{}:{}", self.forge.user, self.forge.password));
        let config = json!({ "auths": { self.forge.registry.as_str(): { "auth": auth } } });
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(folder.join("config.json"), config.to_string()))
            .with_context(|| format!("write a login into {}", folder.display()))
    }

    async fn answer(&self, request: RequestBuilder) -> reqwest::Result<Response> {
        let request = request.basic_auth(&self.forge.user, Some(&self.forge.password));
        request.send().await?.error_for_status()
    }

    fn url(&self, app: &str, reference: &str) -> String {
        let (forge, organisation) = (&self.forge.host_url, ForgeAccess::ORGANISATION);
        format!("{forge}/v2/{organisation}/{app}/manifests/{reference}")
    }
}
