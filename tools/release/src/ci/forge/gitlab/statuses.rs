//! The statuses of a commit on GitLab, read page by page. The jobs of its own pipelines are among
//! them, and of several pipelines each has what was reported to it: the newest counts.

use std::collections::BTreeMap;

use serde::Deserialize;
use ureq::Agent;

use crate::ci::forge::answer::read;
use crate::ci::forge::{Error, State, Status};
use crate::ci::settings::GitLab;

/// More statuses than a commit has.
const PAGES: usize = 20;
const PAGE: usize = 100;

#[derive(Debug, Deserialize)]
struct Reported {
    id: u64,
    name: String,
    status: String,
    description: Option<String>,
}

/// The newest of each name.
pub(super) fn of(agent: &Agent, gitlab: &GitLab, commit: &str) -> Result<Vec<Status>, Error> {
    let project = gitlab.project.replace('/', "%2F");
    let all = format!(
        "{}/projects/{project}/repository/commits/{commit}/statuses",
        gitlab.api
    );
    let mut found: BTreeMap<String, Reported> = BTreeMap::new();
    for page in 1..=PAGES {
        let url = format!("{all}?per_page={PAGE}&page={page}");
        let mut request = agent.get(&url);
        if let Some(token) = &gitlab.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let answer = request.call();
        let reported: Vec<Reported> = read(answer, &format!("read the statuses of a commit at {url}"))?;
        if reported.is_empty() {
            return Ok(found.into_values().map(Status::from).collect());
        }
        for one in reported {
            let known = found.get(&one.name);
            if known.is_none_or(|known| known.id < one.id) {
                found.insert(one.name.clone(), one);
            }
        }
    }
    // The oldest come first: the newest word may be what was not read.
    Err(Error::endless("statuses of a commit", &all))
}

impl From<Reported> for Status {
    fn from(reported: Reported) -> Self {
        Self {
            context: reported.name,
            state: match reported.status.as_str() {
                "success" => State::Success,
                "failed" => State::Failure,
                "pending" | "running" => State::Pending,
                _ => State::Other,
            },
            description: reported.description.unwrap_or_default(),
        }
    }
}
