//! An issuer for tests, with a key of its own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::get_current_timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::crypto;

pub(crate) const ISSUER: &str = "https://oidc.internal/id/c";
pub(crate) const AWS: &str = "sts.amazonaws.com";

/// An issuer, and a token that it would sign.
pub(crate) struct Issuer {
    key: EcdsaKeyPair,
    pub(crate) claims: Value,
    pub(crate) header: Value,
}

impl Issuer {
    /// Its token is of the account `a` in the namespace `n`, for AWS.
    pub(crate) fn new() -> Self {
        crypto::install();
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let now = get_current_timestamp();
        Self {
            key: EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap(),
            claims: json!({
                "iss": ISSUER, "aud": [AWS], "sub": "system:serviceaccount:n:a", "nbf": now - 1, "exp": now + 60,
            }),
            header: json!({"alg": "ES256", "typ": "JWT", "kid": "k"}),
        }
    }

    /// The same with another claim.
    pub(crate) fn saying(mut self, claim: &str, value: impl Into<Value>) -> Self {
        self.claims[claim] = value.into();
        self
    }

    /// The same with another field of the header.
    pub(crate) fn with(mut self, field: &str, value: &str) -> Self {
        self.header[field] = value.into();
        self
    }

    pub(crate) fn token(&self) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&self.header), part(&self.claims));
        let signature = self.key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// As the provider's file has it.
    pub(crate) fn registered(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        let key = json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "k",
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        });
        json!({"issuer": ISSUER, "client_ids": [AWS], "jwks": {"keys": [key]}})
    }
}
