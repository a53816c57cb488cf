//! An image registry, and the one question most verbs have for it: which digest does this tag have?

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use thiserror::Error;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body, RequestBuilder};

use crate::ci::settings;

/// What an image may be described by; a registry that is not told answers with an old form of another digest.
const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
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
        "the registry refuses {0}: check REGISTRY_USER and REGISTRY_PASSWORD, and what they may do; a password of ECR lasts twelve hours"
    )]
    Credentials(String),
    #[error("the registry does not answer at {0}; run the verb again when it does: {1}")]
    Unreachable(String, String),
    #[error("{0}: the registry gives an unexpected answer: {1}")]
    Unexpected(String, String),
}

impl Error {
    /// What it means that the registry answers with this status.
    fn of(url: String, status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Self::Credentials(url),
            status if status.is_server_error() => Self::Unreachable(url, status.to_string()),
            status => Self::Unexpected(url, status.to_string()),
        }
    }
}

/// What the registry has at an address.
#[derive(Debug)]
struct Document {
    url: String,
    /// Its `Content-Type`.
    kind: String,
    text: Vec<u8>,
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
    /// Whether a signature lies beside the image; whose, the clusters judge.
    pub(crate) fn is_signed(&self, app: &str, digest: &str) -> Result<bool, Error> {
        // cosign's name for it.
        let tag = format!("{}.sig", digest.replace(':', "-"));
        Ok(self.tagged(app, &tag)?.is_some())
    }

    /// What an image is described by: the digest that its manifest names, and the text.
    pub(crate) fn config(&self, app: &str, digest: &str) -> Result<(String, Value), Error> {
        let manifest = self.read(self.manifest(app, digest), MANIFESTS)?.json()?;
        let config = manifest["config"]["digest"].as_str().unwrap_or_default();
        let url = self.url(app, &format!("blobs/{config}"));
        Ok((config.to_owned(), self.read(url, "*/*")?.json()?))
    }

    /// Gives the image of `digest` one more tag: its manifest is put there under another name.
    pub(crate) fn put_again(&self, app: &str, digest: &str, tag: &str) -> Result<(), Error> {
        let manifest = self.read(self.manifest(app, digest), MANIFESTS)?;
        let url = self.manifest(app, tag);
        let request = self.agent.put(&url).header("Content-Type", manifest.kind);
        match self.authorized(request).send(&manifest.text) {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(Error::of(url, answer.status())),
            Err(error) => Err(Error::Unreachable(url, error.to_string())),
        }
    }

    /// The address of a manifest, by tag or digest.
    fn manifest(&self, app: &str, reference: &str) -> String {
        self.url(app, &format!("manifests/{reference}"))
    }

    fn url(&self, app: &str, path: &str) -> String {
        let settings = self.settings;
        format!(
            "{}://{}/v2/{}/{app}/{path}",
            settings.scheme(),
            settings.host,
            settings.folder
        )
    }

    fn read(&self, url: String, accept: &str) -> Result<Document, Error> {
        let request = self.agent.get(&url).header("Accept", accept);
        let unreachable = |error: ureq::Error| Error::Unreachable(url.clone(), error.to_string());
        let mut answer = self.authorized(request).call().map_err(unreachable)?;
        if answer.status() != StatusCode::OK {
            return Err(Error::of(url, answer.status()));
        }
        let Some(kind) = header(&answer, "Content-Type") else {
            return Err(Error::Unexpected(url, "without a Content-Type".to_owned()));
        };
        let text = answer.body_mut().with_config().limit(LARGEST).read_to_vec();
        let text = text.map_err(unreachable)?;
        Ok(Document { url, kind, text })
    }

    fn authorized<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        let Some((user, password)) = &self.settings.credentials else {
            return request;
        };
        let credentials = BASE64_STANDARD.encode(format!("{user}:{password}"));
        request.header("Authorization", format!("Basic {credentials}"))
    }
}

fn header(answer: &Response<Body>, name: &str) -> Option<String> {
    let value = answer.headers().get(name)?;
    value.to_str().ok().map(str::to_owned)
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
        let url = self.manifest(app, tag);
        let request = self.agent.head(&url).header("Accept", MANIFESTS);
        let answer = match self.authorized(request).call() {
            Ok(answer) => answer,
            Err(error) => return Err(Error::Unreachable(url, error.to_string())),
        };
        match answer.status() {
            StatusCode::OK => match header(&answer, "Docker-Content-Digest") {
                Some(digest) => Ok(Some(digest)),
                None => Err(Error::Unexpected(url, "without a digest".to_owned())),
            },
            StatusCode::NOT_FOUND => Ok(None),
            status => Err(Error::of(url, status)),
        }
    }
}
