//! Tokens of the forge, as a person makes and ends them.

use std::time::SystemTime;

use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::run::Testbed;

/// A token that may write a repository, which on this forge is the least for a report.
#[derive(Debug)]
pub(super) struct Issued {
    name: String,
    pub(super) value: String,
}

impl Issued {
    pub(super) async fn new(testbed: &Testbed) -> Result<Self> {
        #[derive(Deserialize)]
        struct Made {
            sha1: String,
        }
        let now = SystemTime::UNIX_EPOCH.elapsed().context("the clock is wrong")?;
        let name = format!("verifier-{}", now.as_millis());
        let wanted = json!({ "name": name, "scopes": ["write:repository"] });
        let made = ask(testbed, Method::POST, "", wanted).await?;
        let made: Made = serde_json::from_str(&made).context("read a new token")?;
        Ok(Self {
            name,
            value: made.sha1,
        })
    }

    /// As a person puts it into Secrets Manager.
    pub(super) fn as_secret(&self) -> String {
        json!({ "token": self.value }).to_string()
    }

    /// The forge takes it no more.
    pub(super) async fn end(self, testbed: &Testbed) -> Result<()> {
        let path = format!("/{}", self.name);
        ask(testbed, Method::DELETE, &path, Value::Null).await.map(drop)
    }
}

async fn ask(testbed: &Testbed, method: Method, path: &str, body: Value) -> Result<String> {
    let forge = &testbed.world.forge;
    let url = format!("{}/users/{}/tokens{path}", forge.api_url(), forge.user);
    let asked = testbed.harness.http.request(method, url);
    let asked = asked.basic_auth(&forge.user, Some(&forge.password)).json(&body);
    let answer = asked.send().await.context("ask the forge about a token")?;
    let (status, text) = (answer.status(), answer.text().await?);
    ensure!(status.is_success(), "the forge answers {status}: {text}");
    Ok(text)
}
