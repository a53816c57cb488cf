//! CodeCommit, by the real `aws` program, which checks names and types of all parameters before it
//! sends them; no emulator has its pull requests, so what the service makes of them is not shown.

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};
use xshell::Shell;

use super::proposal;
use crate::ci::forge::codecommit::CodeCommit;
use crate::ci::forge::{Forge as _, Open, Proposal, State, Status};
use crate::ci::proposal::title;
use crate::ci::tests::shell;
use crate::ci::tests::stub::{Asked, Stub, nobody};
use crate::environment::project;

/// The folder with AWS' programs, where `cargo xtask test` supplies them.
const FOLDER: &str = "CLOUD_TOOLS";
/// Why it could not.
const NO_FOLDER: &str = "CLOUD_TOOLS_MISSING";

/// The `aws` program, asking `address`; `None` with a word to the reader where there is none.
fn aws(address: &str, credentials: bool) -> Option<Shell> {
    let sh = shell();
    if let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = [folder.join("bin")]
            .into_iter()
            .chain(std::env::split_paths(&path));
        sh.set_var("PATH", std::env::join_paths(path).expect("a list of folders"));
        sh.set_var("PYTHONPATH", folder);
    }
    let version = xshell::cmd!(sh, "aws --version").quiet().ignore_stderr();
    if version.ignore_stdout().run().is_err() {
        let reason = std::env::var(NO_FOLDER).unwrap_or_else(|_| "there is no `aws` program".to_owned());
        // Not by a macro: the test harness would keep that to itself.
        let _ = writeln!(std::io::stdout(), "skipped: CodeCommit: {reason}");
        return None;
    }
    for (name, value) in [
        ("AWS_ENDPOINT_URL", format!("http://{address}")),
        ("AWS_DEFAULT_REGION", "eu-central-1".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
        ("AWS_MAX_ATTEMPTS", "1".to_owned()),
    ] {
        sh.set_var(name, value);
    }
    if credentials {
        sh.set_var("AWS_ACCESS_KEY_ID", "test");
        sh.set_var("AWS_SECRET_ACCESS_KEY", "test");
    }
    Some(sh)
}

fn forge<'a>(sh: &'a Shell, reporter: Option<&'a str>) -> CodeCommit<'a> {
    CodeCommit {
        sh,
        repository: "infra",
        reporter,
    }
}

fn pull_request(id: &str, repository: &str, from: &str, to: &str, status: &str) -> Value {
    let target = json!({
        "repositoryName": repository,
        "sourceReference": format!("refs/heads/{from}"),
        "destinationReference": format!("refs/heads/{to}"),
    });
    let targets = [target];
    json!({ "pullRequest": { "pullRequestId": id, "pullRequestStatus": status, "pullRequestTargets": targets } })
}

#[test]
fn all_pages_of_codecommit_are_read_and_only_what_goes_to_master_is_ci_s() {
    let stub = Stub::start(|asked: &Asked| {
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        let answer = match (
            asked.header("X-Amz-Target").rsplit('.').next().unwrap(),
            body["nextToken"].as_str(),
        ) {
            ("ListPullRequests", None) => json!({ "pullRequestIds": ["1", "2", "3"], "nextToken": "more" }),
            ("ListPullRequests", Some("more")) => json!({ "pullRequestIds": [], "nextToken": "still more" }),
            ("ListPullRequests", _) => json!({ "pullRequestIds": ["4", "5"] }),
            _ => {
                let id = body["pullRequestId"].as_str().unwrap();
                let (repository, to, status) = match id {
                    "1" => ("infra", "production", "OPEN"),
                    "2" => ("infra", "feature", "OPEN"),
                    "3" => ("infra", "master", "CLOSED"),
                    "4" => ("another", "master", "OPEN"),
                    _ => ("infra", "master", "OPEN"),
                };
                pull_request(id, repository, "release/staging-0123456789", to, status)
            }
        };
        (200, answer.to_string())
    });
    let Some(sh) = aws(&stub.address(), true) else {
        return;
    };
    let forge = forge(&sh, None);
    let open = forge.open_proposals("release/staging-").unwrap();
    let ids: Vec<_> = open.iter().map(|open| open.id.as_str()).collect();
    assert_eq!(ids, ["5"]);
}

