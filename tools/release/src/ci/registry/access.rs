//! How a registry is told who asks. It says itself what it wants: a password with each request
//! (Basic), or a token that somebody else gives for the password or, where everybody may read, for
//! nothing (Bearer). The latter as the distribution API has it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http_auth::parser::ChallengeParser;
use serde::Deserialize;
use ureq::Agent;
use ureq::http::{HeaderMap, StatusCode};

use super::{Error, failed};
use crate::ci::settings;

/// What was learned of a registry. Holds secrets, so it has no `Debug`.
#[derive(Default)]
pub(super) struct Access(Mutex<Authentication>);

#[derive(Default)]
struct Authentication {
    /// What it wants; `None`: it was not asked yet.
    wants: Option<Wants>,
    /// By scope.
    tokens: HashMap<String, String>,
}

/// What a registry says in the answer to whom it does not know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Wants {
    /// A password with each request.
    basic: bool,
    bearer: Option<Bearer>,
}

/// Who gives tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bearer {
    realm: String,
    service: Option<String>,
    /// What the token has to be good for, if the registry says so.
    scope: Option<String>,
}

/// Both names are in use; servers may fill one, or both.
#[derive(Deserialize)]
struct Given {
    token: Option<String>,
    access_token: Option<String>,
}

/// Who asks, and whom.
pub(super) struct Asker<'a> {
    pub(super) agent: &'a Agent,
    pub(super) settings: &'a settings::Registry,
}

impl Access {
    /// The `Authorization` of a first request for `scope`.
    pub(super) fn at_first(&self, asker: &Asker<'_>, scope: &str) -> Result<Option<String>, Error> {
        if let Some(token) = self.known().tokens.get(scope) {
            return Ok(Some(format!("Bearer {token}")));
        }
        let Some(basic) = asker.basic() else {
            // Whoever lets everybody read need not be asked for more.
            return match self.bearer() {
                Some(bearer) => self.token(asker, &bearer, scope, scope).map(Some),
                None => Ok(None),
            };
        };
        match self.wants(asker)? {
            Wants {
                basic: false,
                bearer: Some(bearer),
            } => self.token(asker, &bearer, scope, scope).map(Some),
            _ => Ok(Some(basic)),
        }
    }

    /// That of a second request, after an answer with these headers to one with the `Authorization`
    /// `first`; `None`: there is no other. A token may have expired, or the registry wants more
    /// than it said at first.
    pub(super) fn after_refusal(
        &self,
        asker: &Asker<'_>,
        headers: &HeaderMap,
        first: Option<&str>,
        scope: &str,
    ) -> Result<Option<String>, Error> {
        let wants = Wants::of(headers);
        self.known().tokens.remove(scope);
        if wants.basic && first.is_none_or(|first| !first.starts_with("Basic ")) && asker.basic().is_some() {
            return Ok(asker.basic());
        }
        let Some(bearer) = wants.bearer else {
            return Ok(None);
        };
        // Here it speaks of this request; what it says where nothing was asked for may be any
        // scope.
        let of = bearer.scope.as_deref().unwrap_or(scope);
        let token = self.token(asker, &bearer, of, scope)?;
        self.known().wants.get_or_insert_default().bearer = Some(bearer);
        Ok(Some(token))
    }

    fn wants(&self, asker: &Asker<'_>) -> Result<Wants, Error> {
        if let Some(wants) = &self.known().wants {
            return Ok(wants.clone());
        }
        let url = format!("{}/v2/", asker.settings.base());
        let answer = asker
            .agent
            .get(&url)
            .call()
            .map_err(|error| failed(&url, &error))?;
        let wants = match answer.status() {
            StatusCode::UNAUTHORIZED => Wants::of(answer.headers()),
            _ => Wants::default(),
        };
        self.known().wants = Some(wants.clone());
        Ok(wants)
    }

    fn bearer(&self) -> Option<Bearer> {
        self.known().wants.as_ref()?.bearer.clone()
    }

    /// Asks for a token good for `of`, and keeps it for `scope` until it is refused.
    fn token(&self, asker: &Asker<'_>, bearer: &Bearer, of: &str, scope: &str) -> Result<String, Error> {
        let token = asker.token(bearer, of)?;
        let header = format!("Bearer {token}");
        self.known().tokens.insert(scope.to_owned(), token);
        Ok(header)
    }

