//! The whole way of a request, in front of an emulator that has one role and believes everybody.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpSocket};

use super::*;
use crate::test_issuer::Issuer;

const ROLE: &str = "arn:aws:iam::1:role/backend";
const KEY: &str = "ASIAKEY";

/// What came through: the line of its signature, and its body.
type Seen = Arc<Mutex<Vec<(String, String)>>>;

struct Bench {
    proxy: Proxy,
    seen: Seen,
    issuer: Issuer,
    _providers: TempDir,
}

impl Bench {
    async fn new() -> Self {
        let issuer = Issuer::new();
        let providers = tempfile::tempdir().unwrap();
        std::fs::write(providers.path().join("c.json"), issuer.registered().to_string()).unwrap();
        let (address, seen) = emulator().await;
        let settings = [
            ("LISTEN_ADDR", "unused".to_owned()),
            ("UPSTREAM", address),
            ("PROVIDERS", providers.path().display().to_string()),
        ];
        let find = |name: &str| settings.iter().find(|(known, _)| *known == name);
        let settings = Settings::read(|name| find(name).map(|(_, value)| value.clone()));
        Self {
            proxy: Proxy::new(settings.unwrap()),
            seen,
            issuer,
            _providers: providers,
        }
    }

    /// Status and body of the answer.
    async fn ask(&self, request: hyper::http::request::Builder, body: &str) -> (u16, String) {
        let request = request.body(Bytes::from(body.to_owned())).unwrap();
        let answer = self.proxy.answer(request).await;
        let body = String::from_utf8(answer.body().to_vec()).unwrap();
        (answer.status().as_u16(), body)
    }

    async fn assume(&self, role: &str, token: &str) -> (u16, String) {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("Action", "AssumeRoleWithWebIdentity"),
                ("RoleArn", role),
                ("RoleSessionName", "s1"),
                ("WebIdentityToken", token),
            ])
            .finish();
        let request = Request::post("/").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(request, &form).await
    }

    async fn table(&self, key: &str, operation: &str, table: &str) -> (u16, String) {
        let line = owner(key, "r", "dynamodb");
        let request = Request::post("/")
            .header(AUTHORIZATION, line)
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"));
        self.ask(request, &json!({ "TableName": table }).to_string())
            .await
    }

    /// The tables of all requests that came through.
    fn tables_asked_for(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        let bodies = seen
            .iter()
            .filter_map(|(_, body)| serde_json::from_str::<Value>(body).ok());
        bodies
            .map(|body| body["TableName"].as_str().unwrap().to_owned())
            .collect()
    }

    fn last(&self) -> (String, String) {
        self.seen.lock().unwrap().last().cloned().unwrap()
    }
}

/// An emulator on a port of loopback.
async fn emulator() -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (address, emulated_by(listener))
}

fn emulated_by(listener: TcpListener) -> Seen {
    let seen = Seen::default();
    let kept = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let kept = kept.clone();
            let service = service_fn(move |request| believes(kept.clone(), request));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    seen
}

async fn believes(seen: Seen, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let line = head.headers.get(AUTHORIZATION).unwrap().to_str().unwrap();
    seen.lock().unwrap().push((line.to_owned(), body.clone()));
    let element = |name: &str, value: &Value| {
        let text = utf8_percent_encode(&value.to_string(), NON_ALPHANUMERIC).to_string();
        format!("<R><{name}>{text}</{name}></R>")
    };
    let (status, answer) = if body.contains("GetRole&") && body.ends_with("=backend") {
        (200, element("AssumeRolePolicyDocument", &trust()))
    } else if body.contains("GetRole&") {
        (404, String::new())
    } else if body.contains("ListRolePolicies") {
        (200, "<R><member>tables</member></R>".to_owned())
    } else if body.contains("GetRolePolicy") {
        (200, element("PolicyDocument", &permissions()))
    } else if body.contains("AssumeRoleWithWebIdentity") {
        (200, format!("<R><AccessKeyId>{KEY}</AccessKeyId></R>"))
    } else {
        (200, "{}".to_owned())
    };
    let mut answer = Response::new(Full::new(Bytes::from(answer)));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    Ok(answer)
}

fn trust() -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": "arn:aws:iam::1:oidc-provider/oidc.internal/id/c"},
        "Condition": {"StringEquals": {
            "oidc.internal/id/c:aud": "sts.amazonaws.com", "oidc.internal/id/c:sub": "system:serviceaccount:n:a",
        }},
    }]})
}

fn permissions() -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:r:1:table/t"},
    ]})
}

