//! Statuses of commits, by the API that GitHub and Gitea have in common.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::json;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

use crate::settings::{Kind, Settings};
use crate::soak::Word;

const ANSWER: Duration = Duration::from_secs(15);
/// What a forge keeps of a description.
const DESCRIPTION: usize = 140;

pub(crate) struct Forge {
    agent: Agent,
    kind: Kind,
    repository: String,
    token: PathBuf,
    environment: String,
}

#[derive(Debug, Deserialize)]
struct Combined {
    statuses: Option<Vec<Status>>,
}

#[derive(Debug, Deserialize)]
struct Status {
    context: String,
    /// `status` on Gitea.
    #[serde(alias = "status")]
    state: String,
    description: Option<String>,
}

impl Forge {
    pub(crate) fn new(settings: &Settings) -> Result<Self> {
        let api = settings.forge_api.trim_end_matches('/');
        ensure!(
            api.starts_with("https://") || api.starts_with("http://"),
            "FORGE_API={api}: expected an address with its scheme"
        );
        let tls = TlsConfig::builder().root_certs(RootCerts::WebPki).build();
        let config = Agent::config_builder()
            .timeout_global(Some(ANSWER))
            .http_status_as_error(false)
            .tls_config(tls);
        Ok(Self {
            agent: config.build().new_agent(),
            kind: settings.forge,
            repository: format!("{api}/repos/{}", settings.forge_repo),
            token: settings.forge_token_file.clone(),
            environment: settings.environment.clone(),
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.repository
    }

    fn context(&self, app: &str) -> String {
        format!("verified/{}/{app}", self.environment)
    }

    fn authorization(&self) -> Result<String> {
        let token = fs::read_to_string(&self.token);
        let token = token.with_context(|| format!("read the forge's token in {}", self.token.display()))?;
        Ok(format!("token {}", token.trim()))
    }

    /// What the forge was told last of an app on a commit.
    pub(crate) fn told(&self, app: &str, commit: &str) -> Result<Option<Word>> {
        let size = match self.kind {
            Kind::Gitea => "limit",
            Kind::Github => "per_page",
        };
        let url = format!("{}/commits/{commit}/status?{size}=50", self.repository);
        let request = self
            .agent
            .get(&url)
            .header("Authorization", self.authorization()?);
        let mut answer = request.call().with_context(|| format!("ask {url}"))?;
        ensure!(
            answer.status().is_success(),
            "{url}: the forge answers {}",
            answer.status()
        );
        let combined: Combined = answer
            .body_mut()
            .read_json()
            .with_context(|| format!("read {url}"))?;
        let context = self.context(app);
        let mut statuses = combined.statuses.unwrap_or_default().into_iter();
        Ok(statuses
            .find(|status| status.context == context)
            .and_then(Status::word))
    }

    /// Tells it.
    pub(crate) fn tell(&self, app: &str, commit: &str, word: &Word) -> Result<()> {
        let (state, words) = match word {
            Word::Pending(words) => ("pending", words),
            Word::Success(words) => ("success", words),
            Word::Failure(words) => ("failure", words),
        };
        let url = format!("{}/statuses/{commit}", self.repository);
        let description: String = words.chars().take(DESCRIPTION).collect();
        let request = self
            .agent
            .post(&url)
            .header("Authorization", self.authorization()?);
        let mut answer = request
            .send_json(json!({ "state": state, "context": self.context(app), "description": description }))
            .with_context(|| format!("tell {url}"))?;
        let status = answer.status();
        let said = answer.body_mut().read_to_string().unwrap_or_default();
        ensure!(
            status.is_success(),
            "{url}: the forge answers {status}: {}",
            said.trim()
        );
        println!("{app}: {state} on {commit}: {description}");
        Ok(())
    }
}

impl Status {
    fn word(self) -> Option<Word> {
        let words = self.description.unwrap_or_default();
        match self.state.as_str() {
            "success" => Some(Word::Success(words)),
            "failure" => Some(Word::Failure(words)),
            "pending" => Some(Word::Pending(words)),
            _ => None,
        }
    }
}
