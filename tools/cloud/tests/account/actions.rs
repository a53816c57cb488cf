//! What the roles may do is what the code does: its real calls, recorded, held against the policies
//! of the template both ways.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use cloud::process::Process;
use cloud::recorder::{Call, Recorder};
use cloud::template::Template;
use cloud::tools;
use serde_json::{Value, json};
use testkit::embedded::Embedded;
use ureq::Agent;
use ureq::http::Response;

const TABLE: &str = "messages-recorded";

/// What a role may do and no recorded run did: action, on what, why it is allowed all the same.
const UNSEEN: &[(&str, &str, &str, &str)] = &[];

#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_do_what_its_program_does_and_no_more() {
    let database = Embedded::start().await.unwrap();
    let client = testkit::client(&database.endpoint).await;
    testkit::table::create(&client, TABLE).await.unwrap();
    for number in 0..3 {
        // As the first version wrote them: there is something for each migration to do.
        let text = |value: &str| AttributeValue::S(value.to_owned());
        client
            .put_item()
            .table_name(TABLE)
            .item(
                "uuid",
                text(&format!("00000000-0000-4000-8000-00000000000{number}")),
            )
            .item("author", text("Ada"))
            .item("text", text("old"))
            .item("posted_at", text("2026-01-01T00:00:00Z"))
            .send()
            .await
            .unwrap();
    }
    let recorder = Recorder::of_table(&database.endpoint).unwrap();
    tokio::task::spawn_blocking(move || {
        migrate(&recorder.endpoint);
        compare("MigrateRole", &recorder.take());
        serve(&recorder.endpoint);
        compare("BackendRole", &recorder.take());
    })
    .await
    .unwrap();
}

fn compare(role: &str, recorded: &BTreeSet<Call>) {
    let reasons = UNSEEN.iter().filter(|(known, ..)| *known == role);
    let excused = reasons
        .map(|(_, action, on, _)| ((*action).to_owned(), (*on).to_owned()))
        .collect();
    let faults = faults(&allowed(role), recorded, &excused);
    assert!(faults.is_empty(), "{role}: {faults:?}");
}

/// What is done and not allowed, allowed and not done, excused and done all the same.
fn faults(allowed: &BTreeSet<Call>, recorded: &BTreeSet<Call>, excused: &BTreeSet<Call>) -> Vec<String> {
    let refused = recorded
        .difference(allowed)
        .map(|call| format!("{call:?} would be refused"));
    let unused: BTreeSet<_> = allowed.difference(recorded).cloned().collect();
    let too_much = unused
        .difference(excused)
        .map(|call| format!("{call:?} is never done"));
    let out_of_date = excused
        .difference(&unused)
        .map(|call| format!("{call:?} needs no excuse"));
    refused.chain(too_much).chain(out_of_date).collect()
}

#[test]
fn a_policy_too_narrow_or_too_wide_is_found() {
    let calls = |actions: &[&str]| -> BTreeSet<Call> {
        let call = |action: &&str| ((*action).to_owned(), "table".to_owned());
        actions.iter().map(call).collect()
    };
    let none = calls(&[]);
    assert!(faults(&calls(&["a"]), &calls(&["a"]), &none).is_empty());
    assert_eq!(faults(&calls(&["a"]), &calls(&["a", "b"]), &none).len(), 1);
    assert_eq!(faults(&calls(&["a", "b"]), &calls(&["a"]), &none).len(), 1);
    assert!(faults(&calls(&["a", "b"]), &calls(&["a"]), &calls(&["b"])).is_empty());
    assert_eq!(faults(&calls(&["a"]), &calls(&["a"]), &calls(&["a"])).len(), 1);
}

/// The actions of a statement, of which there may be one or a list.
pub(crate) fn actions_of(statement: &Value) -> Vec<String> {
    let one = std::slice::from_ref(&statement["Action"]);
    let all = statement["Action"].as_array().map_or(one, Vec::as_slice);
    all.iter().map(|it| it.as_str().unwrap().to_owned()).collect()
}

/// Action and resource of every statement.
fn allowed(role: &str) -> BTreeSet<Call> {
    let template = Template::read("message-board").unwrap();
    let role = template.resources("AWS::IAM::Role")[role].clone();
    let mut calls = BTreeSet::new();
    for policy in role["Properties"]["Policies"].as_array().unwrap() {
        for statement in policy["PolicyDocument"]["Statement"].as_array().unwrap() {
            assert_eq!(statement["Effect"], "Allow");
            let on = match statement["Resource"].as_str().unwrap() {
                "Messages.Arn" => "table".to_owned(),
                other => other
                    .strip_prefix("${Messages.Arn}/")
                    .expect("of the table")
                    .to_owned(),
            };
            let actions = actions_of(statement).into_iter();
            calls.extend(actions.map(|action| (action, on.clone())));
        }
    }
    assert!(!calls.is_empty());
    calls
}

