//! Statuses of commits, by the API that GitHub and Gitea have in common.

use anyhow::Result;
use serde::Deserialize;

use super::client::Client;
use super::{Forge, Report, Token};
use crate::http::{json, text};
use crate::settings::{ForgeSettings, Kind};
use crate::soak::Word;

/// More names than anybody reports under on one commit.
const PAGES: usize = 20;

/// GitHub or Gitea.
pub(super) struct GitHubApi {
    client: Client,
    token: Token,
    kind: Kind,
    repository: String,
}

#[derive(Debug, Deserialize)]
struct Combined {
    /// Gitea has `null` for a commit without any.
    statuses: Option<Vec<Report>>,
}

// wing: previews
#[derive(Debug, Deserialize)]
struct Label {
    id: u64,
    name: String,
}
// end of wing

impl GitHubApi {
    pub(super) fn new(settings: &ForgeSettings, token: Token) -> Result<Self> {
        let client = Client::new(settings)?;
        Ok(Self {
            repository: format!("{}/repos/{}", client.api, settings.repository),
            kind: settings.kind,
            client,
            token,
        })
    }

    /// What this forge calls the size of a page.
    fn size(&self) -> &'static str {
        match self.kind {
            Kind::Gitea => "limit",
            _ => "per_page",
        }
    }

    fn authorization(&self) -> Result<String> {
        Ok(format!("token {}", (self.token)()?))
    }
}

impl Forge for GitHubApi {
    /// The combined answer has the newest report of each name, page by page.
    fn told(&self, name: &str, commit: &str) -> Result<Option<Word>> {
        for page in 1..=PAGES {
            let url = format!(
                "{}/commits/{commit}/status?{}=50&page={page}",
                self.repository,
                self.size()
            );
            let request = self.client.agent.get(&url);
            let answer = request.header("Authorization", self.authorization()?).call();
            let combined: Combined = json(answer, &url)?;
            let reports = combined.statuses.unwrap_or_default();
            if reports.is_empty() {
                break;
            }
            if let Some(ours) = reports.into_iter().find(|report| report.context == name) {
                return Ok(ours.word());
            }
        }
        Ok(None)
    }

    fn tell(&self, name: &str, commit: &str, word: &Word) -> Result<()> {
        let url = format!("{}/statuses/{commit}", self.repository);
        let request = self.client.agent.post(&url);
        let request = request.header("Authorization", self.authorization()?);
        text(request.send_json(Report::new(name, word)), &url).map(|_| ())
    }

    // wing: previews
    /// Gitea names a label by its number, GitHub by its name.
    fn unlabel(&self, number: u64, label: &str) -> Result<()> {
        let labels = format!("{}/issues/{number}/labels", self.repository);
        // As many as an issue may have on GitHub.
        let all = format!("{labels}?{}=100", self.size());
        let request = self.client.agent.get(&all);
        let answer = request.header("Authorization", self.authorization()?).call();
        let there: Vec<Label> = json(answer, &all)?;
        let Some(found) = there.into_iter().find(|one| one.name == label) else {
            return Ok(());
        };
        let url = match self.kind {
            Kind::Gitea => format!("{labels}/{}", found.id),
            _ => format!("{labels}/{label}"),
        };
        let request = self.client.agent.delete(&url);
        text(
            request.header("Authorization", self.authorization()?).call(),
            &url,
        )
        .map(|_| ())
    }
    // end of wing
}
