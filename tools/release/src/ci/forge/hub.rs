//! Pull requests by GitHub's API. Gitea took the shapes of these calls over, so one client serves
//! both.

mod list;
mod statuses;

use anyhow::Result;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use ureq::Agent;
use ureq::config::RedirectAuthHeaders;
use ureq::http::{Response, StatusCode};
use ureq::typestate::WithBody;
use ureq::{Body, RequestBuilder};

use super::{Error, Forge, Open, Proposal, Status};
use crate::ci::http::{header, limited};
use crate::ci::settings::Hub;

/// A forge that sends on more often goes in circles.
const MOVES: usize = 3;

pub(crate) struct Client<'a> {
    pub(crate) agent: &'a Agent,
    pub(crate) hub: &'a Hub,
}

impl Forge for Client<'_> {
    fn open_proposals(&self, prefix: &str) -> Result<Vec<Open>> {
        Ok(self.list(prefix)?)
    }

    fn open(&self, proposal: &Proposal) -> Result<(), Error> {
        let url = self.url("pulls");
        let body = json!({
            "head": proposal.branch,
            "base": proposal.base,
            "title": proposal.title,
            "body": proposal.text,
        });
        let answer = self.send(|url| self.agent.post(url), &url, &body);
        let _: Value = read(answer, &format!("open a pull request at {url}"))?;
        Ok(())
    }

    fn close(&self, proposal: &Open, reason: &str) -> Result<()> {
        let url = self.url(&format!("pulls/{}", proposal.id));
        let answer = self.send(|url| self.agent.patch(url), &url, &json!({ "state": "closed" }));
        let _: Value = read(answer, &format!("close the pull request {url}"))?;
        let url = self.url(&format!("issues/{}/comments", proposal.id));
        let answer = self.send(|url| self.agent.post(url), &url, &json!({ "body": reason }));
        let _: Value = read(answer, &format!("say at {url} why it is closed"))?;
        Ok(())
    }

    fn statuses(&self, commit: &str) -> Result<Option<Vec<Status>>> {
        Ok(Some(self.statuses_of(commit)?))
    }
}

impl Client<'_> {
    fn url(&self, path: &str) -> String {
        format!("{}/repos/{}/{path}", self.hub.api, self.hub.repo)
    }

    /// Sends a change, and again to where the forge says that a renamed repository is: what has a
    /// body is sent on by no client.
    fn send(
        &self,
        request: impl Fn(&str) -> RequestBuilder<WithBody>,
        url: &str,
        body: &Value,
    ) -> Result<Response<Body>, ureq::Error> {
        let send = |url: &str| {
            let request = self.authorized(request(url)).config().max_redirects(0);
            request.build().send_json(body)
        };
        let mut answer = send(url)?;
        for _ in 0..MOVES {
            let Some(there) = self.moved_to(&answer) else {
                break;
            };
            answer = send(&there)?;
        }
        Ok(answer)
    }

    /// Where the answer says that what was asked for is, on the same host.
    fn moved_to(&self, answer: &Response<Body>) -> Option<String> {
        let location = header(answer.headers(), "Location").filter(|_| answer.status().is_redirection())?;
        let host = self.hub.api.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        if location.starts_with('/') && !location.starts_with("//") {
            return Some(host + location);
        }
        location.starts_with(&(host + "/")).then(|| location.to_owned())
    }

    fn authorized<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        let request = request.header("Authorization", format!("token {}", self.hub.token));
        // A repository that was renamed is found by a redirect within the forge.
        let config = request
            .config()
            .redirect_auth_headers(RedirectAuthHeaders::SameHost);
        config.build()
    }
}

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
