//! Somebody outside who uses the message board over HTTP.

use anyhow::{Context, Result, ensure};
use board_api::{BackendVersion, Message, MessageList};
use reqwest::header::{ACCEPT, ETAG, IF_MATCH, REFERER};

use super::page::Page;
use crate::cluster::Cluster;
use crate::environment::Environment;

/// A visitor of one environment.
pub(crate) struct Visitor<'a> {
    http: &'a reqwest::Client,
    environment: Environment,
    site: &'a str,
    api: &'a str,
}

impl<'a> Visitor<'a> {
    pub(crate) fn of(cluster: &'a Cluster, http: &'a reqwest::Client) -> Self {
        Self {
            http,
            environment: cluster.environment,
            site: cluster.page(),
            api: cluster.api(),
        }
    }

    /// The same of a cluster that is of another environment for a while.
    pub(crate) fn expecting(self, environment: Environment) -> Self {
        Self { environment, ..self }
    }

    /// The page, as anyone gets it.
    pub(crate) async fn page(&self) -> Result<Page> {
        let named = || format!("the page of {}", self.environment);
        let answer = self
            .http
            .get(format!("{}/", self.site))
            .header(ACCEPT, "text/html")
            .send()
            .await;
        let answer = answer
            .and_then(reqwest::Response::error_for_status)
            .with_context(named)?;
        Ok(Page::new(answer.text().await.with_context(named)?))
    }

    /// The commit the page says it was built from; the page must also know where it runs.
    pub(crate) async fn commit_shown(&self) -> Result<String> {
        let page = self.page().await?;
        let environment = page.attribute("data-environment")?;
        ensure!(
            environment == self.environment.name(),
            "the page of {} says it runs in {environment:?}",
            self.environment
        );
        page.attribute("data-commit")
    }

    /// Fill in the page's form and send it, as a browser without script does; gives the page that
    /// answers.
    pub(crate) async fn post(&self, author: &str, text: &str) -> Result<Page> {
        let named = || format!("post a message on the page of {}", self.environment);
        let form = self.page().await?.form()?;
        let answer = self
            .http
            .post(format!("{}{}", self.site, form.action))
            .header(ACCEPT, "text/html")
            .header(REFERER, format!("{}/", self.site))
            .form(&[("author", author), ("text", text)])
            .send()
            .await
            .with_context(named)?;
        let (status, path) = (answer.status(), answer.url().path().to_owned());
        let body = answer.text().await.with_context(named)?;
        ensure!(
            status.is_success(),
            "{}: answered {status}: {}",
            named(),
            start_of(&body)
        );
        ensure!(
            path == "/",
            "{}: a browser would end up at {path}, not back on the page",
            named()
        );
        Ok(Page::new(body))
    }

    /// What the API says of its commit and schema.
    pub(crate) async fn backend_version(&self) -> Result<BackendVersion> {
        let version: BackendVersion = self.get(board_api::VERSION).await?;
        ensure!(
            version.environment == self.environment.name(),
            "the backend of {} says it runs in {:?}",
            self.environment,
            version.environment
        );
        Ok(version)
    }

    /// The newest messages, as the API has them: white space and all.
    pub(crate) async fn messages(&self) -> Result<Vec<Message>> {
        Ok(self.get::<MessageList>(board_api::MESSAGES).await?.messages)
    }

    /// The newest message of an author.
    pub(crate) async fn message_of(&self, author: &str) -> Result<Message> {
        let found = self
            .messages()
            .await?
            .into_iter()
            .find(|message| message.author == author);
        found.with_context(|| format!("the API of {} has no message of {author}", self.environment))
    }

    /// Give a message another text, as its author may.
    pub(crate) async fn edit(&self, message: &Message, text: &str) -> Result<()> {
        let path = format!("{}/{}", board_api::MESSAGES, message.uuid);
        let shown = self.ask(&path).await?;
        let tag = shown.headers().get(ETAG).context("a message has a tag")?;
        let edited = self
            .http
            .put(format!("{}{path}", self.api))
            .header(IF_MATCH, tag)
            .json(&serde_json::json!({ "author": message.author, "text": text }))
            .send()
            .await
            .and_then(reqwest::Response::error_for_status);
        edited
            .map(drop)
            .with_context(|| format!("edit message {} of {}", message.uuid, self.environment))
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T> {
        let answer = self.ask(path).await?;
        answer
            .json()
            .await
            .with_context(|| format!("GET {path} of {}: not the JSON of the API", self.environment))
    }

    async fn ask(&self, path: &str) -> Result<reqwest::Response> {
        let asked = self.http.get(format!("{}{path}", self.api)).send().await;
        let answer = asked.and_then(reqwest::Response::error_for_status);
        answer.with_context(|| format!("GET {path} of {}", self.environment))
    }
}

fn start_of(body: &str) -> String {
    body.chars().take(200).collect()
}
