//! An image registry, and the one question most verbs have for it: which digest does this tag have?

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use thiserror::Error;
use ureq::Agent;

use crate::ci::settings;

/// What an image may be described by; a registry that is not told answers with an old form of another digest.
pub(crate) const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";

/// Where images are looked up.
pub(crate) trait Images {
    /// The digest of `app`'s image tagged `tag`, if there is one.
    fn digest(&self, app: &str, tag: &str) -> Result<Option<String>, Error>;
}

/// Why a registry gave no answer, and what to do about it.
#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error(
        "the registry refuses {0}: check REGISTRY_USER and REGISTRY_PASSWORD; a password of ECR lasts twelve hours"
    )]
    Credentials(String),
    #[error("the registry does not answer at {0}; run the verb again when it does: {1}")]
    Unreachable(String, String),
    #[error("{0}: the registry answers {1}, which means nothing here")]
    Unexpected(String, String),
}

/// A registry that speaks the OCI distribution API.
pub(crate) struct Registry<'a> {
    pub(crate) agent: &'a Agent,
    pub(crate) settings: &'a settings::Registry,
}

impl Registry<'_> {
    /// The address of a manifest, by tag or digest.
    pub(crate) fn url(&self, app: &str, reference: &str) -> String {
        let settings = self.settings;
        let scheme = if settings.insecure { "http" } else { "https" };
        format!(
            "{scheme}://{}/v2/{}/{app}/manifests/{reference}",
            settings.host, settings.folder
        )
    }

    /// The header of that name, where there are credentials.
    pub(crate) fn authorization(&self) -> Option<String> {
        let (user, password) = self.settings.credentials.as_ref()?;
        let credentials = BASE64_STANDARD.encode(format!("{user}:{password}"));
        Some(format!("Basic {credentials}"))
    }
}

impl Images for Registry<'_> {
    fn digest(&self, app: &str, tag: &str) -> Result<Option<String>, Error> {
        let url = self.url(app, tag);
        let mut request = self.agent.head(&url).header("Accept", MANIFESTS);
        if let Some(authorization) = self.authorization() {
            request = request.header("Authorization", authorization);
        }
        let response = request
            .call()
            .map_err(|error| Error::Unreachable(url.clone(), error.to_string()))?;
        match response.status().as_u16() {
            200 => {
                let digest = response.headers().get("Docker-Content-Digest");
                match digest.and_then(|value| value.to_str().ok()) {
                    Some(digest) => Ok(Some(digest.to_owned())),
                    None => Err(Error::Unexpected(url, "without a digest".to_owned())),
                }
            }
            404 => Ok(None),
            401 | 403 => Err(Error::Credentials(url)),
            500.. => Err(Error::Unreachable(url, response.status().to_string())),
            _ => Err(Error::Unexpected(url, response.status().to_string())),
        }
    }
}
