//! What a forge's API has answered: JSON, or why there is none.

use serde::de::DeserializeOwned;
use ureq::Body;
use ureq::http::{Response, StatusCode};

use super::Error;
use crate::ci::http::{header, limited};

pub(super) fn read<T: DeserializeOwned>(
    answer: Result<Response<Body>, ureq::Error>,
    what: &str,
) -> Result<T, Error> {
    let what = what.to_owned();
    let mut response = match answer {
        Ok(response) => response,
        Err(error) => return Err(Error::of(what, &error)),
    };
    let status = response.status();
    if status.is_success() {
        return response.body_mut().read_json().map_err(|error| match error {
            ureq::Error::Json(why) => Error::Unexpected(
                what,
                format!("{status} and no JSON of its API ({why}); check FORGE_API, or run the verb again"),
            ),
            error => Error::of(what, &error),
        });
    }
    let said = response.body_mut().read_to_string().unwrap_or_default();
    if let Some(wait) = limited(status, response.headers(), &said) {
        return Err(Error::Limited(what, wait));
    }
    let to = header(response.headers(), "Location").map(|location| format!(" to {location}"));
    let answer = format!("{status}{}: {}", to.unwrap_or_default(), said.trim());
    Err(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::Credentials(what, answer, "FORGE_TOKEN"),
        // Gitea's answer to a second pull request of a branch, and GitHub's.
        StatusCode::CONFLICT => Error::Exists,
        StatusCode::UNPROCESSABLE_ENTITY if said.contains("already exists") => Error::Exists,
        status if status == StatusCode::NOT_FOUND || status.is_redirection() => Error::Missing(what, answer),
        status if status.is_server_error() => Error::Unreachable(what, answer),
        _ => Error::Unexpected(what, answer),
    })
}
