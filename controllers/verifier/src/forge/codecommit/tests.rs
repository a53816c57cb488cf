//! What AWS is asked: the same as by the real `aws` program, where there is one. No emulator has
//! comments on commits, so what the service makes of them is not shown.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::forge::tests::{Asked, NAME, Stub, settings};

const ROLE: &str = "arn:aws:iam::000000000000:role/gitops-loop-verifier";
const SESSION: &str = "arn:aws:sts::000000000000:assumed-role/gitops-loop-verifier/verifier";
const ASSUMED: &str = r#"<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <Credentials>
      <AccessKeyId>ASIAVERIFIER</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
      <SessionToken>a+b/c==</SessionToken><Expiration>2026-11-28T23:00:00Z</Expiration>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"#;

/// STS and `CodeCommit` at one address; `comments` are on every commit.
fn aws(comments: Value) -> Stub {
    Stub::start(move |asked| {
        let answer = match asked.header("X-Amz-Target").rsplit('.').next().unwrap() {
            "" => return (200, ASSUMED.to_owned()),
            "GetCommit" if asked.body.contains("first") => json!({ "commit": { "parents": [] } }),
            "GetCommit" => json!({ "commit": { "parents": ["main", "side"] } }),
            "GetCommentsForComparedCommit" if asked.body.contains("nextToken") => {
                json!({ "commentsForComparedCommitData": [{ "comments": comments }] })
            }
            "GetCommentsForComparedCommit" => {
                json!({ "commentsForComparedCommitData": [], "nextToken": "more" })
            }
            _ => json!({ "comment": {} }),
        };
        (200, answer.to_string())
    })
}

fn forge(stub: &Stub) -> (CodeCommit, TempDir) {
    let settings = settings("codecommit", &stub.address(), "gitops-loop");
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("identity");
    fs::write(&token, "of-the-service-account\n").unwrap();
    let forge = CodeCommit {
        client: Client::new(&settings).unwrap(),
        repository: settings.repository,
        role: Role {
            arn: ROLE.to_owned(),
            token,
            endpoint: stub.address(),
            region: "eu-central-1".to_owned(),
        },
    };
    (forge, folder)
}

fn comment(at: f64, author: &str, state: &str) -> Value {
    let report = json!({ "context": NAME, "state": state, "description": "words" }).to_string();
    json!({ "content": report, "creationDate": at, "authorArn": author })
}

#[test]
fn the_newest_comment_of_its_own_role_counts() {
    let other = "arn:aws:sts::000000000000:assumed-role/gitops-loop-verifier-2/verifier";
    let stub = aws(json!([
        comment(3.0, SESSION, "success"),
        comment(2.0, SESSION, "failure"),
        comment(4.0, other, "failure"),
        comment(5.0, "arn:aws:iam::000000000000:user/gitops-loop-verifier", "failure"),
        { "content": "Looks good", "creationDate": 6.0, "authorArn": SESSION },
        { "creationDate": 7.0, "authorArn": SESSION, "deleted": true },
    ]));
    let (forge, _folder) = forge(&stub);
    let told = forge.told(NAME, "c0ffee").unwrap();
    assert_eq!(told, Some(Word::Success("words".to_owned())));
    assert_eq!(forge.told("verified/staging/other", "c0ffee").unwrap(), None);
}

#[test]
fn each_request_is_signed_for_the_role_of_the_service_account() {
    let stub = aws(json!([]));
    let (forge, _folder) = forge(&stub);
    forge.told(NAME, "c0ffee").unwrap();
    let asked = stub.asked();
    for part in [
        "RoleArn=arn%3Aaws%3Aiam",
        "WebIdentityToken=of-the-service-account",
        "Version=2011-06-15",
    ] {
        assert!(asked[0].body.contains(part), "{}", asked[0].body);
    }
    assert_eq!(asked[1].header("X-Amz-Security-Token"), "a+b/c==");
    let authorization = asked[1].header("Authorization");
    for part in [
        "ASIAVERIFIER/",
        "/eu-central-1/codecommit/aws4_request",
        "x-amz-target",
    ] {
        assert!(authorization.contains(part), "{authorization}");
    }
}

#[test]
fn a_refusal_names_the_server_that_was_asked() {
    let stub = Stub::start(|_| (403, "not your role".to_owned()));
    let (forge, _folder) = forge(&stub);
    let error = format!("{:#}", forge.told(NAME, "c0ffee").unwrap_err());
    let refusal = format!(
        "ask {}/ for the role: the answer is 403 Forbidden: not your role",
        stub.address()
    );
    assert_eq!(error, refusal);
}

/// What the real program sends for the same.
fn by_the_program(stub: &Stub, args: &[&str]) -> Option<Asked> {
    let mut program = Command::new("aws");
    if let Some(folder) = env::var_os("CLOUD_TOOLS").map(PathBuf::from) {
        program = Command::new(folder.join("bin/aws"));
        program.env("PYTHONPATH", folder);
    }
    for (name, value) in [
        ("AWS_ENDPOINT_URL", stub.address().as_str()),
        ("AWS_DEFAULT_REGION", "eu-central-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ] {
        program.env(name, value);
    }
    let ran = program.arg("codecommit").args(args).output();
    let Ok(ran) = ran else {
        let reason =
            env::var("CLOUD_TOOLS_MISSING").unwrap_or_else(|_| "there is no `aws` program".to_owned());
        // Not by a macro: the test harness would keep that to itself.
        let _ = writeln!(std::io::stdout(), "skipped: CodeCommit: {reason}");
        return None;
    };
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    stub.asked().pop()
}

#[test]
fn the_comment_is_the_one_that_the_aws_program_makes() {
    let stub = aws(json!([]));
    let (forge, _folder) = forge(&stub);
    let word = Word::Success("2 pods".to_owned());
    for (commit, parent) in [("c0ffee", Some("main")), ("first", None)] {
        forge.tell(NAME, commit, &word).unwrap();
        let ours = stub.asked().pop().unwrap();
        let report: Value = serde_json::from_str(ours.json()["content"].as_str().unwrap()).unwrap();
        assert_eq!(
            report,
            json!({ "context": NAME, "state": "success", "description": "2 pods" })
        );
        let (body, mut args) = (ours.json(), vec!["post-comment-for-compared-commit"]);
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        let (content, token) = (text("content"), text("clientRequestToken"));
        args.extend(["--repository-name", "gitops-loop", "--after-commit-id", commit]);
        args.extend(["--content", &content, "--client-request-token", &token]);
        args.extend(parent.iter().flat_map(|parent| ["--before-commit-id", parent]));
        let Some(theirs) = by_the_program(&stub, &args) else {
            return;
        };
        assert_eq!(ours.json(), theirs.json());
        for header in ["X-Amz-Target", "Content-Type"] {
            assert_eq!(ours.header(header), theirs.header(header));
        }
        assert_eq!(ours.line, theirs.line);
    }
}
