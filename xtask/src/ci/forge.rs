//! Pull requests by the forge's API. Gitea took GitHub's shapes for these calls, so one client serves both.

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::ci::settings::{Forge, ForgeKind};

/// Pull requests per page; both forges allow this many.
const PAGE: usize = 50;

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PullRequest {
    pub(crate) number: u64,
    pub(crate) html_url: String,
    pub(crate) head: Head,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Head {
    /// The branch's name.
    #[serde(rename = "ref")]
    pub(crate) branch: String,
}

pub(crate) struct Client<'a> {
    pub(crate) agent: &'a Agent,
    pub(crate) forge: &'a Forge,
}

impl Client<'_> {
    pub(crate) fn open_pull_requests(&self) -> Result<Vec<PullRequest>> {
        let mut all: Vec<PullRequest> = Vec::new();
        let size = match self.forge.kind {
            ForgeKind::Gitea => "limit",
            ForgeKind::GitHub => "per_page",
        };
        for page in 1.. {
            let url = self.url(&format!("pulls?state=open&{size}={PAGE}&page={page}"));
            let request = self.agent.get(&url).header("Authorization", self.authorization());
            let found: Vec<PullRequest> = read(request.call(), &url, "list open pull requests")?;
            let last = found.len() < PAGE;
            all.extend(found);
            if last {
                break;
            }
        }
        Ok(all)
    }

    pub(crate) fn open(&self, branch: &str, base: &str, title: &str, text: &str) -> Result<PullRequest> {
        let url = self.url("pulls");
        let body = json!({ "head": branch, "base": base, "title": title, "body": text });
        let request = self
            .agent
            .post(&url)
            .header("Authorization", self.authorization());
        read(request.send_json(body), &url, "open a pull request")
    }

    pub(crate) fn close(&self, pull_request: &PullRequest, reason: &str) -> Result<()> {
        let comments = self.url(&format!("issues/{}/comments", pull_request.number));
        let request = self
            .agent
            .post(&comments)
            .header("Authorization", self.authorization());
        let _: Value = read(
            request.send_json(json!({ "body": reason })),
            &comments,
            "say why it is closed",
        )?;
        let url = self.url(&format!("pulls/{}", pull_request.number));
        let request = self
            .agent
            .patch(&url)
            .header("Authorization", self.authorization());
        let _: Value = read(
            request.send_json(json!({ "state": "closed" })),
            &url,
            "close a pull request",
        )?;
        Ok(())
    }

    fn url(&self, path: &str) -> String {
        format!("{}/repos/{}/{path}", self.forge.api, self.forge.repo)
    }

    fn authorization(&self) -> String {
        format!("token {}", self.forge.token)
    }
}

fn read<T: DeserializeOwned>(
    answer: Result<Response<Body>, ureq::Error>,
    url: &str,
    what: &str,
) -> Result<T> {
    let mut response = answer.with_context(|| format!("{what} at {url}"))?;
    let status = response.status();
    let body = response.body_mut();
    if status.is_success() {
        return body
            .read_json()
            .with_context(|| format!("{what}: {url} answers something unexpected"));
    }
    let said = body.read_to_string().unwrap_or_default();
    if matches!(status.as_u16(), 401 | 403) {
        bail!("{what}: {url} answers {status}; check FORGE_TOKEN and what it may do: {said}");
    }
    bail!("{what}: {url} answers {status}: {said}")
}
