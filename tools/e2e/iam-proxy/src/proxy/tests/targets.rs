//! The way into the targets of a hub: one role takes on another, and an API server hears who that
//! is.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::Request;
use serde_json::json;

use super::bench::{Bench, KEY, KEY_OF_TARGET, ROLE, TARGET, TRUSTING};
use crate::credentials::Key;
use crate::signature::tests::presigned;

#[tokio::test]
async fn a_role_takes_on_another_one_that_trusts_it_and_no_other() {
    let bench = Bench::new().await;
    let (status, _) = bench.chain(KEY, TARGET).await;
    assert_eq!(status, 403, "a key that nobody has yet");
    bench.assume(ROLE, &bench.issuer.token()).await;
    assert_eq!(bench.chain(KEY, TARGET).await.0, 200);
    assert_eq!(
        bench.chain(KEY_OF_TARGET, TARGET).await.0,
        403,
        "it does not trust itself"
    );
    for (what, role) in [
        ("trusts tokens alone", ROLE),
        ("trusts the role, which may not assume it", TRUSTING),
        (
            "has a path that no role here has",
            "arn:aws:iam::1:role/target/trusting",
        ),
        ("is not there, and not allowed", "arn:aws:iam::1:role/none"),
    ] {
        let (status, answer) = bench.chain(KEY, role).await;
        let named = "is not authorized to perform: sts:AssumeRole on resource: ";
        assert!(
            status == 403 && answer.contains("<Code>AccessDenied</Code>") && answer.contains(named),
            "{what}: {status} {answer}"
        );
    }
}

#[tokio::test]
async fn an_api_server_hears_who_has_signed_a_token_for_its_cluster() {
    let bench = Bench::new().await;
    bench.assume(ROLE, &bench.issuer.token()).await;
    bench.chain(KEY, TARGET).await;
    let token = |key: &str, secret: &str, host: &str, cluster: &str| {
        let (id, secret) = (key.to_owned(), secret.to_owned());
        let url = presigned(host, &Key { id, secret }, &[("x-k8s-aws-id", cluster)]);
        format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url))
    };
    let right = token(KEY_OF_TARGET, "secret", "sts", "blue");
    let review = bench.review("blue", &right).await;
    assert_eq!(review["apiVersion"], "authentication.k8s.io/v1");
    let user = json!({
        "username": "arn:aws:sts::1:assumed-role/target/s2", "groups": ["argocd-hub"],
    });
    assert_eq!(review["status"], json!({"authenticated": true, "user": user}));
    for (cluster, token, why) in [
        ("green", &right, "its signature is another one"),
        (
            "blue",
            &token(KEY_OF_TARGET, "guessed", "sts", "blue"),
            "its signature is another one",
        ),
        (
            "blue",
            &token(KEY_OF_TARGET, "secret", "other", "blue"),
            "it is for other",
        ),
        (
            "blue",
            &token("ASIAOTHER", "secret", "sts", "blue"),
            "security token included",
        ),
        (
            "blue",
            &token(KEY, "secret", "sts", "blue"),
            "no access entry is for",
        ),
        (
            "empty",
            &token(KEY_OF_TARGET, "secret", "sts", "empty"),
            "no access entry is for",
        ),
        (
            "none",
            &token(KEY_OF_TARGET, "secret", "sts", "none"),
            "no access entry is for",
        ),
        ("blue", &"k8s-aws-v1.?".to_owned(), "decode it"),
        ("blue", &bench.issuer.token(), "it is no token of AWS"),
    ] {
        let status = bench.review(cluster, token).await["status"].clone();
        assert_eq!(status["authenticated"], false, "{why}");
        assert!(status["user"].is_null());
        let error = status["error"].as_str().unwrap();
        assert!(error.contains(why), "{error}");
    }
}

#[tokio::test]
async fn a_review_that_is_none_is_answered_too() {
    let bench = Bench::new().await;
    for body in ["", "[]", r#"{"spec": "x"}"#] {
        let request = Request::post("/clusters/blue/authenticate").header("host", "sts");
        let (status, answer) = bench.ask(request, body).await;
        assert!(
            status == 200 && answer.contains("\"authenticated\":false"),
            "{status} {answer}"
        );
    }
}

#[tokio::test]
async fn a_target_is_no_role_for_the_token_of_an_account() {
    let bench = Bench::new().await;
    let (status, answer) = bench.assume(TARGET, &bench.issuer.token()).await;
    assert!(
        status == 403 && answer.contains("<Code>AccessDenied</Code>"),
        "{status} {answer}"
    );
}
