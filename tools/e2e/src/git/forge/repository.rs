//! One repository of the forge: its pull requests and its webhooks.

use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Forge, ForgeError, Result, parse};

/// One repository of the forge.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    pub(super) forge: Forge,
    owner: String,
    name: String,
}

/// A pull request, as far as the loop looks at it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PullRequest {
    /// Its number in the repository.
    pub(crate) number: u64,
    /// Its first line.
    pub(crate) title: String,
    /// Whether the forge has found that it can be merged; false also while it is still looking.
    #[serde(default)]
    pub(crate) mergeable: bool,
    /// Whether it has been merged.
    #[serde(default)]
    pub(crate) merged: bool,
    /// `open` or `closed`; a merged one is closed.
    #[serde(default)]
    state: String,
    /// Where it comes from.
    pub(crate) head: Side,
    /// Where it goes.
    pub(crate) base: Side,
}

/// One side of a pull request.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Side {
    /// The branch.
    #[serde(rename = "ref")]
    pub(crate) branch: String,
    /// Its commit.
    pub(crate) sha: String,
    /// The number of the repository it is in; a negative one, or none, once that was deleted.
    #[serde(default)]
    pub(crate) repo_id: Option<i64>,
}

impl PullRequest {
    /// Whether it can still be merged or closed.
    pub(crate) fn is_open(&self) -> bool {
        self.state == "open"
    }

    /// Whether it comes from the repository itself and goes into this branch of it. Whoever may
    /// read can propose from a fork, under any name.
    pub(crate) fn is_own(&self, base: &str) -> bool {
        let is_same = self.head.repo_id.is_some() && self.head.repo_id == self.base.repo_id;
        is_same && self.base.branch == base
    }
}

/// A webhook to register.
#[derive(Clone, Debug)]
pub(crate) struct Webhook<'a> {
    /// Where the forge posts to, as seen from the forge.
    pub(crate) url: &'a str,
    /// The key of the signature it sends along.
    pub(crate) secret: &'a str,
    /// The branches whose pushes it is called for: a glob.
    pub(crate) branches: &'a str,
    /// What it is called for.
    pub(crate) events: &'a [&'a str],
}

// wing: verifier
/// What somebody has reported about a commit.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct CommitStatus {
    pub(crate) context: String,
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) description: String,
}
// end of wing

/// A webhook as the forge has it.
#[derive(Deserialize)]
struct Registered {
    id: u64,
    active: bool,
    config: Config,
    events: Vec<String>,
    branch_filter: String,
}

#[derive(Deserialize)]
struct Config {
    url: String,
}

impl Repository {
    pub(super) fn new(forge: &Forge, owner: &str, name: &str) -> Self {
        Self {
            forge: forge.clone(),
            owner: owner.to_owned(),
            name: name.to_owned(),
        }
    }

    /// The open pull requests, newest first.
    pub(crate) async fn open_pull_requests(&self) -> Result<Vec<PullRequest>> {
        self.forge
            .get_all(&self.path("/pulls?state=open&sort=newest"))
            .await
    }

    /// One pull request.
    pub(crate) async fn pull_request(&self, number: u64) -> Result<PullRequest> {
        self.forge.get(&self.path(&format!("/pulls/{number}"))).await
    }

    /// The paths a pull request changes.
    pub(crate) async fn changed_paths(&self, number: u64) -> Result<Vec<String>> {
        #[derive(Deserialize)]
        struct Changed {
            filename: String,
        }
        let path = self.path(&format!("/pulls/{number}/files?"));
        let changed: Vec<Changed> = self.forge.get_all(&path).await?;
        Ok(changed.into_iter().map(|file| file.filename).collect())
    }

    /// Open a pull request from one branch to another.
    pub(crate) async fn propose(&self, head: &str, base: &str, title: &str) -> Result<PullRequest> {
        let (path, body) = (
            self.path("/pulls"),
            json!({ "head": head, "base": base, "title": title }),
        );
        let answer = self.forge.send(Method::POST, &path, Some(&body)).await?;
        parse(&format!("POST {path}"), &answer)
    }

    /// Merge a pull request the forge calls mergeable, as one commit, at exactly the head that was
    /// looked at.
    ///
    /// The forge refuses (405) while it still works out whether the request can be merged: poll
    /// `mergeable` first.
    pub(crate) async fn merge(&self, pull_request: &PullRequest) -> Result<()> {
        let body = json!({
            "Do": "squash",
            "MergeTitleField": pull_request.title,
            "head_commit_id": pull_request.head.sha,
            "delete_branch_after_merge": true,
        });
        let path = self.path(&format!("/pulls/{}/merge", pull_request.number));
        self.forge.send(Method::POST, &path, Some(&body)).await.map(drop)
    }

