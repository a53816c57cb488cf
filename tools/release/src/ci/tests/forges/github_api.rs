//! GitHub's API and Gitea's, by the requests that are sent. The e2e has a real Gitea; a real GitHub
//! is nowhere in the tests.

use serde_json::{Value, json};
use tiny_http::{Header, Response};

use super::proposal;
use crate::ci::forge::github_api::Client;
use crate::ci::forge::{Error, Forge as _, Open, Proposal};
use crate::ci::settings::{GitHubApi, GitHubApiKind};
use crate::ci::tests::agent;
use crate::ci::tests::stub::{Asked, Stub, nobody};

pub(super) fn github_api(kind: GitHubApiKind, address: &str) -> GitHubApi {
    GitHubApi {
        kind,
        api: format!("http://{address}/api"),
        repo: "owner/name".to_owned(),
        token: "secret".to_owned(),
    }
}

fn pull(number: usize, branch: &str) -> Value {
    let repo = json!({ "id": 7, "full_name": "owner/name" });
    json!({
        "number": number,
        "html_url": format!("http://forge/{number}"),
        "head": { "ref": branch, "repo": repo },
        "base": { "ref": "master", "repo": repo },
    })
}

#[test]
fn github_and_gitea_are_asked_page_by_page() {
    for (kind, size) in [
        (GitHubApiKind::GitHub, "per_page"),
        (GitHubApiKind::Gitea, "limit"),
    ] {
        let stub = Stub::start(|asked: &Asked| {
            let first = asked.line.ends_with("&page=1");
            let others = (1..=50).map(|number| pull(number, "feature"));
            let page: Vec<_> = match asked.line.rsplit_once('=') {
                _ if first => others.collect(),
                Some((_, "2")) => vec![pull(51, "release/staging-0123456789")],
                _ => Vec::new(),
            };
            (200, Value::from(page).to_string())
        });
        let (agent, settings) = (agent(), github_api(kind, &stub.address()));
        let client = Client {
            agent: &agent,
            settings: &settings,
        };
        let expected = Open {
            id: "51".to_owned(),
            branch: "release/staging-0123456789".to_owned(),
            reference: "http://forge/51".to_owned(),
        };
        assert_eq!(client.open_proposals("release/staging-").unwrap(), [expected]);
        let page = |number| format!("GET /api/repos/owner/name/pulls?state=open&{size}=50&page={number}");
        // Nothing says where the list ends, but that nothing follows; and two readings have to
        // agree.
        let reading = [page(1), page(2), page(3)];
        assert_eq!(stub.lines(), [reading.clone(), reading].concat());
        assert_eq!(stub.asked()[0].header("Authorization"), "token secret");
    }
}

#[test]
fn a_pull_request_is_opened_and_closed_with_its_reason() {
    let stub = Stub::start(|_| (201, "{}".to_owned()));
    let (agent, settings) = (agent(), github_api(GitHubApiKind::GitHub, &stub.address()));
    let client = Client {
        agent: &agent,
        settings: &settings,
    };
    client.open(&proposal()).unwrap();
    let open = Open {
        id: "7".to_owned(),
        branch: String::new(),
        reference: String::new(),
    };
    client.close(&open, "older").unwrap();
    let asked = stub.asked();
    let bodies: Vec<Value> = asked
        .iter()
        .map(|asked| serde_json::from_str(&asked.body).unwrap())
        .collect();
    assert_eq!(
        stub.lines(),
        [
            "POST /api/repos/owner/name/pulls",
            "PATCH /api/repos/owner/name/pulls/7",
            "POST /api/repos/owner/name/issues/7/comments"
        ]
    );
    let Proposal {
        branch,
        base,
        title,
        text,
    } = proposal();
    assert_eq!(
        bodies,
        [
            json!({ "head": branch, "base": base, "title": title, "body": text }),
            json!({ "state": "closed" }),
            json!({ "body": "older" })
        ]
    );
}

#[test]
fn a_forge_that_does_not_do_it_is_told_from_one_that_cannot() {
    let opened = |status: u16, text: &'static str| {
        let stub = Stub::start(move |_| (status, text.to_owned()));
        let (agent, settings) = (agent(), github_api(GitHubApiKind::Gitea, &stub.address()));
        let client = Client {
            agent: &agent,
            settings: &settings,
        };
        client.open(&proposal()).expect_err("refused")
    };
    assert!(matches!(opened(409, "{}"), Error::Exists));
    let github = r#"{"errors":[{"message":"A pull request already exists for owner:branch."}]}"#;
    assert!(matches!(opened(422, github), Error::Exists));
    assert!(matches!(opened(422, "no commits between"), Error::Unexpected(..)));
    for status in [401, 403] {
        let error = opened(status, "no");
        assert!(error.to_string().contains("check FORGE_TOKEN"), "{error}");
    }
    assert!(matches!(opened(502, "down"), Error::Unreachable(..)));

    let (agent, settings) = (agent(), github_api(GitHubApiKind::Gitea, &nobody()));
    let client = Client {
        agent: &agent,
        settings: &settings,
    };
    let error = client.open_proposals("release/").expect_err("nobody listens");
    assert!(
        error.to_string().contains("run the verb again when it answers"),
        "{error}"
    );
}

