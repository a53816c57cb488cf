//! The keys that were given out, and for which role.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use hyper::header::{AUTHORIZATION, HeaderMap};

use crate::refusal::Refusal;
use crate::role::Role;

/// A role that somebody has taken on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) role: Role,
    pub(crate) name: String,
    pub(crate) until: Instant,
}

impl Session {
    /// Whoever it is, as AWS names them.
    pub(crate) fn who(&self) -> String {
        self.role.assumed(&self.name)
    }
}

/// The two halves of a key that was given out.
#[derive(Clone)]
pub(crate) struct Key {
    /// What a request names.
    pub(crate) id: String,
    /// What it is signed with.
    pub(crate) secret: String,
}

/// All sessions and the secrets of their keys, by what names them.
#[derive(Default)]
pub(crate) struct Credentials(Mutex<HashMap<String, (Session, String)>>);

/// Without the secrets.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.lock().keys()).finish()
    }
}

impl Credentials {
    pub(crate) fn give(&self, key: Key, session: Session) {
        let mut given = self.lock();
        // Some remain, so that whoever comes late hears that it is late.
        given.retain(|_, (session, _)| session.until.elapsed() < LATE);
        given.insert(key.id, (session, key.secret));
    }

    /// Whose key signed a request.
    pub(crate) fn session(&self, key: &str, now: Instant) -> Result<Session, Refusal> {
        self.with_secret(key, now).map(|(session, _)| session)
    }

    /// The same, and what it must have been signed with.
    pub(crate) fn with_secret(&self, key: &str, now: Instant) -> Result<(Session, String), Refusal> {
        let (session, secret) = self.lock().get(key).cloned().ok_or_else(Refusal::unknown_key)?;
        if session.until <= now {
            return Err(Refusal::expired_key());
        }
        Ok((session, secret))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Session, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const LATE: std::time::Duration = std::time::Duration::from_hours(1);

/// What a signature is for: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) key: String,
    /// As `20260101`.
    pub(crate) date: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

impl Scope {
    /// Reads the line of a signed request.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut lines = headers.get_all(AUTHORIZATION).iter();
        let (Some(line), None) = (lines.next(), lines.next()) else {
            return Err(Refusal::unsigned());
        };
        let line = line.to_str().unwrap_or_default();
        let scope = line.strip_prefix("AWS4-HMAC-SHA256 ").and_then(|fields| {
            let mut fields = fields.split(',').map(str::trim);
            fields.find_map(|field| field.strip_prefix("Credential="))
        });
        Self::parse(scope.unwrap_or_default()).ok_or_else(Refusal::unsigned)
    }

    /// Reads `KEY/DATE/REGION/SERVICE/aws4_request`.
    pub(crate) fn parse(scope: &str) -> Option<Self> {
        let parts: Vec<_> = scope.split('/').collect();
        let [key, date, region, service, "aws4_request"] = parts.as_slice() else {
            return None;
        };
        Some(Self {
            key: (*key).to_owned(),
            date: (*date).to_owned(),
            region: (*region).to_owned(),
            service: (*service).to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_key_counts_for_its_role_until_it_expires() {
        let (credentials, now) = (Credentials::default(), Instant::now());
        let session = Session {
            role: Role::parse("arn:aws:iam::1:role/backend").unwrap(),
            name: "s".to_owned(),
            until: now + Duration::from_secs(10),
        };
        let key = Key {
            id: "KEY".to_owned(),
            secret: "secret".to_owned(),
        };
        credentials.give(key, session.clone());
        assert!(!format!("{credentials:?}").contains("secret"));
        assert_eq!(credentials.session("KEY", now).unwrap(), session);
        let code = |key: &str, later: u64| {
            let refused = credentials.session(key, now + Duration::from_secs(later));
            refused.unwrap_err().code
        };
        assert_eq!(code("KEY", 10), "ExpiredTokenException");
        assert_eq!(code("OTHER", 0), "UnrecognizedClientException");
    }

    #[test]
    fn the_scope_of_a_signature_is_read() {
        let scope = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(AUTHORIZATION, line.parse().unwrap());
            }
            Scope::of(&headers)
        };
        let line = "AWS4-HMAC-SHA256 Credential=KEY/20260101/r/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
        let read = scope(&[line]).unwrap();
        assert_eq!(
            (read.key.as_str(), read.region.as_str(), read.service.as_str()),
            ("KEY", "r", "dynamodb")
        );
        for other in [
            &[][..],
            &["Bearer x"],
            &["AWS4-HMAC-SHA256 Credential=KEY"],
            &[line, line],
        ] {
            assert_eq!(scope(other).unwrap_err().code, "MissingAuthenticationToken");
        }
    }
}
