//! An image registry, and the one question most verbs have for it: which digest does this tag have?

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use thiserror::Error;
use ureq::Agent;

use crate::ci::settings;

/// What an image may be described by; a registry that is not told answers with an old form of another digest.
pub(crate) const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";

/// No manifest of an image, and no description of one, is larger; registries refuse more.
const LARGEST: u64 = 4 << 20;

/// Where images are looked up.
pub(crate) trait Images {
    /// The digest of `app`'s image tagged `tag`, if there is one.
    fn digest(&self, app: &str, tag: &str) -> Result<Option<String>, Error>;

    /// The same, whether or not anybody signed it.
    fn tagged(&self, app: &str, tag: &str) -> Result<Option<String>, Error> {
        self.digest(app, tag)
    }
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

/// What the registry has at an address.
#[derive(Debug)]
pub(crate) struct Document {
    url: String,
    /// Its `Content-Type`.
    pub(crate) kind: String,
    pub(crate) text: Vec<u8>,
}

impl Document {
    fn json(&self) -> Result<Value, Error> {
        serde_json::from_slice(&self.text)
            .map_err(|error| Error::Unexpected(self.url.clone(), error.to_string()))
    }
}

/// A registry that speaks the OCI distribution API.
pub(crate) struct Registry<'a> {
    pub(crate) agent: &'a Agent,
    pub(crate) settings: &'a settings::Registry,
    /// Whether an image without a signature counts as not there: a run was cut off before it signed it.
    pub(crate) signed: bool,
}

impl Registry<'_> {
    /// The address of a manifest, by tag or digest.
    pub(crate) fn url(&self, app: &str, reference: &str) -> String {
        let settings = self.settings;
        format!(
            "{}://{}/v2/{}/{app}/manifests/{reference}",
            settings.scheme(),
            settings.host,
            settings.folder
        )
    }

    /// Whether a signature lies beside the image; whose, the clusters judge.
    pub(crate) fn is_signed(&self, app: &str, digest: &str) -> Result<bool, Error> {
        // cosign's name for it.
        let tag = format!("{}.sig", digest.replace(':', "-"));
        Ok(self.tagged(app, &tag)?.is_some())
    }

    /// A manifest as it is in the registry.
    pub(crate) fn manifest(&self, app: &str, reference: &str) -> Result<Document, Error> {
        self.read(self.url(app, reference), MANIFESTS)
    }

    /// What an image is described by: the digest that its manifest names, and the text.
    pub(crate) fn config(&self, app: &str, digest: &str) -> Result<(String, Value), Error> {
        let manifest: Value = self.manifest(app, digest)?.json()?;
        let config = manifest["config"]["digest"].as_str().unwrap_or_default();
        let settings = self.settings;
        let url = format!(
            "{}://{}/v2/{}/{app}/blobs/{config}",
            settings.scheme(),
            settings.host,
            settings.folder
        );
        Ok((config.to_owned(), self.read(url, "*/*")?.json()?))
    }

    fn read(&self, url: String, accept: &str) -> Result<Document, Error> {
        let mut request = self.agent.get(&url).header("Accept", accept);
        if let Some(authorization) = self.authorization() {
            request = request.header("Authorization", authorization);
        }
        let unreachable = |error: ureq::Error| Error::Unreachable(url.clone(), error.to_string());
        let mut answer = request.call().map_err(unreachable)?;
        let status = answer.status();
        let kind = answer.headers().get("Content-Type");
        let kind = kind.and_then(|kind| kind.to_str().ok()).map(str::to_owned);
        let (200, Some(kind)) = (status.as_u16(), kind) else {
            return Err(Error::Unexpected(url, status.to_string()));
        };
        let text = answer.body_mut().with_config().limit(LARGEST).read_to_vec();
        let text = text.map_err(unreachable)?;
        Ok(Document { url, kind, text })
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
        let digest = self.tagged(app, tag)?;
        match digest {
            Some(digest) if self.signed && !self.is_signed(app, &digest)? => Ok(None),
            digest => Ok(digest),
        }
    }

    fn tagged(&self, app: &str, tag: &str) -> Result<Option<String>, Error> {
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
