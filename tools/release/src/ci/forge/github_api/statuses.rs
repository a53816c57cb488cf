//! The statuses of a commit, read page by page from the combined answer, which has the newest of
//! each context.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Client;
use crate::ci::forge::answer::read;
use crate::ci::forge::{Error, State, Status};
use crate::ci::settings::GitHubApiKind;

/// More contexts than anybody gives a commit.
const PAGES: usize = 20;
const PAGE: usize = 50;

#[derive(Debug, Deserialize)]
struct Combined {
    /// Gitea has `null` for a commit without any.
    statuses: Option<Vec<Reported>>,
}

#[derive(Debug, Deserialize)]
struct Reported {
    context: String,
    /// `status` on Gitea.
    #[serde(alias = "status")]
    state: State,
    description: Option<String>,
}

fn status((context, (state, description)): (String, (State, String))) -> Status {
    Status {
        context,
        state,
        description,
    }
}

impl Client<'_> {
    pub(super) fn statuses_of(&self, commit: &str) -> Result<Vec<Status>, Error> {
        let size = match self.settings.kind {
            GitHubApiKind::Gitea => "limit",
            GitHubApiKind::GitHub => "per_page",
        };
        let mut found = BTreeMap::new();
        for page in 1..=PAGES {
            let url = self.url(&format!("commits/{commit}/status?{size}={PAGE}&page={page}"));
            let answer = self.authorized(self.agent.get(&url)).call();
            let combined: Combined = read(answer, &format!("read the statuses of a commit at {url}"))?;
            let before = found.len();
            for reported in combined.statuses.unwrap_or_default() {
                found
                    .entry(reported.context)
                    .or_insert((reported.state, reported.description.unwrap_or_default()));
            }
            // A page without anything new: the end, or a forge that does not know of pages.
            if found.len() == before {
                return Ok(found.into_iter().map(status).collect());
            }
        }
        Err(Error::endless(
            "statuses of a commit",
            &self.url(&format!("commits/{commit}/status")),
        ))
    }
}