#[test]
fn codecommit_is_asked_in_the_shapes_that_the_aws_program_accepts() {
    let stub = Stub::start(|asked: &Asked| {
        let answer = match asked.header("X-Amz-Target") {
            target if target.ends_with("ListPullRequests") => json!({ "pullRequestIds": ["7", "8"] }),
            target if target.ends_with("GetPullRequest") => {
                let id = if asked.body.contains("\"7\"") { "7" } else { "8" };
                let branch = ["release/staging-0123456789", "feature"][usize::from(id == "8")];
                pull_request(id, "infra", branch, "master", "OPEN")
            }
            _ => json!({ "pullRequest": {} }),
        };
        (200, answer.to_string())
    });
    let Some(sh) = aws(&stub.address(), true) else {
        return;
    };
    let forge = forge(&sh, None);
    let open = forge.open_proposals("release/staging-").unwrap();
    assert_eq!(open.len(), 1, "{open:?}");
    forge.open(&proposal()).unwrap();
    forge.close(&open[0], "older").unwrap();
    let asked: Vec<(String, Value)> = stub
        .asked()
        .iter()
        .map(|asked| {
            let target = asked.header("X-Amz-Target").to_owned();
            (target, serde_json::from_str(&asked.body).unwrap())
        })
        .collect();
    let mut create = asked[3].1.clone();
    // The program adds a token of its own, so that a repeated request does nothing twice.
    create["clientRequestToken"].take();
    let targets = json!([{
        "repositoryName": "infra",
        "sourceReference": "release/staging-0123456789",
        "destinationReference": "master"
    }]);
    let Proposal { title, text, .. } = proposal();
    assert_eq!(
        create,
        json!({ "title": title, "description": text, "targets": targets, "clientRequestToken": null })
    );
    let calls: Vec<_> = asked
        .iter()
        .map(|(target, _)| target.rsplit('.').next().unwrap())
        .collect();
    assert_eq!(
        calls,
        [
            "ListPullRequests",
            "GetPullRequest",
            "GetPullRequest",
            "CreatePullRequest",
            "UpdatePullRequestDescription",
            "UpdatePullRequestStatus"
        ]
    );
    assert_eq!(
        asked[5].1,
        json!({ "pullRequestId": "7", "pullRequestStatus": "CLOSED" })
    );
}

#[test]
fn codecommit_is_given_no_more_words_than_it_takes() {
    let stub = Stub::start(|asked: &Asked| {
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        let signs = |key: &str| body[key].as_str().unwrap_or_default().chars().count();
        if signs("title") > 150 || signs("description") > 10_240 {
            let answer = json!({ "__type": "InvalidTitleException", "message": "too long" });
            return (400, answer.to_string());
        }
        (200, json!({ "pullRequest": {} }).to_string())
    });
    let Some(sh) = aws(&stub.address(), true) else {
        return;
    };
    let forge = forge(&sh, None);
    let proposal = Proposal {
        title: title(&["an-app-with-a-name"; 60], project().first(), "0123456789"),
        text: "- an-app-with-a-name: ümläut\n".repeat(600),
        ..proposal()
    };
    forge.open(&proposal).unwrap();
    let open = Open {
        id: "7".to_owned(),
        branch: proposal.branch.clone(),
        reference: "pull request 7 of infra".to_owned(),
    };
    forge.close(&open, &proposal.text).unwrap();
}

#[test]
fn codecommit_names_credentials_and_an_endpoint_that_is_down() {
    let expired = Stub::start(|_| {
        let answer = json!({ "__type": "ExpiredTokenException", "message": "The security token included in the request is expired" });
        (400, answer.to_string())
    });
    let throttled = Stub::start(|_| {
        let answer = json!({ "__type": "ThrottlingException", "message": "Rate exceeded" });
        (400, answer.to_string())
    });
    for (address, credentials, words) in [
        (throttled.address(), true, "limits how often it is asked"),
        (expired.address(), true, "the role of this run"),
        (expired.address(), false, "the role of this run"),
        (nobody(), true, "cannot be reached"),
    ] {
        let Some(sh) = aws(&address, credentials) else {
            return;
        };
        let forge = forge(&sh, None);
        let error = forge.open_proposals("release/").expect_err("refused");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn what_a_role_has_reported_in_comments_is_read_and_nobody_elses_word() {
    let stub = Stub::start(|asked: &Asked| {
        let author = |name: &str| format!("arn:aws:sts::000000000000:assumed-role/{name}/verifier");
        let one = |at: f64, name: &str, app: &str, state: &str| {
            let report = json!({ "context": app, "state": state, "description": "words" });
            json!({ "content": report.to_string(), "creationDate": at, "authorArn": author(name) })
        };
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        let answer = match asked.header("X-Amz-Target").rsplit('.').next().unwrap() {
            "GetCommit" => json!({ "commit": { "parents": ["main", "side"] } }),
            _ if body["nextToken"].is_null() => json!({
                "commentsForComparedCommitData": [{ "comments": [
                    one(1.5, "verifier-staging", "verified/staging/backend", "pending"),
                    one(9.0, "developer", "verified/staging/backend", "failure"),
                    one(9.0, "verifier-qa", "verified/staging/backend", "failure"),
                    { "creationDate": 3.0, "authorArn": author("verifier-staging"), "deleted": true },
                ] }],
                "nextToken": "more",
            }),
            _ => json!({ "commentsForComparedCommitData": [{ "comments": [
                one(2.5, "verifier-staging", "verified/staging/backend", "success"),
                one(2.0, "verifier-staging", "verified/staging/backend", "failure"),
                one(2.0, "verifier-staging-2", "verified/staging/frontend", "success"),
            ] }] }),
        };
        (200, answer.to_string())
    });
    let Some(sh) = aws(&stub.address(), true) else {
        return;
    };
    let mut forge = forge(&sh, Some("verifier"));
    let success = Status {
        context: project().first().report_on("backend"),
        state: State::Success,
        description: "words".to_owned(),
    };
    assert_eq!(forge.statuses("c0ffee").unwrap(), Some(vec![success]));
    let asked: Value = serde_json::from_str(&stub.asked()[1].body).unwrap();
    assert_eq!(
        asked,
        json!({ "repositoryName": "infra", "afterCommitId": "c0ffee", "beforeCommitId": "main" })
    );
    forge.reporter = None;
    assert_eq!(forge.statuses("c0ffee").unwrap(), None);
}