    fn known(&self) -> MutexGuard<'_, Authentication> {
        // What is in there is whole at any time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asker<'_> {
    fn basic(&self) -> Option<String> {
        let (user, password) = self.settings.credentials.as_ref()?;
        Some(format!(
            "Basic {}",
            BASE64_STANDARD.encode(format!("{user}:{password}"))
        ))
    }

    fn token(&self, bearer: &Bearer, scope: &str) -> Result<String, Error> {
        let realm = &bearer.realm;
        let is_safe =
            realm.starts_with("https://") || (self.settings.insecure && realm.starts_with("http://"));
        if !is_safe {
            let what = format!(
                "tokens are to be had at `{realm}`, which is no https address, so no password is sent there"
            );
            return Err(Error::Unexpected(self.settings.base(), what));
        }
        let mut request = self.agent.get(realm);
        if let Some(service) = &bearer.service {
            request = request.query("service", service);
        }
        for one in scope.split_ascii_whitespace() {
            request = request.query("scope", one);
        }
        if let (Some((user, _)), Some(basic)) = (&self.settings.credentials, self.basic()) {
            request = request.query("account", user).header("Authorization", basic);
        }
        let mut answer = request.call().map_err(|error| failed(realm, &error))?;
        if answer.status() != StatusCode::OK {
            return Err(Error::of(realm.clone(), &answer));
        }
        let unexpected = |error: String| Error::Unexpected(realm.clone(), error);
        let given: Given = answer
            .body_mut()
            .read_json()
            .map_err(|error| unexpected(error.to_string()))?;
        let tokens = [given.token, given.access_token].into_iter().flatten();
        let token = tokens.into_iter().find(|token| !token.is_empty());
        token.ok_or_else(|| unexpected("no token in it".to_owned()))
    }
}

impl Wants {
    /// Every header may hold several, each with values that hold commas.
    fn of(headers: &HeaderMap) -> Self {
        let mut wants = Self::default();
        let texts = headers
            .get_all("WWW-Authenticate")
            .iter()
            .filter_map(|value| value.to_str().ok());
        // What follows a challenge that cannot be read cannot either.
        for challenge in texts.flat_map(|text| ChallengeParser::new(text).map_while(Result::ok)) {
            let value = |name: &str| {
                let is_it = |(key, _): &&(&str, _)| key.eq_ignore_ascii_case(name);
                let (_, value) = challenge.params.iter().find(is_it)?;
                Some(value.to_unescaped()).filter(|value| !value.is_empty())
            };
            if challenge.scheme.eq_ignore_ascii_case("basic") {
                wants.basic = true;
            } else if challenge.scheme.eq_ignore_ascii_case("bearer")
                && let (None, Some(realm)) = (&wants.bearer, value("realm"))
            {
                wants.bearer = Some(Bearer {
                    realm,
                    service: value("service"),
                    scope: value("scope"),
                });
            }
        }
        wants
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(headers: &[&str]) -> Wants {
        let mut map = HeaderMap::new();
        for value in headers {
            map.append("WWW-Authenticate", value.parse().unwrap());
        }
        Wants::of(&map)
    }

    #[test]
    fn a_challenge_is_read_in_any_form() {
        let bearer = |scope: Option<&str>| {
            Some(Bearer {
                realm: "https://auth.example/token".to_owned(),
                service: Some("registry.example".to_owned()),
                scope: scope.map(str::to_owned),
            })
        };
        let hub = r#"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push""#;
        let short = r#"bearer Realm="https://auth.example/token", service=registry.example"#;
        for (headers, basic, wanted) in [
            (vec![hub], false, bearer(Some("repository:a/b:pull,push"))),
            (vec![short], false, bearer(None)),
            (
                vec![r#"Basic realm="a, b", charset="UTF-8""#, short],
                true,
                bearer(None),
            ),
            (
                vec![&format!(r#"Digest realm="x", nonce="Bearer realm=", {short}"#)],
                false,
                bearer(None),
            ),
            (
                vec![&format!(r#"Basic realm="Bearer realm=\"no\"", {hub}"#)],
                true,
                bearer(Some("repository:a/b:pull,push")),
            ),
            (
                vec![&format!(r#"{short}, scope="", error="invalid_token""#)],
                false,
                bearer(None),
            ),
            (vec![r#"Bearer service="no realm""#], false, None),
            (vec!["Negotiate", "=nonsense=", r#"Basic realm="r""#], true, None),
            (vec![], false, None),
        ] {
            assert_eq!(
                wants(&headers),
                Wants {
                    basic,
                    bearer: wanted
                },
                "{headers:?}"
            );
        }
    }
}
