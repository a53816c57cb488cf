//! Pull requests by GitHub's API. Gitea took the shapes of these calls over, so one client serves both.

mod list;

use anyhow::Result;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use ureq::Agent;
use ureq::config::RedirectAuthHeaders;
use ureq::http::{Response, StatusCode};
use ureq::{Body, RequestBuilder};

use super::{Error, Forge, Open, Proposal};
use crate::ci::http::limited;
use crate::ci::settings::Hub;

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
        let answer = self.authorized(self.agent.post(&url)).send_json(body);
        let _: Value = read(answer, &format!("open a pull request at {url}"))?;
        Ok(())
    }

    fn close(&self, proposal: &Open, reason: &str) -> Result<()> {
        let url = self.url(&format!("pulls/{}", proposal.id));
        let answer = self
            .authorized(self.agent.patch(&url))
            .send_json(json!({ "state": "closed" }));
        let _: Value = read(answer, &format!("close the pull request {url}"))?;
        let url = self.url(&format!("issues/{}/comments", proposal.id));
        let answer = self
            .authorized(self.agent.post(&url))
            .send_json(json!({ "body": reason }));
        let _: Value = read(answer, &format!("say at {url} why it is closed"))?;
        Ok(())
    }
}

impl Client<'_> {
    fn url(&self, path: &str) -> String {
        format!("{}/repos/{}/{path}", self.hub.api, self.hub.repo)
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

fn read<T: DeserializeOwned>(answer: Result<Response<Body>, ureq::Error>, what: &str) -> Result<T, Error> {
    let what = what.to_owned();
    let mut response = match answer {
        Ok(response) => response,
        Err(error) => return Err(Error::of(what, &error)),
    };
    let status = response.status();
    if status.is_success() {
        return response
            .body_mut()
            .read_json()
            .map_err(|error| Error::of(what, &error));
    }
    let said = response.body_mut().read_to_string().unwrap_or_default();
    if let Some(wait) = limited(status, response.headers(), &said) {
        return Err(Error::Limited(what, wait));
    }
    let answer = format!("{status}: {}", said.trim());
    Err(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::Credentials(what, answer, "FORGE_TOKEN"),
        // Gitea's answer to a second pull request of a branch, and GitHub's.
        StatusCode::CONFLICT => Error::Exists,
        StatusCode::UNPROCESSABLE_ENTITY if said.contains("already exists") => Error::Exists,
        StatusCode::NOT_FOUND => Error::Missing(what, answer),
        status if status.is_server_error() => Error::Unreachable(what, answer),
        _ => Error::Unexpected(what, answer),
    })
}
