//! One question to an image registry: which digest does this tag have?

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ureq::Agent;

use crate::ci::settings::Registry;

/// What an image may be described by; a registry that is not told answers with an old form of another digest.
const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";

/// The digest of `app`'s image tagged `tag`, if there is one.
pub(crate) fn digest(agent: &Agent, registry: &Registry, app: &str, tag: &str) -> Result<Option<String>> {
    let scheme = if registry.insecure { "http" } else { "https" };
    let url = format!(
        "{scheme}://{}/v2/{}/{app}/manifests/{tag}",
        registry.host, registry.folder
    );
    let mut request = agent.head(&url).header("Accept", MANIFESTS);
    if let Some(authorization) = basic(registry) {
        request = request.header("Authorization", authorization);
    }
    let response = request
        .call()
        .with_context(|| format!("ask the registry at {url}"))?;
    match response.status().as_u16() {
        200 => {
            let digest = response
                .headers()
                .get("Docker-Content-Digest")
                .and_then(|value| value.to_str().ok());
            let digest = digest.with_context(|| format!("{url}: the registry names no digest"))?;
            Ok(Some(digest.to_owned()))
        }
        404 => Ok(None),
        401 | 403 => bail!("{url}: the registry refuses; check REGISTRY_USER and REGISTRY_PASSWORD"),
        status => bail!("{url}: the registry answers {status}"),
    }
}

fn basic(registry: &Registry) -> Option<String> {
    let (user, password) = registry.credentials.as_ref()?;
    Some(format!(
        "Basic {}",
        BASE64_STANDARD.encode(format!("{user}:{password}"))
    ))
}