#[tokio::test]
async fn the_right_account_gets_keys_that_do_what_the_role_may() {
    let bench = Bench::new().await;
    assert_eq!(
        bench.table(KEY, "GetItem", "t").await.0,
        400,
        "a key that nobody has yet"
    );
    let (status, answer) = bench.assume(ROLE, &bench.issuer.token()).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(bench.table(KEY, "GetItem", "t").await, (200, "{}".to_owned()));
    // The emulator takes the account's number for a key of it.
    let (line, _) = bench.last();
    assert!(line.contains("Credential=1/"), "{line}");
    for (operation, table) in [("Scan", "t"), ("GetItem", "other"), ("DeleteTable", "t")] {
        let (status, answer) = bench.table(KEY, operation, table).await;
        assert_eq!(status, 400, "{operation} {table}");
        let named = "assumed-role/backend/s1 is not authorized to perform: dynamodb:";
        assert!(
            answer.contains("#AccessDeniedException") && answer.contains(named),
            "{answer}"
        );
        assert_eq!(bench.tables_asked_for(), ["t"], "{operation} of {table}");
    }
}

#[tokio::test]
async fn whom_the_role_does_not_trust_is_refused_in_the_words_of_aws() {
    let bench = Bench::new().await;
    let denied =
        |(status, answer): (u16, String)| status == 403 && answer.contains("<Code>AccessDenied</Code>");
    let other = "arn:aws:iam::1:role/none";
    assert!(
        denied(bench.assume(other, &bench.issuer.token()).await),
        "no such role"
    );
    let Bench { issuer, .. } = bench;
    let bench = Bench {
        issuer: issuer.saying("sub", "system:serviceaccount:n:b"),
        ..bench
    };
    assert!(
        denied(bench.assume(ROLE, &bench.issuer.token()).await),
        "another account"
    );
    let (status, answer) = bench.assume(ROLE, &Issuer::new().token()).await;
    assert_eq!(status, 400);
    assert!(answer.contains("<Code>InvalidIdentityToken</Code>"), "{answer}");
    let asked = bench.seen.lock().unwrap().clone();
    assert!(
        asked.iter().all(|(_, body)| !body.contains("WebIdentityToken")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn nothing_unsigned_or_unknown_reaches_the_emulator() {
    let bench = Bench::new().await;
    bench.assume(ROLE, &bench.issuer.token()).await;
    let before = bench.seen.lock().unwrap().len();
    let (status, answer) = bench.ask(Request::get("/_localstack/health"), "").await;
    assert!(
        status == 403 && answer.contains("MissingAuthenticationToken"),
        "{status} {answer}"
    );
    let sign = |service: &str| Request::post("/").header(AUTHORIZATION, owner(KEY, "r", service));
    let form = |service: &str| sign(service).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let (status, answer) = bench
        .ask(form("iam"), "Action=PutRolePolicy&RoleName=backend")
        .await;
    assert!(
        status == 403 && answer.contains("AccessDenied"),
        "{status} {answer}"
    );
    let (status, _) = bench
        .ask(
            Request::post("/").header("x-amz-target", "DynamoDB_20120810.Scan"),
            "{}",
        )
        .await;
    assert_eq!(status, 400);
    assert_eq!(bench.seen.lock().unwrap().len(), before);
    assert_eq!(bench.ask(form("sts"), "Action=GetCallerIdentity").await.0, 200);
}

#[tokio::test]
async fn an_emulator_that_is_away_is_no_refusal() {
    let mut bench = Bench::new().await;
    bench.proxy.upstream = Upstream::at("127.0.0.1:1".parse().unwrap());
    bench.proxy.deployed = Deployed::new(bench.proxy.upstream.clone());
    let (status, answer) = bench.assume(ROLE, &bench.issuer.token()).await;
    assert!(
        status == 503 && answer.contains("reach the emulator"),
        "{status} {answer}"
    );
}

#[tokio::test]
async fn an_emulator_that_is_away_for_a_moment_is_asked_again() {
    let mut bench = Bench::new().await;
    // Nobody listens on it yet, and nobody else can.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let place = socket.local_addr().unwrap();
    bench.proxy.upstream = Upstream::at(place.to_string().parse().unwrap());
    bench.proxy.deployed = Deployed::new(bench.proxy.upstream.clone());
    let back = tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        emulated_by(socket.listen(8).unwrap())
    });
    let (status, answer) = bench.assume(ROLE, &bench.issuer.token()).await;
    assert_eq!(status, 200, "{answer}");
    back.await.unwrap();
}
