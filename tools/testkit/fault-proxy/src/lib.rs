//! A proxy between a program and a `DynamoDB` that makes chosen requests fail the way networks and
//! services sometimes do.
//!
//! Faults are planned request by request, never random: a test that fails, fails again.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::http::uri::{Authority, Scheme};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

/// After a connection that could not be accepted.
const NEXT_ACCEPT: Duration = Duration::from_millis(10);

/// What a request meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Refused as a table with provisioned throughput does: 400
    /// `ProvisionedThroughputExceededException`.
    Throttled,
    /// Refused as a table on demand, and the service itself, do: 400 `ThrottlingException`.
    ServiceThrottled,
    /// Refused with 500 `InternalServerError`.
    ServerError,
    /// Refused with this status and no body, as by a proxy on the way that limits rates.
    Bare(StatusCode),
    /// Carried out after this long, also when nobody waits for the answer any more.
    Late(Duration),
    /// The connection ends; the request was not carried out.
    CutBefore,
    /// The request was carried out; the connection ends in place of an answer.
    CutAfter,
}

/// The proxy, at an address of this machine. It answers until the runtime that started it ends.
#[derive(Debug, Clone)]
pub struct FaultProxy {
    /// As `http://127.0.0.1:40123`.
    pub endpoint: String,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    /// Operations of all requests so far.
    seen: Vec<String>,
}

#[derive(Debug)]
struct Rule {
    /// As `PutItem`; every operation if none is named.
    operation: Option<&'static str>,
    /// Requests it still applies to; without end if there is no number.
    left: Option<usize>,
    fault: Fault,
}

impl FaultProxy {
    /// One in front of `upstream` (`http://127.0.0.1:…`) that passes everything on, on a port of
    /// loopback that the system chose.
    pub async fn start(upstream: &str) -> Result<Self> {
        Self::start_at("127.0.0.1:0", upstream).await
    }

    /// The same at an address (`10.89.0.1:4566`) where others than this machine reach it.
    pub async fn start_at(address: &str, upstream: &str) -> Result<Self> {
        let upstream: Uri = upstream
            .parse()
            .with_context(|| format!("read the address {upstream}"))?;
        let upstream = upstream.authority().context("the address names no host")?.clone();
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("listen on {address}"))?;
        let address = listener.local_addr().context("read the listener's address")?;
        let state = Arc::<Mutex<State>>::default();
        tokio::spawn(serve(
            listener,
            Forward {
                upstream,
                client: Client::builder(TokioExecutor::new()).build_http(),
                state: state.clone(),
            },
        ));
        Ok(Self {
            endpoint: format!("http://{address}"),
            state,
        })
    }

    /// The next `times` requests of `operation` (`PutItem`) meet `fault`, after those that were
    /// planned before.
    pub fn next(&self, times: usize, operation: &'static str, fault: Fault) {
        lock(&self.state).rules.push(Rule {
            operation: Some(operation),
            left: Some(times),
            fault,
        });
    }

    /// From now on every request meets `fault`.
    pub fn always(&self, fault: Fault) {
        lock(&self.state).rules.push(Rule {
            operation: None,
            left: None,
            fault,
        });
    }

    /// Nothing is planned any more.
    pub fn heal(&self) {
        lock(&self.state).rules.clear();
    }

    /// How many requests of `operation` have come.
    pub fn seen(&self, operation: &str) -> usize {
        let state = lock(&self.state);
        state.seen.iter().filter(|seen| *seen == operation).count()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn meet(&mut self, operation: &str) -> Option<Fault> {
        self.seen.push(operation.to_owned());
        let rule = self
            .rules
            .iter_mut()
            .find(|rule| rule.left != Some(0) && rule.operation.is_none_or(|wanted| wanted == operation))?;
        rule.left = rule.left.map(|left| left - 1);
        Some(rule.fault)
    }
}

