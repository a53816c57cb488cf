//! An image registry, and the one question most verbs have for it: which digest does this tag have?

mod access;
pub(crate) mod tags; // wing: versions

use serde_json::Value;
use thiserror::Error;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body, RequestBuilder};

use self::access::{Access, Asker};
use crate::ci::http::{Failure, header, limited};
use crate::ci::settings;

/// What an image may be described by; a registry that is not told answers with an old form of
/// another digest.
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
    #[error("{0}: the registry limits how often it is asked; run the verb again {1}")]
    Limited(String, String),
    #[error(
        "the registry at {0} shows a certificate that is not trusted: add its authority to the system's, or name a file with it by \
         SSL_CERT_FILE (docs/CI.md, \"A certificate authority of your own\"): {1}"
    )]
    Certificate(String, String),
    #[error("the registry does not answer at {0}; run the verb again when it does: {1}")]
    Unreachable(String, String),
    #[error("{0}: the registry gives an unexpected answer: {1}")]
    Unexpected(String, String),
}

impl Error {
    /// What it means that the registry answers like this.
    fn of<B>(url: String, answer: &Response<B>) -> Self {
        let status = answer.status();
        if let Some(wait) = limited(status, answer.headers(), "") {
            return Self::Limited(url, wait);
        }
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Self::Credentials(url),
            status if status.is_server_error() => Self::Unreachable(url, status.to_string()),
            status => Self::Unexpected(url, status.to_string()),
        }
    }
}

/// What it means that nothing answers at `url`.
fn failed(url: &str, error: &ureq::Error) -> Error {
    let url = url.to_owned();
    match Failure::of(error) {
        Failure::Certificate(why) => Error::Certificate(url, why),
        Failure::Unreachable(why) => Error::Unreachable(url, why),
        Failure::Unexpected(why) => Error::Unexpected(url, why),
    }
}

/// What is to be done with what lies in a registry.
const READ: &str = "pull";
const WRITE: &str = "pull,push";

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
    agent: &'a Agent,
    pub(crate) settings: &'a settings::Registry,
    /// Whether an image without a signature counts as not there: a run was cut off before it signed
    /// it.
    signed: bool,
    access: Access,
}

impl<'a> Registry<'a> {
    pub(crate) fn new(agent: &'a Agent, settings: &'a settings::Registry, signed: bool) -> Self {
        Self {
            agent,
            settings,
            signed,
            access: Access::default(),
        }
    }
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
        let manifest = self.read(app, self.manifest(app, digest), MANIFESTS)?.json()?;
        let config = manifest["config"]["digest"].as_str().unwrap_or_default();
        let url = self.url(app, &format!("blobs/{config}"));
        Ok((config.to_owned(), self.read(app, url, "*/*")?.json()?))
    }

    /// Gives the image of `digest` one more tag: its manifest is put there under another name.
    pub(crate) fn put_again(&self, app: &str, digest: &str, tag: &str) -> Result<(), Error> {
        let manifest = self.read(app, self.manifest(app, digest), MANIFESTS)?;
        let url = self.manifest(app, tag);
        let answer = self.ask(app, WRITE, &url, |authorization| {
            let request = self.agent.put(&url).header("Content-Type", &manifest.kind);
            with(request, authorization).send(&manifest.text)
        })?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(Error::of(url, &answer))
    }

    /// The address of a manifest, by tag or digest.
    fn manifest(&self, app: &str, reference: &str) -> String {
        self.url(app, &format!("manifests/{reference}"))
    }

    fn url(&self, app: &str, path: &str) -> String {
        format!(
            "{}/v2/{}/{app}/{path}",
            self.settings.base(),
            self.settings.folder
        )
    }

    /// Asks with what the registry wants to see, and once more if it then wants something else.
    fn ask(
        &self,
        app: &str,
        actions: &str,
        url: &str,
        request: impl Fn(Option<&str>) -> Result<Response<Body>, ureq::Error>,
    ) -> Result<Response<Body>, Error> {
        let scope = format!("repository:{}/{app}:{actions}", self.settings.folder);
        let asker = Asker {
            agent: self.agent,
            settings: self.settings,
        };
        let send = |authorization: Option<&str>| request(authorization).map_err(|error| failed(url, &error));
        let first = self.access.at_first(&asker, &scope)?;
        let answer = send(first.as_deref())?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let second = self
            .access
            .after_refusal(&asker, answer.headers(), first.as_deref(), &scope)?;
        match second {
            Some(second) => send(Some(&second)),
            None => Ok(answer),
        }
    }

    fn read(&self, app: &str, url: String, accept: &str) -> Result<Document, Error> {
        let mut answer = self.ask(app, READ, &url, |authorization| {
            with(self.agent.get(&url).header("Accept", accept), authorization).call()
        })?;
        if answer.status() != StatusCode::OK {
            return Err(Error::of(url, &answer));
        }
        let Some(kind) = header(answer.headers(), "Content-Type").map(str::to_owned) else {
            return Err(Error::Unexpected(url, "without a Content-Type".to_owned()));
        };
        let text = answer.body_mut().with_config().limit(LARGEST).read_to_vec();
        let text = text.map_err(|error| failed(&url, &error))?;
        Ok(Document { url, kind, text })
    }
}

fn with<B>(request: RequestBuilder<B>, authorization: Option<&str>) -> RequestBuilder<B> {
    match authorization {
        Some(authorization) => request.header("Authorization", authorization),
        None => request,
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
        let url = self.manifest(app, tag);
        let answer = self.ask(app, READ, &url, |authorization| {
            with(self.agent.head(&url).header("Accept", MANIFESTS), authorization).call()
        })?;
        match answer.status() {
            StatusCode::OK => match header(answer.headers(), "Docker-Content-Digest") {
                Some(digest) => Ok(Some(digest.to_owned())),
                None => Err(Error::Unexpected(url, "without a digest".to_owned())),
            },
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(Error::of(url, &answer)),
        }
    }
}
