//! Labels of pull requests, and their end without a merge.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::{Repository, Result, parse};

#[derive(Deserialize)]
struct Label {
    id: u64,
    name: String,
}

impl Repository {
    /// Gives a pull request a label, which is made if the repository has none of that name.
    pub(crate) async fn label(&self, number: u64, name: &str) -> Result<()> {
        let labels: Vec<Label> = self.forge.get_all(&self.path("/labels?")).await?;
        let id = match labels.into_iter().find(|label| label.name == name) {
            Some(label) => label.id,
            None => self.make_label(name).await?,
        };
        let path = self.path(&format!("/issues/{number}/labels"));
        let body = json!({ "labels": [id] });
        self.forge.send(Method::POST, &path, Some(&body)).await.map(drop)
    }

    async fn make_label(&self, name: &str) -> Result<u64> {
        let (path, body) = (self.path("/labels"), json!({ "name": name, "color": "#00aabb" }));
        let answer = self.forge.send(Method::POST, &path, Some(&body)).await?;
        let label: Label = parse(&format!("POST {path}"), &answer)?;
        Ok(label.id)
    }

    /// Closes a pull request.
    pub(crate) async fn close(&self, number: u64) -> Result<()> {
        let path = self.path(&format!("/pulls/{number}"));
        let body = json!({ "state": "closed" });
        self.forge.send(Method::PATCH, &path, Some(&body)).await.map(drop)
    }
}
