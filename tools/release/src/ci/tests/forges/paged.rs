//! A forge with pull requests of many people: it keeps what is opened, gives pages as short as it
//! likes, and says in one of many ways that there is more.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tiny_http::{Header, Response};

use super::github_api::github_api;
use crate::ci::forge::github_api::Client;
use crate::ci::forge::{Forge as _, Open};
use crate::ci::propose::Outcome;
use crate::ci::settings::GitHubApiKind;
use crate::ci::tests::stub::{Answer, Asked, Stub};
use crate::ci::tests::{Repository, agent, wanted};
use crate::environment::project;

/// How a forge says that there is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// `Link`, by number.
    Link,
    /// `Link` to a place that no number names.
    Cursor,
    /// `X-Total-Count`.
    Total,
    Nothing,
    /// All at once, whatever page is asked for.
    NoPages,
    /// `Link` without end.
    Endless,
}

pub(super) const EACH: &[Says] = &[
    Says::Link,
    Says::Cursor,
    Says::Total,
    Says::Nothing,
    Says::NoPages,
];

/// What the forge keeps, newest first as forges list them.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) pulls: Vec<Value>,
    /// To be closed by somebody after this many pages were read.
    pub(super) closed_after: Option<(usize, u64)>,
}

pub(super) struct Forge {
    pub(super) stub: Stub,
    pub(super) kept: Arc<Mutex<Kept>>,
}

pub(super) fn pull(number: usize, branch: &str, base: &str, head: &Value) -> Value {
    json!({
        "number": number,
        "html_url": format!("http://forge/{number}"),
        "state": "open",
        "head": { "ref": branch, "repo": head },
        "base": { "ref": base, "repo": own() },
    })
}

pub(super) fn own() -> Value {
    json!({ "id": 7, "full_name": "Owner/Name" })
}

/// The value of a query's key.
fn of_query<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (_, query) = line.split_once('?')?;
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
}

impl Forge {
    pub(super) fn start(limit: usize, says: Says) -> Self {
        let kept = Arc::<Mutex<Kept>>::default();
        let keeping = kept.clone();
        let stub = Stub::answering(move |asked| {
            let kept = &mut *keeping.lock().unwrap();
            match asked.line.split(' ').next() {
                Some("GET") => page(kept, limit, says, &asked.line),
                Some("POST") if asked.line.ends_with("/pulls") => open(kept, asked),
                Some("PATCH") => close(kept, &asked.line),
                _ => Response::from_string("{}"),
            }
        });
        Self { stub, kept }
    }

    /// Adds an older one than all before: listed last.
    pub(super) fn has(&self, branch: &str, base: &str, head: &Value) {
        let pulls = &mut self.kept.lock().unwrap().pulls;
        let number = 1000 - pulls.len();
        pulls.push(pull(number, branch, base, head));
    }

    /// Open ones that a branch of the repository itself proposes to master.
    pub(super) fn of_ci(&self) -> Vec<String> {
        let kept = self.kept.lock().unwrap();
        let is_ours = |pull: &&Value| pull["head"]["repo"] == own() && pull["base"]["ref"] == "master";
        let open = kept.pulls.iter().filter(is_ours);
        let branches = open.filter_map(|pull| pull["head"]["ref"].as_str());
        branches
            .filter(|branch| branch.starts_with("release/"))
            .map(str::to_owned)
            .collect()
    }

    pub(super) fn open_proposals(&self, prefix: &str) -> anyhow::Result<Vec<Open>> {
        let (agent, settings) = (agent(), github_api(GitHubApiKind::Gitea, &self.stub.address()));
        let client = Client {
            agent: &agent,
            settings: &settings,
        };
        client.open_proposals(prefix)
    }

    /// The verb `propose`.
    pub(super) fn propose(&self, repository: &Repository, commits: &[&str]) -> anyhow::Result<Outcome> {
        let (agent, settings) = (agent(), github_api(GitHubApiKind::GitHub, &self.stub.address()));
        let client = Client {
            agent: &agent,
            settings: &settings,
        };
        let registry = repository.registry(commits);
        let commit = commits[commits.len() - 1];
        repository.with_proposals(&client, |proposals| {
            let wanted = wanted(proposals.git, &registry, project().first(), commit);
            proposals.settle(project().first(), |look| wanted.newest(look))
        })
    }
}

fn page(kept: &mut Kept, limit: usize, says: Says, line: &str) -> Answer {
    let asked = of_query(line, "limit").or(of_query(line, "per_page"));
    let size = limit.min(asked.map_or(limit, |size| size.parse().unwrap()));
    let first = match (says, of_query(line, "after")) {
        (Says::NoPages, _) => 0,
        (_, Some(after)) => after.trim_start_matches("place-").parse().unwrap(),
        _ => (of_query(line, "page").unwrap().parse::<usize>().unwrap() - 1) * size,
    };
    let size = if says == Says::NoPages { usize::MAX } else { size };
    let all = kept.pulls.len();
    let page: Vec<Value> = kept.pulls.iter().skip(first).take(size).cloned().collect();
    let next = first + page.len();
    if let Some((pages, number)) = &mut kept.closed_after {
        *pages -= 1;
        if *pages == 0 {
            let number = *number;
            kept.pulls.retain(|pull| pull["number"] != number);
            kept.closed_after = None;
        }
    }
    let header = match says {
        Says::Total => format!("X-Total-Count: {all}"),
        Says::Endless => "Link: <http://elsewhere.invalid/x?page=1>; rel=\"next\"".to_owned(),
        Says::Link | Says::Cursor if next < all => {
            let query = match says {
                Says::Cursor => format!("state=open&after=place-{next}"),
                _ => format!("state=open&limit={size}&page={}", next / size + 1),
            };
            // What the forge calls itself need not be where it is reached.
            format!(
                "Link: <http://elsewhere.invalid/x?{query}>; rel=\"next\", <http://elsewhere.invalid/x?page=9>; rel=\"last\""
            )
        }
        Says::Link | Says::Cursor => "Link: <http://elsewhere.invalid/x?page=1>; rel=\"first\"".to_owned(),
        Says::Nothing | Says::NoPages => "X-Nothing: 0".to_owned(),
    };
    let header: Header = header.parse().unwrap();
    Response::from_string(Value::from(page).to_string()).with_header(header)
}

fn open(kept: &mut Kept, asked: &Asked) -> Answer {
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    let (head, base) = (body["head"].as_str().unwrap(), body["base"].as_str().unwrap());
    let new = pull(2000 + kept.pulls.len(), head, base, &own());
    let is_same = |pull: &Value| (&pull["head"], &pull["base"]) == (&new["head"], &new["base"]);
    if kept.pulls.iter().any(is_same) {
        return Response::from_string("{}").with_status_code(409);
    }
    kept.pulls.insert(0, new.clone());
    Response::from_string(new.to_string()).with_status_code(201)
}

fn close(kept: &mut Kept, line: &str) -> Answer {
    let number: u64 = line.rsplit('/').next().unwrap().parse().unwrap();
    kept.pulls.retain(|pull| pull["number"] != number);
    Response::from_string("{}")
}
