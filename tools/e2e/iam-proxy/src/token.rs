//! Tokens of service accounts, and the issuers whose tokens are believed.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use iam::trust::Token;
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header, get_current_timestamp};
use serde::Deserialize;

use crate::refusal::Refusal;

/// An issuer, as IAM knows it: an OIDC provider. Read from a file whenever a token comes, so that
/// one that is registered later, or has new keys, counts at once.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Provider {
    /// With `https://`.
    issuer: String,
    /// The audiences whose tokens are taken.
    client_ids: Vec<String>,
    /// What it signs with.
    jwks: JwkSet,
}

/// What is read of a token's claims.
#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: u64,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    /// The first that is one of `known`.
    fn among(&self, known: &[String]) -> Option<&str> {
        let all = match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        };
        all.iter()
            .find(|audience| known.contains(audience))
            .map(String::as_str)
    }
}

/// Every provider that there is a file for.
pub(crate) fn providers(folder: &Path) -> Result<Vec<Provider>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
        let path = entry
            .with_context(|| format!("list {}", folder.display()))?
            .path();
        let text = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        found.push(serde_json::from_slice(&text).with_context(|| format!("understand {}", path.display()))?);
    }
    Ok(found)
}

/// Who the bearer of a token is: signed by a provider's key, for one of its audiences, and not
/// expired.
pub(crate) fn verified(token: &str, providers: &[Provider]) -> Result<Token, Refusal> {
    let unread = |_| Refusal::invalid_token("The ID Token provided is not a valid JWT.");
    let header = decode_header(token).map_err(unread)?;
    let said: Claims = insecure_decode_claims(token).map_err(unread)?;
    let provider = providers.iter().find(|provider| provider.issuer == said.iss);
    let provider = provider.ok_or_else(|| {
        let issuer = &said.iss;
        Refusal::invalid_token(format!(
            "No OpenIDConnect provider found in your account for {issuer}"
        ))
    })?;
    let unknown = || Refusal::invalid_token("Couldn't retrieve verification key from your identity provider");
    let key = header.kid.as_deref().and_then(|kid| provider.jwks.find(kid));
    let key = key.ok_or_else(unknown)?;
    // The key says which algorithm it is for, not the token.
    let algorithm = key.common.key_algorithm.map(|algorithm| algorithm.to_string());
    let algorithm = algorithm.and_then(|name| name.parse().ok()).ok_or_else(unknown)?;
    let key = DecodingKey::from_jwk(key).map_err(|_| unknown())?;
    let mut rules = Validation::new(algorithm);
    rules.leeway = 0;
    rules.validate_nbf = true;
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    rules.set_issuer(&[&provider.issuer]);
    rules.set_audience(&provider.client_ids);
    let claims = decode::<Claims>(token, &key, &rules).map_err(|error| match error.kind() {
        ErrorKind::ExpiredSignature => Refusal::expired_token(get_current_timestamp(), said.exp),
        ErrorKind::InvalidAudience => Refusal::invalid_token("Incorrect token audience"),
        _ => Refusal::invalid_token("The web identity token could not be validated"),
    })?;
    let Claims { iss, sub, aud, .. } = claims.claims;
    let audience = aud.among(&provider.client_ids);
    let audience = audience.ok_or_else(|| Refusal::invalid_token("Incorrect token audience"))?;
    let issuer = iss.strip_prefix("https://").unwrap_or(&iss);
    Ok(Token::new(issuer, audience, &sub))
}

#[cfg(test)]
#[path = "token/tests.rs"]
mod tests;