/// The backend's binary on a recorded database.
fn backend(endpoint: &str, arguments: &[&str]) -> Command {
    let mut backend = Command::new(tools::backend().unwrap());
    backend
        .args(arguments)
        .envs(testkit::variables(endpoint))
        .env("TABLE_NAME", TABLE)
        .env("ENVIRONMENT", "recorded")
        .env("MIGRATE_WAIT_SECONDS", "20")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("NO_PROXY", "127.0.0.1");
    backend
}

fn migrate(endpoint: &str) {
    for arguments in [
        &["migrate", "status"][..],
        &["migrate", "up", "--dry-run"],
        &["migrate"],
        &["migrate"],
        &["migrate", "status"],
    ] {
        tools::output(&mut backend(endpoint, arguments)).unwrap();
    }
}

/// Everything a person and the cluster can ask the backend for, refusals included.
fn serve(endpoint: &str) {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut command = backend(endpoint, &["serve"]);
    command
        .env("LISTEN_ADDR", format!("127.0.0.1:{port}"))
        .env("METRICS_ADDR", "127.0.0.1:0")
        .env("DRAIN_SECONDS", "0");
    let _server = Process::start(command, &folder.path().join("log")).unwrap();
    let api = Api {
        agent: Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)))
            .build()
            .new_agent(),
        base: format!("http://127.0.0.1:{port}"),
    };
    api.wait(&folder.path().join("log"));
    api.use_all();
}

struct Api {
    agent: Agent,
    base: String,
}

impl Api {
    fn wait(&self, log: &Path) {
        let started = Instant::now();
        while !self
            .agent
            .get(format!("{}/readyz", self.base))
            .call()
            .is_ok_and(|answer| answer.status() == 200)
        {
            let log = fs::read_to_string(log).unwrap_or_default();
            assert!(started.elapsed() < Duration::from_secs(20), "not ready:\n{log}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn use_all(&self) {
        let draft = json!({"author": "Ada", "text": "Hello"});
        let posted = self.post(&draft, None, 201);
        let uuid = posted["uuid"].as_str().unwrap().to_owned();
        let one = format!("{}/api/messages/{uuid}", self.base);
        // The same key again, with the same message and with another one.
        self.post(&draft, Some("key"), 201);
        self.post(&draft, Some("key"), 201);
        self.post(&json!({"author": "Ada", "text": "Other"}), Some("key"), 409);
        let page: Value = read(self.get(&format!("{}/api/messages?limit=2", self.base), 200));
        let next = page["next"].as_str().expect("there is a second page");
        self.get(&format!("{}/api/messages?limit=2&before={next}", self.base), 200);
        self.get(&one, 200);
        let edit = json!({"author": "Ada", "text": "Edited"});
        self.put(&one, "\"9\"", &edit, 412);
        self.put(&one, "\"1\"", &edit, 200);
        self.delete(&one, "\"1\"", 412);
        self.delete(&one, "\"2\"", 204);
        self.delete(&one, "\"2\"", 404);
        self.put(&one, "\"2\"", &edit, 404);
        self.get(&one, 404);
    }

    fn post(&self, draft: &Value, key: Option<&str>, status: u16) -> Value {
        let mut request = self.agent.post(format!("{}/api/messages", self.base));
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        read(expect(request.send_json(draft), status))
    }

    fn get(&self, url: &str, status: u16) -> Response<ureq::Body> {
        expect(self.agent.get(url).call(), status)
    }

    fn put(&self, url: &str, tag: &str, draft: &Value, status: u16) {
        expect(
            self.agent.put(url).header("If-Match", tag).send_json(draft),
            status,
        );
    }

    fn delete(&self, url: &str, tag: &str, status: u16) {
        expect(self.agent.delete(url).header("If-Match", tag).call(), status);
    }
}

fn expect(answer: Result<Response<ureq::Body>, ureq::Error>, status: u16) -> Response<ureq::Body> {
    let mut answer = answer.unwrap();
    assert_eq!(
        answer.status(),
        status,
        "{}",
        answer.body_mut().read_to_string().unwrap_or_default()
    );
    answer
}

fn read(mut answer: Response<ureq::Body>) -> Value {
    answer.body_mut().read_json().unwrap()
}
