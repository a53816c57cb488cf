//! Keys of a role, and by what they are asked for: `AssumeRoleWithWebIdentity` for the token of a
//! service account, `AssumeRole` for the keys of another role.

use std::collections::HashMap;
use std::time::Duration;

use hyper::Request;
use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;

use crate::refusal::Refusal;
use crate::role::Role;

const BY_TOKEN: &str = "AssumeRoleWithWebIdentity";
const BY_ROLE: &str = "AssumeRole";
/// What is read of such a request. Another field would make the keys less than the emulator gives.
const KNOWN: [&str; 6] = [
    "Action",
    "Version",
    "RoleArn",
    "RoleSessionName",
    "DurationSeconds",
    "WebIdentityToken",
];
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
    pub(crate) by: By,
    pub(crate) lifetime: Duration,
}

/// By what whoever asks shows who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum By {
    /// The token of a service account.
    Token(String),
    /// The keys of a role, with which the request is signed.
    Role,
}

impl Asked {
    /// Reads it from a request; nothing if this is another one.
    pub(crate) fn of(request: &Request<Bytes>) -> Option<Result<Self, Refusal>> {
        let fields = form(request)?;
        let action = fields.get("Action").map(String::as_str);
        (action == Some(BY_TOKEN) || action == Some(BY_ROLE)).then(|| Self::read(&fields))
    }

    /// What the emulator is asked for. Made anew of what was read: it is to see nothing else.
    pub(crate) fn fields(&self) -> Vec<(&'static str, String)> {
        let (action, token) = match &self.by {
            By::Token(token) => (BY_TOKEN, Some(("WebIdentityToken", token.clone()))),
            By::Role => (BY_ROLE, None),
        };
        let fields = [
            ("Action", action.to_owned()),
            ("Version", "2011-06-15".to_owned()),
            ("RoleArn", self.arn.clone()),
            ("RoleSessionName", self.session.clone()),
            ("DurationSeconds", self.lifetime.as_secs().to_string()),
        ];
        fields.into_iter().chain(token).collect()
    }

    fn read(fields: &HashMap<String, String>) -> Result<Self, Refusal> {
        let needed = |name: &str| {
            let value = fields.get(name).filter(|value| !value.is_empty());
            value
                .cloned()
                .ok_or_else(|| Refusal::validation(format!("{name} is missing")))
        };
        if let Some(unknown) = fields.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            return Err(Refusal::validation(format!("{unknown} is not known here")));
        }
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
        let by = if fields["Action"] == BY_TOKEN {
            By::Token(needed("WebIdentityToken")?)
        } else {
            By::Role
        };
        Ok(Self {
            role: Role::parse(&arn).map_err(|error| Refusal::validation(error.to_string()))?,
            arn,
            session,
            by,
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
        assert_eq!(read.role.name, "backend");
        assert_eq!(read.by, By::Token("t".to_owned()));
        assert_eq!(read.lifetime, Duration::from_hours(1));
        for (more, named) in [
            ("&DurationSeconds=7200", "DurationSeconds"),
            ("&DurationSeconds=x", "DurationSeconds"),
            ("&Policy=x", "Policy"),
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
            let refusal = asked(&form.replace(part, "Version=y")).unwrap().unwrap_err();
            assert!(refusal.message.contains(named), "{refusal}");
        }
    }

    #[test]
    fn a_role_asks_for_another_one_without_a_token() {
        let form = "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fbackend&RoleSessionName=s1&DurationSeconds=900";
        let read = asked(form).unwrap().unwrap();
        assert_eq!(read.by, By::Role);
        let told = read.fields();
        assert!(told.contains(&("Action", BY_ROLE.to_owned())), "{told:?}");
        assert!(
            !told.iter().any(|(name, _)| *name == "WebIdentityToken"),
            "{told:?}"
        );
        assert!(asked(&form.replace("RoleArn", "x")).unwrap().is_err());
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
