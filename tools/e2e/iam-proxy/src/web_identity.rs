//! `AssumeRoleWithWebIdentity`: keys of a role for the token of a service account.

use std::collections::HashMap;
use std::time::Duration;

use hyper::Request;
use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;

use crate::refusal::Refusal;
use crate::role::Role;

const ACTION: &str = "AssumeRoleWithWebIdentity";
/// As long as keys count if nobody asks for another time.
const HOUR: u64 = 3600;
const SHORTEST: u64 = 900;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// As it was named.
    pub(crate) arn: String,
    pub(crate) role: Role,
    pub(crate) session: String,
    pub(crate) token: String,
    pub(crate) lifetime: Duration,
}

impl Asked {
    /// Reads it from a request; nothing if this is another one.
    pub(crate) fn of(request: &Request<Bytes>) -> Option<Result<Self, Refusal>> {
        let fields = form(request)?;
        (fields.get("Action").map(String::as_str) == Some(ACTION)).then(|| Self::read(&fields))
    }

    fn read(fields: &HashMap<String, String>) -> Result<Self, Refusal> {
        let needed = |name: &str| {
            let value = fields.get(name).filter(|value| !value.is_empty());
            value
                .cloned()
                .ok_or_else(|| Refusal::validation(format!("{name} is missing")))
        };
        let (arn, session) = (needed("RoleArn")?, needed("RoleSessionName")?);
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        if !(2..=64).contains(&session.len()) || !session.chars().all(allowed) {
            return Err(Refusal::validation("RoleSessionName is not as it may be"));
        }
        let lifetime = match fields.get("DurationSeconds") {
            None => Ok(HOUR),
            Some(text) => text
                .parse()
                .ok()
                .filter(|time| (SHORTEST..=HOUR).contains(time))
                .ok_or_else(|| {
                    let message = format!("DurationSeconds is not between {SHORTEST} and the role's {HOUR}");
                    Refusal::validation(message)
                }),
        };
        Ok(Self {
            role: Role::parse(&arn).map_err(|error| Refusal::validation(error.to_string()))?,
            arn,
            session,
            token: needed("WebIdentityToken")?,
            lifetime: Duration::from_secs(lifetime?),
        })
    }
}

/// The fields of a form; nothing if a request has none, or names one twice.
pub(crate) fn form(request: &Request<Bytes>) -> Option<HashMap<String, String>> {
    let kind = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    if !kind.starts_with("application/x-www-form-urlencoded") || request.uri().query().is_some() {
        return None;
    }
    let mut fields = HashMap::new();
    for (name, value) in form_urlencoded::parse(request.body()) {
        if fields.insert(name.into_owned(), value.into_owned()).is_some() {
            return None;
        }
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(form: &str) -> Option<Result<Asked, Refusal>> {
        let request =
            Request::post("/").header(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8");
        Asked::of(&request.body(Bytes::from(form.to_owned())).unwrap())
    }

    #[test]
    fn what_is_asked_for_is_read() {
        let form = "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fbackend&WebIdentityToken=t&RoleSessionName=s1";
        let read = asked(form).unwrap().unwrap();
        assert_eq!((read.role.name.as_str(), read.token.as_str()), ("backend", "t"));
        assert_eq!(read.lifetime, Duration::from_hours(1));
        for (more, named) in [
            ("&DurationSeconds=7200", "DurationSeconds"),
            ("&DurationSeconds=x", "DurationSeconds"),
        ] {
            let refusal = asked(&format!("{form}{more}")).unwrap().unwrap_err();
            assert!(
                refusal.code == "ValidationError" && refusal.message.contains(named),
                "{refusal}"
            );
        }
        for (part, named) in [
            ("RoleArn=arn", "RoleArn"),
            ("WebIdentityToken=t", "WebIdentityToken"),
            ("=s1", "RoleSessionName"),
        ] {
            let refusal = asked(&form.replace(part, "x=y")).unwrap().unwrap_err();
            assert!(refusal.message.contains(named), "{refusal}");
        }
    }

    #[test]
    fn other_requests_are_none_of_it_nor_is_one_that_says_two_things() {
        assert!(asked("Action=GetCallerIdentity").is_none());
        assert!(asked("Action=AssumeRoleWithWebIdentity&RoleArn=a&RoleArn=b").is_none());
        let json = Request::post("/").header(CONTENT_TYPE, "application/x-amz-json-1.0");
        assert!(
            Asked::of(
                &json
                    .body(Bytes::from_static(b"Action=AssumeRoleWithWebIdentity"))
                    .unwrap()
            )
            .is_none()
        );
    }
}