async fn serve(listener: TcpListener, forward: Forward) {
    loop {
        // A connection that ended before it was accepted, or too many of them, is no reason to
        // accept no more.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(NEXT_ACCEPT).await;
            continue;
        };
        let forward = forward.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| forward.clone().answer(request));
            // An error is a connection that was cut, by one side or on purpose.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

#[derive(Clone)]
struct Forward {
    upstream: Authority,
    client: Client<HttpConnector, Full<Bytes>>,
    state: Arc<Mutex<State>>,
}

/// In place of an answer: the server closes the connection.
#[derive(Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is cut on purpose, or the database does not answer")
    }
}

impl std::error::Error for Cut {}

impl Forward {
    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Cut> {
        let fault = lock(&self.state).meet(operation(&request));
        match fault {
            None => self.pass_on(whole(request).await?).await,
            Some(Fault::Throttled) => Ok(refusal(
                StatusCode::BAD_REQUEST,
                "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
            )),
            Some(Fault::ServiceThrottled) => Ok(refusal(
                StatusCode::BAD_REQUEST,
                "com.amazon.coral.availability#ThrottlingException",
            )),
            Some(Fault::ServerError) => Ok(refusal(
                StatusCode::INTERNAL_SERVER_ERROR,
                "com.amazonaws.dynamodb.v20120810#InternalServerError",
            )),
            Some(Fault::Bare(status)) => Ok(bare(status)),
            Some(Fault::Late(time)) => {
                let request = whole(request).await?;
                let late = async move {
                    tokio::time::sleep(time).await;
                    self.pass_on(request).await
                };
                tokio::spawn(late).await.map_err(|_| Cut)?
            }
            Some(Fault::CutBefore) => Err(Cut),
            Some(Fault::CutAfter) => {
                self.pass_on(whole(request).await?).await?;
                Err(Cut)
            }
        }
    }

    async fn pass_on(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Cut> {
        let mut uri = request.uri().clone().into_parts();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(self.upstream.clone());
        *request.uri_mut() = Uri::from_parts(uri).map_err(|_| Cut)?;
        let (head, body) = self.client.request(request).await.map_err(|_| Cut)?.into_parts();
        Ok(Response::from_parts(head, bytes(body).await?))
    }
}

async fn whole(request: Request<Incoming>) -> Result<Request<Full<Bytes>>, Cut> {
    let (head, body) = request.into_parts();
    Ok(Request::from_parts(head, bytes(body).await?))
}

async fn bytes(body: Incoming) -> Result<Full<Bytes>, Cut> {
    let body = body.collect().await.map_err(|_| Cut)?;
    Ok(Full::new(body.to_bytes()))
}

/// `PutItem` of the header `x-amz-target: DynamoDB_20120810.PutItem`.
fn operation(request: &Request<Incoming>) -> &str {
    let target = request.headers().get("x-amz-target");
    let target = target.and_then(|target| target.to_str().ok()).unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default()
}

fn bare(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// An error in the form in which `DynamoDB` writes its own.
fn refusal(status: StatusCode, code: &str) -> Response<Full<Bytes>> {
    let body = format!(r#"{{"__type":"{code}","message":"planned by the test"}}"#);
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amzn-requestid", "FAULT0PROXY0REQUEST0"),
    ] {
        headers.insert(name, hyper::header::HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_apply_in_order_and_run_out() {
        let mut state = State::default();
        let rule = |operation, left, fault| Rule {
            operation,
            left,
            fault,
        };
        state.rules = vec![
            rule(Some("PutItem"), Some(1), Fault::Throttled),
            rule(Some("PutItem"), Some(1), Fault::CutAfter),
            rule(Some("Query"), None, Fault::ServerError),
        ];
        assert_eq!(state.meet("Query"), Some(Fault::ServerError));
        assert_eq!(state.meet("PutItem"), Some(Fault::Throttled));
        assert_eq!(state.meet("PutItem"), Some(Fault::CutAfter));
        assert_eq!(state.meet("PutItem"), None);
        assert_eq!(state.meet("Query"), Some(Fault::ServerError));
        assert_eq!(state.seen.len(), 5);
    }
}
