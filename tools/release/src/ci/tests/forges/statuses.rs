//! What others report about a commit, as the forges answer it.

use serde_json::{Value, json};

use super::github_api::github_api;
use crate::ci::forge::github_api::Client;
use crate::ci::forge::gitlab::GitLab;
use crate::ci::forge::{Forge as _, State, Status};
use crate::ci::git::remote::{Error as RemoteError, Heads, Remote, Update};
use crate::ci::settings::{self, GitHubApiKind};
use crate::ci::tests::agent;
use crate::ci::tests::stub::{Asked, Stub};

#[test]
fn the_newest_status_of_each_context_is_read_in_either_forges_words() {
    for (kind, key, size) in [
        (GitHubApiKind::GitHub, "state", "per_page"),
        (GitHubApiKind::Gitea, "status", "limit"),
    ] {
        let stub = Stub::start(move |asked: &Asked| {
            let one = |context: &str, state: &str, words: Value| json!({ "context": context, key: state, "description": words });
            let statuses = if asked.line.ends_with("&page=1") {
                json!([
                    one("a", "success", json!("2 pods")),
                    one("b", "failure", Value::Null),
                    one("c", "warning", json!(""))
                ])
            } else if asked.line.ends_with("&page=2") {
                json!([one("d", "pending", json!("since now"))])
            } else {
                Value::Null
            };
            (200, json!({ "statuses": statuses }).to_string())
        });
        let (agent, settings) = (agent(), github_api(kind, &stub.address()));
        let client = Client {
            agent: &agent,
            settings: &settings,
        };
        let status = |context: &str, state, description: &str| Status {
            context: context.to_owned(),
            state,
            description: description.to_owned(),
        };
        let expected = vec![
            status("a", State::Success, "2 pods"),
            status("b", State::Failure, ""),
            status("c", State::Other, ""),
            status("d", State::Pending, "since now"),
        ];
        assert_eq!(client.statuses("c0ffee").unwrap(), Some(expected));
        let first = format!("GET /api/repos/owner/name/commits/c0ffee/status?{size}=50&page=1");
        assert_eq!(stub.lines()[0], first);
    }
}

#[test]
fn of_several_pipelines_on_gitlab_the_newest_status_of_each_name_counts() {
    let stub = Stub::start(|asked: &Asked| {
        let one = |id: u64, name: &str, status: &str| json!({ "id": id, "name": name, "status": status, "description": "words" });
        let statuses = if asked.line.ends_with("&page=1") {
            json!([
                one(4, "a", "failed"),
                one(9, "build", "canceled"),
                one(3, "b", "running")
            ])
        } else if asked.line.ends_with("&page=2") {
            json!([one(7, "a", "success"), one(2, "b", "success")])
        } else {
            json!([])
        };
        (200, statuses.to_string())
    });
    let (agent, nowhere) = (agent(), Nowhere);
    let api = settings::GitLab {
        api: format!("http://{}/api/v4", stub.address()),
        project: "group/team/name".to_owned(),
        token: Some("secret".to_owned()),
    };
    let mut forge = GitLab {
        remote: &nowhere,
        agent: &agent,
        api: Some(&api),
    };
    let found = forge.statuses("c0ffee").unwrap().unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|status| (status.context.as_str(), status.state))
        .collect();
    assert_eq!(
        found,
        [
            ("a", State::Success),
            ("b", State::Pending),
            ("build", State::Other)
        ]
    );
    let path = "/api/v4/projects/group%2Fteam%2Fname/repository/commits/c0ffee/statuses";
    assert_eq!(stub.lines()[0], format!("GET {path}?per_page=100&page=1"));
    assert_eq!(stub.asked()[0].header("Authorization"), "Bearer secret");
    forge.api = None;
    assert_eq!(forge.statuses("c0ffee").unwrap(), None);
}

#[test]
fn a_forge_that_comes_to_no_end_proves_nothing() {
    let page = |asked: &Asked| asked.line.rsplit('=').next().unwrap().parse::<u64>().unwrap();
    let pages = Stub::start(move |asked: &Asked| {
        let one =
            json!({ "context": format!("job {}", page(asked)), "state": "success", "description": null });
        (200, json!({ "statuses": [one] }).to_string())
    });
    let gitlabs = Stub::start(move |asked: &Asked| {
        let one = json!([{ "id": page(asked), "name": "a", "status": "success", "description": null }]);
        (200, one.to_string())
    });
    let (agent, settings) = (agent(), github_api(GitHubApiKind::GitHub, &pages.address()));
    let client = Client {
        agent: &agent,
        settings: &settings,
    };
    let api = settings::GitLab {
        api: format!("http://{}/api/v4", gitlabs.address()),
        project: "owner/name".to_owned(),
        token: None,
    };
    let gitlab = GitLab {
        remote: &Nowhere,
        agent: &agent,
        api: Some(&api),
    };
    for forge in [&client as &dyn crate::ci::forge::Forge, &gitlab] {
        let error = forge.statuses("c0ffee").unwrap_err().to_string();
        assert!(error.contains("more pages than are read"), "{error}");
    }
}

#[test]
fn a_page_in_place_of_an_answer_is_named_with_what_to_check() {
    for text in ["<!doctype html><title>Sign in</title>", "{\"statuses\": [{"] {
        let stub = Stub::start(move |_: &Asked| (200, text.to_owned()));
        let (agent, settings) = (agent(), github_api(GitHubApiKind::GitHub, &stub.address()));
        let client = Client {
            agent: &agent,
            settings: &settings,
        };
        let error = client.statuses("c0ffee").unwrap_err().to_string();
        assert!(
            error.contains("200 OK and no JSON of its API") && error.contains("check FORGE_API"),
            "{error}"
        );
    }
}

/// A remote that nobody asks.
struct Nowhere;

impl Remote for Nowhere {
    fn heads(&self, _: &[String]) -> anyhow::Result<Heads> {
        panic!("a status is no branch")
    }

    fn bring(&self, _: &[&str]) -> anyhow::Result<()> {
        panic!("a status is no branch")
    }

    fn bring_commit(&self, _: &str) -> anyhow::Result<bool> {
        panic!("a status is no branch")
    }

    fn update(&self, _: &Update<'_>) -> Result<(), RemoteError> {
        panic!("a status is no branch")
    }
}
