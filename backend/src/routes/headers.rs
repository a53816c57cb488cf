//! Request headers that decide whether a write is done.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use crate::error::ApiError;
use crate::store::Expected;

const LONGEST_KEY: usize = 255;

/// The header [`api::IDEMPOTENCY_KEY`], where a client sends one.
#[derive(Debug)]
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        key(&parts.headers).map(Self)
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut keys = headers.get_all(api::IDEMPOTENCY_KEY).iter();
    let Some(key) = keys.next() else {
        return Ok(None);
    };
    let key = key.to_str().map_err(|_| ApiError::Key)?;
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if !visible || !(1..=LONGEST_KEY).contains(&key.len()) || keys.next().is_some() {
        return Err(ApiError::Key);
    }
    Ok(Some(key.to_owned()))
}

/// The header `If-Match`, without which nothing is changed: two people who edit the same message
/// must not overwrite each other unseen.
#[derive(Debug)]
pub(crate) struct IfMatch(pub(crate) Expected);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        expected(&parts.headers).map(Self).ok_or(ApiError::NoIfMatch)
    }
}

/// `None` without the header. A tag that no message can have, as a weak one, is one that does not
/// match.
fn expected(headers: &HeaderMap) -> Option<Expected> {
    let mut lines = headers.get_all(header::IF_MATCH).iter().peekable();
    lines.peek()?;
    let tags = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim);
    let mut revisions = Vec::new();
    for tag in tags {
        if tag == "*" {
            return Some(Expected::Any);
        }
        // Compared as written: "01" is not the tag of revision 1.
        let revision = tag.trim_matches('"').parse().ok();
        revisions.extend(revision.filter(|revision| api::etag(*revision) == tag));
    }
    Some(Expected::Revisions(revisions))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn headers(name: &str, values: &[&str]) -> HeaderMap {
        let name: HeaderName = name.parse().unwrap();
        let pair = |value: &&str| (name.clone(), value.parse().unwrap());
        values.iter().map(pair).collect()
    }

    #[test]
    fn keys_are_visible_ascii_of_bounded_length() {
        let key = |values: &[&str]| key(&headers(api::IDEMPOTENCY_KEY, values)).ok();
        let long = "k".repeat(LONGEST_KEY + 1);
        assert_eq!(key(&[]), Some(None));
        assert_eq!(key(&["a~!"]), Some(Some("a~!".to_owned())));
        assert_eq!(key(&[&long[1..]]), Some(Some(long[1..].to_owned())));
        for bad in [&[""][..], &["a b"], &["ä"], &[&long], &["a", "a"]] {
            assert_eq!(key(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn if_match_compares_strongly() {
        let expected = |values: &[&str]| expected(&headers("if-match", values));
        let revisions = |revisions: &[u32]| Some(Expected::Revisions(revisions.to_vec()));
        assert_eq!(expected(&[]), None);
        assert_eq!(expected(&["*"]), Some(Expected::Any));
        assert_eq!(expected(&[r#""1""#]), revisions(&[1]));
        assert_eq!(expected(&[r#""1", "2""#, r#""7""#]), revisions(&[1, 2, 7]));
        for never in ["", "1", r#""01""#, r#"W/"1""#, r#""-1""#, r#""x""#] {
            assert_eq!(expected(&[never]), revisions(&[]), "{never}");
        }
    }
}
