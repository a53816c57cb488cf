//! A typed client for the few calls of Gitea's API that the loop needs: repository, branch, pull
//! request, webhook.

mod access;
mod labels; // wing: previews
mod repository;

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(crate) use access::{FORGE, FORGE_PORT, ForgeAccess};
pub(crate) use repository::CommitStatus; // wing: verifier
pub(crate) use repository::{PullRequest, Repository, Webhook};

/// Why a call to the forge gave no answer to work with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ForgeError {
    /// The forge could not be reached, or its answer could not be read.
    #[error("{call}: the forge did not answer")]
    Unreachable {
        /// Method and path of the call.
        call: String,
        /// What the HTTP client said.
        source: reqwest::Error,
    },
    /// The forge answered with an error.
    #[error("{call}: the forge answered {status}: {message}")]
    Refused {
        /// Method and path of the call.
        call: String,
        /// The HTTP status.
        status: StatusCode,
        /// The forge's own words.
        message: String,
    },
    /// The forge answered something this client does not understand.
    #[error("{call}: the forge's answer is not what its API promises: {cause}")]
    Misunderstood {
        /// Method and path of the call.
        call: String,
        /// What did not fit.
        cause: String,
    },
}

/// What a call gives.
pub(crate) type Result<T> = std::result::Result<T, ForgeError>;

/// More pages than a run can fill.
const PAGES: usize = 100;

/// The API of one forge, with the token of one user.
#[derive(Clone, Debug)]
pub(crate) struct Forge {
    http: reqwest::Client,
    api: String,
    token: String,
}

impl Forge {
    /// `api` is the API's root as seen from this machine, such as `http://127.0.0.1:3000/api/v1`.
    pub(crate) fn new(api: &str, token: &str) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(20))
            .build()
            .expect("a client without TLS and proxies has nothing to fail on");
        Self {
            http,
            api: api.trim_end_matches('/').to_owned(),
            token: token.to_owned(),
        }
    }

    /// Create an empty repository in an organization.
    pub(crate) async fn create_repository(
        &self,
        owner: &str,
        name: &str,
        default_branch: &str,
    ) -> Result<Repository> {
        let body =
            json!({"name": name, "private": false, "auto_init": false, "default_branch": default_branch});
        self.send(Method::POST, &format!("/orgs/{owner}/repos"), Some(&body))
            .await?;
        Ok(self.repository(owner, name))
    }

    /// Every version of every image in an organization's registry: `name:version`, tags and digests
    /// alike.
    pub(crate) async fn images(&self, owner: &str) -> Result<BTreeSet<String>> {
        #[derive(Deserialize)]
        struct Package {
            name: String,
            version: String,
        }
        let packages: Vec<Package> = self.get_all(&format!("/packages/{owner}?type=container")).await?;
        Ok(packages
            .into_iter()
            .map(|package| format!("{}:{}", package.name, package.version))
            .collect())
    }

    /// A repository by name; nothing is asked of the forge.
    pub(crate) fn repository(&self, owner: &str, name: &str) -> Repository {
        Repository::new(self, owner, name)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<Vec<u8>> {
        let call = format!("{method} {path}");
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.api))
            .header("Authorization", format!("token {}", self.token));
        if let Some(body) = body {
            request = request.json(body);
        }
        let unreachable = |source| ForgeError::Unreachable {
            call: call.clone(),
            source,
        };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let answer = response.bytes().await.map_err(unreachable)?;
        if !status.is_success() {
            return Err(ForgeError::Refused {
                call,
                status,
                message: refusal(&answer),
            });
        }
        Ok(answer.to_vec())
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let answer = self.send(Method::GET, path, None::<&()>).await?;
        parse(&format!("GET {path}"), &answer)
    }

    /// Everything at `path`, which has its `?`, page by page until one is empty: a forge may give
    /// shorter pages than it is asked for.
    async fn get_all<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>> {
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let found: Vec<T> = self.get(&format!("{path}&limit=50&page={page}")).await?;
            if found.is_empty() {
                return Ok(all);
            }
            all.extend(found);
        }
        Err(ForgeError::Misunderstood {
            call: format!("GET {path}"),
            cause: format!("more than {PAGES} pages"),
        })
    }
}

fn parse<T: DeserializeOwned>(call: &str, answer: &[u8]) -> Result<T> {
    serde_json::from_slice(answer).map_err(|error| ForgeError::Misunderstood {
        call: call.to_owned(),
        cause: error.to_string(),
    })
}

/// The sentence in an error answer, or the start of whatever came instead.
fn refusal(answer: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        message: String,
    }
    serde_json::from_slice::<Refusal>(answer).map_or_else(
        |_| String::from_utf8_lossy(answer).chars().take(200).collect(),
        |refusal| refusal.message,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_forges_words() {
        assert_eq!(
            refusal(br#"{"message":"Please try again later","url":"x"}"#),
            "Please try again later"
        );
        assert_eq!(refusal(b"<html>gateway</html>"), "<html>gateway</html>");
    }
}
