//! Commit statuses of GitLab. It sends no event for one that an outsider may hear without hearing
//! of the run that it starts as well, so the verifier starts the pipeline itself.

use anyhow::{Context as _, Error, Result};
use serde::Deserialize;
use serde_json::json;
use ureq::http::StatusCode;

use super::client::Client;
use super::{Forge, Token, description};
use crate::http::{Refusal, json, text};
use crate::settings::{ForgeSettings, NO_BRANCH};
use crate::soak::Word;

/// What GitLab says to a status that it has already.
const IS_SO: &str = "Cannot transition status";

/// GitLab, in the cloud or one's own.
pub(super) struct GitLab {
    client: Client,
    token: Token,
    project: String,
    /// The project with the files of CI.
    ci: String,
    /// The branch whose pipeline proposes to the environments behind; only the verifier has one.
    branch: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Reported {
    id: u64,
    name: String,
    status: String,
    description: Option<String>,
}

impl GitLab {
    pub(super) fn new(settings: &ForgeSettings, token: Token) -> Result<Self> {
        let client = Client::new(settings)?;
        let project = |path: &str| format!("{}/projects/{}", client.api, path.replace('/', "%2F"));
        let ci = settings.ci_repository.as_ref().unwrap_or(&settings.repository);
        Ok(Self {
            project: project(&settings.repository),
            ci: project(ci),
            branch: settings.branch.clone(),
            client,
            token,
        })
    }

    fn authorization(&self) -> Result<String> {
        Ok(format!("Bearer {}", (self.token)()?))
    }
}

impl Forge for GitLab {
    fn told(&self, name: &str, commit: &str) -> Result<Option<Word>> {
        let query = format!("name={}&per_page=100", name.replace('/', "%2F"));
        let url = format!("{}/repository/commits/{commit}/statuses?{query}", self.project);
        let request = self.client.agent.get(&url);
        let answer = request.header("Authorization", self.authorization()?).call();
        let statuses: Vec<Reported> = json(answer, &url)?;
        // Of several pipelines each has one.
        let ours = statuses.into_iter().filter(|status| status.name == name);
        Ok(ours.max_by_key(|status| status.id).and_then(Reported::word))
    }

    fn tell(&self, name: &str, commit: &str, word: &Word) -> Result<()> {
        let state = match word {
            Word::Pending(_) => "pending",
            Word::Success(_) => "success",
            Word::Failure(_) => "failed",
        };
        let url = format!("{}/statuses/{commit}", self.project);
        let request = self.client.agent.post(&url);
        let request = request.header("Authorization", self.authorization()?);
        let status = json!({ "state": state, "name": name, "description": description(word) });
        match text(request.send_json(status), &url) {
            Err(error) if is_so(&error) => Ok(()),
            told => told.map(drop),
        }
    }

    // wing: previews
    fn unlabel(&self, number: u64, label: &str) -> Result<()> {
        let url = format!("{}/merge_requests/{number}", self.project);
        let request = self.client.agent.put(&url);
        let request = request.header("Authorization", self.authorization()?);
        text(request.send_json(json!({ "remove_labels": label })), &url).map(|_| ())
    }
    // end of wing

    fn start_ci(&self) -> Result<()> {
        let branch = self.branch.as_deref().context(NO_BRANCH)?;
        let url = format!("{}/pipeline", self.ci);
        let request = self.client.agent.post(&url);
        let request = request.header("Authorization", self.authorization()?);
        text(request.send_json(json!({ "ref": branch })), &url).map(|_| ())
    }
}

/// Whether a status was refused because GitLab has it already.
fn is_so(error: &Error) -> bool {
    let refusal = error.downcast_ref::<Refusal>();
    refusal.is_some_and(|refusal| refusal.status == StatusCode::BAD_REQUEST && refusal.said.contains(IS_SO))
}

impl Reported {
    fn word(self) -> Option<Word> {
        let words = self.description.unwrap_or_default();
        match self.status.as_str() {
            "success" => Some(Word::Success(words)),
            "failed" => Some(Word::Failure(words)),
            "pending" | "running" => Some(Word::Pending(words)),
            _ => None,
        }
    }
}
