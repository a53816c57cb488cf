//! Whose tokens are believed.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::get_current_timestamp;
use serde_json::json;

use super::{providers, verified};
use crate::test_issuer::{AWS, Issuer};

impl Issuer {
    /// The code by which one who trusts `known` refuses the token; nothing if it is taken.
    fn refused_by(&self, known: &Self) -> Option<&'static str> {
        let providers = [serde_json::from_value(known.registered()).unwrap()];
        verified(&self.token(), &providers)
            .err()
            .map(|refusal| refusal.code)
    }

    fn refused(&self) -> Option<&'static str> {
        self.refused_by(self)
    }
}

#[test]
fn a_token_of_a_known_issuer_says_who_its_bearer_is() {
    let issuer = Issuer::new();
    let providers = [serde_json::from_value(issuer.registered()).unwrap()];
    let token = verified(&issuer.token(), &providers).unwrap();
    assert_eq!(token.issuer, "oidc.internal/id/c");
    assert_eq!(token.claims["sub"], "system:serviceaccount:n:a");
    assert_eq!(token.claims["aud"], AWS);
    // As text too, and one of several.
    for audience in [json!(AWS), json!(["other", AWS])] {
        assert_eq!(Issuer::new().saying("aud", audience).refused(), None);
    }
}

#[test]
fn what_is_not_signed_by_the_issuer_is_invalid() {
    let (issuer, stranger) = (Issuer::new(), Issuer::new());
    assert_eq!(stranger.refused_by(&issuer), Some("InvalidIdentityToken"));
    let [header, claims, signature] = parts(&issuer.token());
    let other = URL_SAFE_NO_PAD.encode(issuer.claims.to_string().replace(":n:a", ":n:b"));
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let hmac = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","kid":"k"}"#);
    let providers = [serde_json::from_value(issuer.registered()).unwrap()];
    for token in [
        format!("{header}.{other}.{signature}"),
        format!("{header}.{claims}."),
        format!("{none}.{claims}."),
        format!("{hmac}.{claims}.{signature}"),
        format!("{header}.{claims}"),
        "garbage".to_owned(),
        String::new(),
    ] {
        let refusal = verified(&token, &providers).unwrap_err();
        assert_eq!(refusal.code, "InvalidIdentityToken", "{token}");
    }
}

#[test]
fn issuer_audience_key_and_times_must_be_right() {
    let now = get_current_timestamp();
    for (issuer, code) in [
        (
            Issuer::new().saying("iss", "https://oidc.internal/id/d"),
            "InvalidIdentityToken",
        ),
        (
            Issuer::new().saying("aud", "https://kubernetes"),
            "InvalidIdentityToken",
        ),
        (Issuer::new().saying("nbf", now + 600), "InvalidIdentityToken"),
        (Issuer::new().saying("exp", "soon"), "InvalidIdentityToken"),
        (Issuer::new().saying("exp", now - 1), "ExpiredTokenException"),
        (Issuer::new().with("kid", "other"), "InvalidIdentityToken"),
        (Issuer::new().with("alg", "ES384"), "InvalidIdentityToken"),
    ] {
        assert_eq!(
            issuer.refused(),
            Some(code),
            "{} {}",
            issuer.header,
            issuer.claims
        );
    }
}

#[test]
fn a_provider_counts_as_soon_as_its_file_is_there() {
    let folder = tempfile::tempdir().unwrap();
    assert!(providers(folder.path()).unwrap().is_empty());
    let file = folder.path().join("c.json");
    fs::write(&file, Issuer::new().registered().to_string()).unwrap();
    assert_eq!(providers(folder.path()).unwrap().len(), 1);
    fs::write(&file, "{}").unwrap();
    let error = format!("{:#}", providers(folder.path()).unwrap_err());
    assert!(error.contains("c.json"), "{error}");
}

fn parts(token: &str) -> [String; 3] {
    let parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    parts.try_into().unwrap()
}
