//! Pull requests by GitHub's API. Gitea took the shapes of these calls over, so one client serves
//! both.

mod list;
mod statuses;

use anyhow::Result;
use serde_json::{Value, json};
use ureq::Agent;
use ureq::config::RedirectAuthHeaders;
use ureq::http::Response;
use ureq::typestate::WithBody;
use ureq::{Body, RequestBuilder};

use super::answer::read;
use super::{Error, Forge, Open, Proposal, Status};
use crate::ci::http::header;
use crate::ci::settings::GitHubApi;

/// A forge that sends on more often goes in circles.
const MOVES: usize = 3;

pub(crate) struct Client<'a> {
    pub(crate) agent: &'a Agent,
    pub(crate) settings: &'a GitHubApi,
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
        format!("{}/repos/{}/{path}", self.settings.api, self.settings.repo)
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
        let host: Vec<_> = self.settings.api.splitn(4, '/').take(3).collect();
        let host = host.join("/");
        if location.starts_with('/') && !location.starts_with("//") {
            return Some(host + location);
        }
        location.starts_with(&(host + "/")).then(|| location.to_owned())
    }

    fn authorized<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        let request = request.header("Authorization", format!("token {}", self.settings.token));
        // A repository that was renamed is found by a redirect within the forge.
        let config = request
            .config()
            .redirect_auth_headers(RedirectAuthHeaders::SameHost);
        config.build()
    }
}