#[test]
fn a_limit_is_told_from_wrong_credentials_and_says_when_to_come_back() {
    for (status, header, body, wait) in [
        (429, "Retry-After: 37", "slow down", "in 37 s"),
        (
            403,
            "Retry-After: 60",
            "You have exceeded a secondary rate limit.",
            "in 60 s",
        ),
        (
            403,
            "X-Other: 1",
            "You have exceeded a secondary rate limit.",
            "in some minutes",
        ),
        (
            403,
            "X-RateLimit-Remaining: 0",
            "API rate limit exceeded for installation",
            "in some minutes",
        ),
        (429, "RateLimit-Reset: 5", "", "in 5 s"),
    ] {
        let stub = Stub::answering(move |_| {
            Response::from_string(body)
                .with_status_code(status)
                .with_header(header.parse::<Header>().unwrap())
        });
        let (agent, settings) = (agent(), github_api(GitHubApiKind::GitHub, &stub.address()));
        let client = Client {
            agent: &agent,
            settings: &settings,
        };
        for error in [
            client
                .open_proposals("release/")
                .expect_err("limited")
                .to_string(),
            client.open(&proposal()).expect_err("limited").to_string(),
        ] {
            assert!(
                error.contains("limits how often") && error.contains(wait),
                "{error}"
            );
            assert!(!error.contains("FORGE_TOKEN"), "{error}");
        }
    }
}

#[test]
fn a_repository_that_the_forge_hides_names_all_that_may_be_wrong() {
    let stub = Stub::start(|_| (404, r#"{"message":"Not Found"}"#.to_owned()));
    let (agent, settings) = (agent(), github_api(GitHubApiKind::GitHub, &stub.address()));
    let client = Client {
        agent: &agent,
        settings: &settings,
    };
    let error = client.open_proposals("release/").expect_err("hidden").to_string();
    for name in ["FORGE_API", "FORGE_REPO", "FORGE_TOKEN"] {
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn a_repository_that_was_renamed_is_found_at_its_new_address() {
    for there in ["/api/repositories/7", "http://{host}/api/repositories/7"] {
        let stub = Stub::answering(move |asked| {
            if let Some((_, rest)) = asked.line.split_once("/repos/owner/name/") {
                let there = there.replace("{host}", asked.header("Host"));
                let location = Header::from_bytes("Location", format!("{there}/{rest}")).unwrap();
                let status = if asked.line.starts_with("GET ") { 301 } else { 307 };
                return Response::from_string("")
                    .with_status_code(status)
                    .with_header(location);
            }
            let status = if asked.header("Authorization") == "token secret" {
                200
            } else {
                401
            };
            Response::from_string("[]").with_status_code(status)
        });
        let (agent, settings) = (agent(), github_api(GitHubApiKind::GitHub, &stub.address()));
        let client = Client {
            agent: &agent,
            settings: &settings,
        };
        assert_eq!(client.open_proposals("release/").unwrap(), []);
        client.open(&proposal()).unwrap();
        let sent = stub.asked().pop().unwrap();
        assert_eq!(sent.line, "POST /api/repositories/7/pulls");
        assert!(sent.body.contains(&proposal().branch), "{}", sent.body);
    }
}

/// Whoever has the token has the repository.
#[test]
fn a_change_is_sent_to_no_other_host_and_in_no_circle() {
    let other = Stub::start(|_| (200, "{}".to_owned()));
    for there in [format!("http://{}/x", other.address()), "/api/x".to_owned()] {
        let stub = Stub::answering(move |_| {
            let location = Header::from_bytes("Location", there.clone()).unwrap();
            Response::from_string("")
                .with_status_code(308)
                .with_header(location)
        });
        let (agent, settings) = (agent(), github_api(GitHubApiKind::GitHub, &stub.address()));
        let client = Client {
            agent: &agent,
            settings: &settings,
        };
        let error = client.open(&proposal()).expect_err("elsewhere").to_string();
        assert!(error.contains("FORGE_REPO") && error.contains(" to "), "{error}");
        assert!(stub.lines().len() < 6, "{:?}", stub.lines());
    }
    assert!(other.lines().is_empty(), "{:?}", other.lines());
}
