//! The proxy, in front of two emulators that believe everybody; one has roles, the other clusters.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::super::*;
use crate::test_issuer::Issuer;

pub(super) const ROLE: &str = "arn:aws:iam::1:role/backend";
pub(super) const KEY: &str = "ASIAKEY";
/// A role that trusts the other one.
pub(super) const TARGET: &str = "arn:aws:iam::1:role/target";
/// Another one that does, and that the first one may not assume.
pub(super) const TRUSTING: &str = "arn:aws:iam::1:role/trusting";
pub(super) const KEY_OF_TARGET: &str = "ASIATARGET";

/// What came through: the line of its signature, and its body.
pub(super) type Seen = Arc<Mutex<Vec<(String, String)>>>;

pub(super) struct Bench {
    pub(super) proxy: Proxy,
    pub(super) seen: Seen,
    /// What came through to the emulator of EKS.
    pub(super) seen_by_eks: Seen,
    pub(super) issuer: Issuer,
    pub(super) _folders: [TempDir; 3],
}

impl Bench {
    pub(super) async fn new() -> Self {
        let issuer = Issuer::new();
        let providers = tempfile::tempdir().unwrap();
        std::fs::write(providers.path().join("c.json"), issuer.registered().to_string()).unwrap();
        let entries = tempfile::tempdir().unwrap();
        let entry = json!([{"PrincipalArn": TARGET, "KubernetesGroups": ["argocd-hub"]}]);
        std::fs::write(entries.path().join("blue.json"), entry.to_string()).unwrap();
        std::fs::write(entries.path().join("empty.json"), "[]").unwrap();
        let (address, seen) = emulator().await;
        let (clusters, seen_by_eks) = emulator().await;
        let places = tempfile::tempdir().unwrap();
        let eks = places.path().join("eks");
        std::fs::write(&eks, json!(clusters).to_string()).unwrap();
        let settings = [
            ("LISTEN_ADDR", "unused".to_owned()),
            ("UPSTREAM", address),
            ("EKS", eks.display().to_string()),
            ("PROVIDERS", providers.path().display().to_string()),
            ("ACCESS_ENTRIES", entries.path().display().to_string()),
        ];
        let find = |name: &str| settings.iter().find(|(known, _)| *known == name);
        let settings = Settings::read(|name| find(name).map(|(_, value)| value.clone()));
        Self {
            proxy: Proxy::new(settings.unwrap()),
            seen,
            seen_by_eks,
            issuer,
            _folders: [providers, entries, places],
        }
    }

    /// Status and body of the answer.
    pub(super) async fn ask(&self, request: hyper::http::request::Builder, body: &str) -> (u16, String) {
        let request = request.body(Bytes::from(body.to_owned())).unwrap();
        let answer = self.proxy.answer(request).await;
        let body = String::from_utf8(answer.body().to_vec()).unwrap();
        (answer.status().as_u16(), body)
    }

    pub(super) async fn assume(&self, role: &str, token: &str) -> (u16, String) {
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

    /// Takes on another role with the keys of one.
    pub(super) async fn chain(&self, key: &str, role: &str) -> (u16, String) {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("Action", "AssumeRole"),
                ("RoleArn", role),
                ("RoleSessionName", "s2"),
            ])
            .finish();
        let request = Request::post("/")
            .header(AUTHORIZATION, owner(key, "r", "sts"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(request, &form).await
    }

    /// What the API server of a cluster hears of a token.
    pub(super) async fn review(&self, cluster: &str, token: &str) -> Value {
        let request = Request::post(format!("/clusters/{cluster}/authenticate")).header("host", "sts");
        let review = json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token},
        });
        let (status, answer) = self.ask(request, &review.to_string()).await;
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str(&answer).unwrap()
    }

    pub(super) async fn table(&self, key: &str, operation: &str, table: &str) -> (u16, String) {
        let line = owner(key, "r", "dynamodb");
        let request = Request::post("/")
            .header(AUTHORIZATION, line)
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"));
        self.ask(request, &json!({ "TableName": table }).to_string())
            .await
    }

    /// The tables of all requests that came through.
    pub(super) fn tables_asked_for(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        let bodies = seen
            .iter()
            .filter_map(|(_, body)| serde_json::from_str::<Value>(body).ok());
        bodies
            .map(|body| body["TableName"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(super) fn last(&self) -> (String, String) {
        self.seen.lock().unwrap().last().cloned().unwrap()
    }
}

/// An emulator on a port of loopback.
async fn emulator() -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (address, emulated_by(listener))
}

pub(super) fn emulated_by(listener: TcpListener) -> Seen {
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
    } else if body.contains("GetRole&") && (body.ends_with("=target") || body.ends_with("=trusting")) {
        (200, element("AssumeRolePolicyDocument", &trust_of_target()))
    } else if body.contains("GetRole&") {
        (404, String::new())
    } else if body.contains("ListRolePolicies") {
        (200, "<R><member>tables</member></R>".to_owned())
    } else if body.contains("GetRolePolicy") {
        (200, element("PolicyDocument", &permissions()))
    } else if body.contains("AssumeRoleWithWebIdentity") {
        (200, keys(KEY))
    } else if body.contains("AssumeRole") {
        (200, keys(KEY_OF_TARGET))
    } else {
        (200, "{}".to_owned())
    };
    let mut answer = Response::new(Full::new(Bytes::from(answer)));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    Ok(answer)
}

fn keys(id: &str) -> String {
    format!("<R><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey></R>")
}

fn trust_of_target() -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ROLE}},
    ]})
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
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": [ROLE, TARGET]},
        {"Effect": "Allow", "Action": "eks:ListClusters", "Resource": "*"},
    ]})
}
