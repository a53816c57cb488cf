//! The emulator behind.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::http::uri::{Authority, Scheme};
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::{Client, Error, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::time::sleep;

/// A form, as names and values.
pub(crate) type Fields<'f> = [(&'f str, &'f str)];

/// Less than the emulator keeps a connection that nobody uses.
const IDLE: Duration = Duration::from_secs(2);
/// How long a connection is tried for. The engine's name server reads its records anew whenever a
/// container comes or goes, and knows no name for that moment; AWS is not away for as little.
const CONNECTED: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(50);

/// A client of the emulator.
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    address: Authority,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Upstream {
    pub(crate) fn at(address: Authority) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .build_http();
        Self { address, client }
    }

    /// A client of another one, which is where `file` says.
    pub(crate) fn where_says(&self, file: &Path) -> Result<Self> {
        let said = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
        let place: String =
            serde_json::from_str(&said).with_context(|| format!("{said} is no text in JSON"))?;
        Ok(Self {
            address: place
                .parse()
                .with_context(|| format!("{place} is no host with a port"))?,
            client: self.client.clone(),
        })
    }

    /// Passes a request on, and gives the answer.
    pub(crate) async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>> {
        let mut uri = request.uri().clone().into_parts();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(self.address.clone());
        *request.uri_mut() = Uri::from_parts(uri).context("read the request's path")?;
        let (head, body) = self
            .connected(request)
            .await
            .context("reach the emulator")?
            .into_parts();
        let body = body.collect().await.context("read the emulator's answer")?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }

    /// Asks again only where there was no connection: then nothing was sent.
    async fn connected(&self, request: Request<Bytes>) -> Result<Response<Incoming>, Error> {
        let begun = Instant::now();
        loop {
            match self.client.request(request.clone().map(Full::new)).await {
                Err(error) if error.is_connect() && begun.elapsed() < CONNECTED => sleep(PAUSE).await,
                answer => return answer,
            }
        }
    }

    /// Sends a form to a service that takes those, as the owner of an account. The emulator takes
    /// an account's number for a key of it.
    pub(crate) async fn ask(
        &self,
        service: &str,
        account: &str,
        fields: &Fields<'_>,
    ) -> Result<Response<Bytes>> {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = Request::post("/")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(AUTHORIZATION, owner(account, "us-east-1", service))
            .body(Bytes::from(form))
            .context("write a form")?;
        self.send(request).await
    }

    /// The same, where everything but success is an error.
    pub(crate) async fn get(&self, service: &str, account: &str, fields: &Fields<'_>) -> Result<Bytes> {
        let (head, body) = self.ask(service, account, fields).await?.into_parts();
        let said = String::from_utf8_lossy(&body);
        ensure!(
            head.status.is_success(),
            "the emulator answers {}: {said}",
            head.status
        );
        Ok(body)
    }
}

/// The line of a request that the owner of an account has signed: the emulator reads it and
/// believes it.
pub(crate) fn owner(account: &str, region: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={account}/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}
