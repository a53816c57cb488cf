//! What a browser is told about the page, and the backend about the request.

use std::collections::BTreeSet;

use crate::backend::Backend;
use crate::support::{browser, frontend, nobody};

#[tokio::test]
async fn the_page_runs_only_what_is_its_own() {
    let base = frontend(&Backend::start().await.1).await;
    let response = browser()
        .get(&base)
        .header("accept", "text/html")
        .send()
        .await
        .unwrap();
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    let html = response.text().await.unwrap();
    let nonce = policy
        .split("'nonce-")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap();
    let script = format!("script-src 'self' 'wasm-unsafe-eval' 'nonce-{nonce}'");
    // All of them: one more could allow what these forbid.
    let directives = [
        "default-src 'none'",
        &script,
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    ];
    assert_eq!(
        policy.split("; ").collect::<BTreeSet<_>>(),
        BTreeSet::from(directives)
    );
    let scripts: Vec<_> = html.split("<script").skip(1).collect();
    assert!(
        scripts.len() >= 2,
        "hydration, and what the page is made of: {html}"
    );
    for script in scripts {
        let tag = script.split('>').next().unwrap();
        assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{tag}: {policy}");
    }
    assert!(!html.contains(" style=") && !html.contains("<style"), "{html}");
}

#[tokio::test]
async fn every_answer_is_guarded() {
    let base = frontend(&nobody()).await;
    for path in ["/", "/style.css", "/nowhere", "/readyz"] {
        let headers = browser()
            .get(format!("{base}{path}"))
            .send()
            .await
            .unwrap()
            .headers()
            .clone();
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(headers[name], value, "{path}");
        }
        for name in ["content-security-policy", "permissions-policy"] {
            assert!(headers.contains_key(name), "{path}: {name}");
        }
        assert!(
            !headers.contains_key("strict-transport-security"),
            "{path}: not over plain HTTP"
        );
    }
    let request = browser().get(&base).header("x-forwarded-proto", "https");
    let answer = request.send().await.unwrap();
    assert!(answer.headers().contains_key("strict-transport-security"));
}

#[tokio::test]
async fn the_backend_learns_for_which_request_it_is_asked() {
    let (backend, url) = Backend::start().await;
    let base = frontend(&url).await;
    let trace = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01";
    let request = browser().get(&base).header("traceparent", trace);
    request.header(api::REQUEST_ID, "request-1").send().await.unwrap();
    assert_eq!(backend.received(api::REQUEST_ID), ["request-1"]);
    // Each server is a part of its own in the same trace.
    assert_eq!(backend.received("traceparent")[0][..36], trace[..36]);
}
