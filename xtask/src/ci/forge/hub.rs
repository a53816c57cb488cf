//! Pull requests by GitHub's API. Gitea took the shapes of these calls over, so one client serves both.

use anyhow::Result;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{Response, StatusCode};
use ureq::{Body, RequestBuilder};

use super::{Error, Forge, Open, Proposal};
use crate::ci::settings::{Hub, HubKind};

/// Pull requests per page; both forges allow this many.
const PAGE: usize = 50;

pub(crate) struct Client<'a> {
    pub(crate) agent: &'a Agent,
    pub(crate) hub: &'a Hub,
}

#[derive(Debug, Deserialize)]
struct PullRequest {
    number: u64,
    html_url: String,
    head: Head,
}

#[derive(Debug, Deserialize)]
struct Head {
    /// The branch's name.
    #[serde(rename = "ref")]
    branch: String,
}

impl Forge for Client<'_> {
    fn open_proposals(&self, prefix: &str) -> Result<Vec<Open>> {
        let mut all = Vec::new();
        let size = match self.hub.kind {
            HubKind::Gitea => "limit",
            HubKind::GitHub => "per_page",
        };
        for page in 1.. {
            let url = self.url(&format!("pulls?state=open&{size}={PAGE}&page={page}"));
            let answer = self.authorized(self.agent.get(&url)).call();
            let found: Vec<PullRequest> = read(answer, &format!("list open pull requests at {url}"))?;
            let last = found.len() < PAGE;
            all.extend(
                found
                    .into_iter()
                    .filter(|found| found.head.branch.starts_with(prefix)),
            );
            if last {
                break;
            }
        }
        let open = |found: PullRequest| Open {
            id: found.number.to_string(),
            branch: found.head.branch,
            place: found.html_url,
        };
        Ok(all.into_iter().map(open).collect())
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
        request.header("Authorization", format!("token {}", self.hub.token))
    }
}

fn read<T: DeserializeOwned>(answer: Result<Response<Body>, ureq::Error>, what: &str) -> Result<T, Error> {
    let what = what.to_owned();
    let mut response = match answer {
        Ok(response) => response,
        Err(error) => return Err(Error::Unreachable(what, error.to_string())),
    };
    let status = response.status();
    let body = response.body_mut();
    if status.is_success() {
        return body
            .read_json()
            .map_err(|error| Error::Unexpected(what, error.to_string()));
    }
    let said = body.read_to_string().unwrap_or_default();
    let answer = format!("{status}: {}", said.trim());
    Err(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::Credentials(what, answer, "FORGE_TOKEN"),
        // Gitea's answer to a second pull request of a branch, and GitHub's.
        StatusCode::CONFLICT => Error::Exists,
        StatusCode::UNPROCESSABLE_ENTITY if said.contains("already exists") => Error::Exists,
        status if status.is_server_error() => Error::Unreachable(what, answer),
        _ => Error::Unexpected(what, answer),
    })
}
