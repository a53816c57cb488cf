//! Signatures of another program, and what is wrong with others.

use super::*;
use crate::credentials::Key;

/// Made by botocore 1.43.11 at 2026-01-01T00:00:00Z with the secret `secret`.
const URL: &str = concat!(
    "http://sts/?Action=GetCallerIdentity&Version=2011-06-15",
    "&X-Amz-Algorithm=AWS4-HMAC-SHA256",
    "&X-Amz-Credential=ASIAKEY%2F20260101%2Feu-central-1%2Fsts%2Faws4_request",
    "&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60",
    "&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Security-Token=session%2Ftoken%2B%3D",
    "&X-Amz-Signature=17923da76cf798839f0021fda4ef18409e85922db6dd42a74d5db0421bb24ab5",
);

/// A question to the STS at `host` who somebody is, signed now.
pub(crate) fn presigned(host: &str, key: &Key, headers: &[(&str, &str)]) -> String {
    let date = OffsetDateTime::now_utc().format(TIME).unwrap();
    let day = &date[..8];
    let names: Vec<_> = std::iter::once("host")
        .chain(headers.iter().map(|(name, _)| *name))
        .collect();
    let fields = [
        ("Action", "GetCallerIdentity".to_owned()),
        ("X-Amz-Algorithm", ALGORITHM.to_owned()),
        ("X-Amz-Credential", format!("{}/{day}/r/sts/aws4_request", key.id)),
        ("X-Amz-Date", date.clone()),
        ("X-Amz-SignedHeaders", names.join(";")),
    ];
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let url = format!("http://{host}/?{query}");
    let unsigned = Presigned::read(&url).unwrap();
    let (with, signed) = unsigned
        .signed(&key.secret, headers, &unsigned.scope().unwrap())
        .unwrap();
    format!(
        "{url}&{SIGNATURE}={}",
        hex(hmac::sign(&with, signed.as_bytes()).as_ref())
    )
}

fn verified(url: &str, secret: &str, cluster: &str, seconds: i64) -> Result<()> {
    let at = Presigned::read(URL).unwrap().signed_at().unwrap();
    let now = at + Duration::seconds(seconds);
    Presigned::read(url)?.verify(secret, &[("x-k8s-aws-id", cluster)], (now, Duration::minutes(15)))
}

#[test]
fn what_a_client_of_aws_has_signed_counts_as_long_as_it_may() {
    verified(URL, "secret", "blue", 0).unwrap();
    verified(URL, "secret", "blue", 899).unwrap();
    let refused = |url: &str, secret: &str, cluster: &str, seconds: i64| {
        verified(url, secret, cluster, seconds).unwrap_err().to_string()
    };
    assert_eq!(refused(URL, "secret", "blue", 900), "it has expired");
    assert_eq!(refused(URL, "secret", "blue", -61), "it was signed in the future");
    for (what, url, secret, cluster) in [
        ("another secret", URL.to_owned(), "other", "blue"),
        ("another cluster", URL.to_owned(), "secret", "green"),
        ("another host", URL.replace("//sts", "//sts2"), "secret", "blue"),
        ("another field", format!("{URL}&x=y"), "secret", "blue"),
        (
            "another action",
            URL.replace("GetCallerIdentity", "AssumeRole"),
            "secret",
            "blue",
        ),
    ] {
        let error = refused(&url, secret, cluster, 1);
        assert_eq!(error, "its signature is another one", "{what}");
    }
    let day = URL.replace("%2F20260101%2F", "%2F20260102%2F");
    assert_eq!(refused(&day, "secret", "blue", 1), "its key is for another day");
}

#[test]
fn what_is_no_signed_question_is_named() {
    for (url, named) in [
        ("/", "no host"),
        ("http://sts/other", "for the path /other"),
        ("http://sts/?a=1&a=2", "twice"),
        ("http://sts/", "X-Amz-Algorithm"),
    ] {
        let error = verified(url, "secret", "blue", 0).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
    let unsigned = URL.replace("host%3Bx-k8s-aws-id", "host");
    let error = verified(&unsigned, "secret", "blue", 0).unwrap_err().to_string();
    assert_eq!(error, "its x-k8s-aws-id is not signed");
}