    // wing: verifier
    /// The newest status of each context that a commit has.
    pub(crate) async fn statuses(&self, commit: &str) -> Result<Vec<CommitStatus>> {
        #[derive(Deserialize)]
        struct Combined {
            statuses: Option<Vec<CommitStatus>>,
        }
        let path = self.path(&format!("/commits/{commit}/status?limit=50"));
        let combined: Combined = self.forge.get(&path).await?;
        Ok(combined.statuses.unwrap_or_default())
    }
    // end of wing

    /// Register these webhooks, signed, in place of all that are registered.
    pub(crate) async fn set_webhooks(&self, webhooks: &[Webhook<'_>]) -> Result<()> {
        for Registered { id, .. } in self.webhooks().await? {
            self.forge
                .send(Method::DELETE, &self.path(&format!("/hooks/{id}")), None::<&()>)
                .await?;
        }
        for webhook in webhooks {
            let body = json!({
                "type": "gitea",
                "active": true,
                "events": webhook.events,
                "branch_filter": webhook.branches,
                "config": {"url": webhook.url, "content_type": "json", "secret": webhook.secret},
            });
            self.forge
                .send(Method::POST, &self.path("/hooks"), Some(&body))
                .await?;
        }
        Ok(())
    }

    /// Remove it, if it is there.
    pub(crate) async fn delete(&self) -> Result<()> {
        match self.forge.send(Method::DELETE, &self.path(""), None::<&()>).await {
            Err(ForgeError::Refused { status, .. }) if status == StatusCode::NOT_FOUND => Ok(()),
            other => other.map(drop),
        }
    }

    /// Where the webhooks lead that are registered.
    pub(crate) async fn webhook_addresses(&self) -> Result<Vec<String>> {
        let hooks = self.webhooks().await?.into_iter();
        Ok(hooks.map(|hook| hook.config.url).collect())
    }

    /// Switch all webhooks on or off whose address ends like this.
    pub(crate) async fn set_webhooks_active(&self, address: &str, active: bool) -> Result<()> {
        for hook in self.webhooks().await? {
            if hook.config.url.ends_with(address) && hook.active != active {
                self.change(&hook, json!({ "active": active })).await?;
            }
        }
        Ok(())
    }

    /// Points the webhooks to another address that lead to one which begins like this, with the
    /// secret that they are signed with.
    pub(crate) async fn move_webhooks(&self, from: &str, to: &str, secret: &str) -> Result<()> {
        for hook in self.webhooks().await? {
            let Some(rest) = hook.config.url.strip_prefix(from) else {
                continue;
            };
            let config = json!({ "url": format!("{to}{rest}"), "content_type": "json", "secret": secret });
            self.change(&hook, json!({ "config": config })).await?;
        }
        Ok(())
    }

    async fn webhooks(&self) -> Result<Vec<Registered>> {
        self.forge.get_all(&self.path("/hooks?")).await
    }

    /// Changes some fields of a webhook. The forge sets back two that a change leaves out.
    async fn change(&self, hook: &Registered, mut fields: Value) -> Result<()> {
        fields["events"] = json!(hook.events);
        fields["branch_filter"] = json!(hook.branch_filter);
        let path = self.path(&format!("/hooks/{}", hook.id));
        self.forge
            .send(Method::PATCH, &path, Some(&fields))
            .await
            .map(drop)
    }

    pub(super) fn path(&self, rest: &str) -> String {
        format!("/repos/{}/{}{rest}", self.owner, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_request_is_read_from_the_forges_answer() {
        let answer = br#"{"number":7,"title":"Release","html_url":"http://forge/7","mergeable":true,"merged":false,
            "head":{"ref":"release/staging-1234567","sha":"aa"},"base":{"ref":"master","sha":"bb"},"state":"open"}"#;
        let pull_request: PullRequest = parse("GET /pulls/7", answer).expect("a full answer");
        assert_eq!(
            (pull_request.number, pull_request.base.branch.as_str()),
            (7, "master")
        );
        assert!(pull_request.mergeable && pull_request.is_open());
    }

    #[test]
    fn a_pull_request_of_a_fork_or_into_another_branch_is_not_the_repositorys_own() {
        let side = |branch: &str, repo_id: Option<i64>| Side {
            branch: branch.to_owned(),
            sha: "aa".to_owned(),
            repo_id,
        };
        for (repo_id, base, is_own) in [
            (Some(7), "master", true),
            (Some(7), "another", false),
            (Some(8), "master", false),
            // The fork was deleted.
            (Some(-1), "master", false),
            (None, "master", false),
        ] {
            let pull_request = PullRequest {
                number: 1,
                title: "Release".to_owned(),
                mergeable: true,
                merged: false,
                state: "open".to_owned(),
                head: side("release/staging-1234567", repo_id),
                base: side(base, Some(7)),
            };
            assert_eq!(pull_request.is_own("master"), is_own, "{pull_request:?}");
        }
    }
}
