//! What each kind of forge is asked and how its answers are read, by a server that keeps the
//! requests.

use std::cell::Cell;
use std::io::Cursor;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use clap::Parser as _;
use serde_json::{Value, json};
use tiny_http::{Response, Server};

use super::*;
use crate::settings::Settings;

pub(crate) const NAME: &str = "verified/staging/board";
const TOKEN: &str = "of-the-verifier";

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Method and path.
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        let is_it = |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        self.headers.iter().find(is_it).map_or("", |(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Answers as the test says, until it is dropped.
pub(crate) struct Stub {
    server: Arc<Server>,
    asked: Arc<Mutex<Vec<Asked>>>,
    thread: Option<JoinHandle<()>>,
}

impl Stub {
    pub(crate) fn start(answer: impl Fn(&Asked) -> (u16, String) + Send + 'static) -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").unwrap());
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (listening, keeping) = (server.clone(), asked.clone());
        let thread = std::thread::spawn(move || {
            for mut request in listening.incoming_requests() {
                let mut body = String::new();
                request.as_reader().read_to_string(&mut body).unwrap();
                let header =
                    |header: &tiny_http::Header| (header.field.to_string(), header.value.to_string());
                let one = Asked {
                    line: format!("{} {}", request.method(), request.url()),
                    headers: request.headers().iter().map(header).collect(),
                    body,
                };
                let (status, text) = answer(&one);
                keeping.lock().unwrap().push(one);
                let answer: Response<Cursor<Vec<u8>>> = Response::from_string(text);
                // A client that has gone needs no answer.
                let _ = request.respond(answer.with_status_code(status));
            }
        });
        Self {
            server,
            asked,
            thread: Some(thread),
        }
    }

    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.server.server_addr())
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The settings for one kind of forge at this address.
pub(crate) fn settings(kind: &str, api: &str, repository: &str) -> ForgeSettings {
    whole_settings(kind, api, repository).forge
}

/// The same with all that is not about the forge.
fn whole_settings(kind: &str, api: &str, repository: &str) -> Settings {
    let args = [
        ("--reports", "verified/staging"),
        ("--namespace", "board"),
        ("--soak", "5"),
        ("--forge", kind),
        ("--forge-api", api),
        ("--forge-repo", repository),
    ];
    let args = args.into_iter().flat_map(|(name, value)| [name, value]);
    let arguments = std::iter::once("verifier").chain(args);
    Settings::try_parse_from(arguments).unwrap()
}

/// The forge of these settings, with a token that is another one for each request.
pub(crate) fn forge(settings: &ForgeSettings) -> Box<dyn Forge> {
    let asked = Cell::new(0);
    let token = move || {
        asked.set(asked.get() + 1);
        Ok(format!("{TOKEN}-{}", asked.get()))
    };
    of(settings, Box::new(token)).unwrap()
}

fn success() -> Word {
    Word::Success("2 pods".to_owned())
}

#[test]
fn a_report_is_found_on_whichever_page_github_and_gitea_have_it() {
    for (kind, size) in [("github", "per_page"), ("gitea", "limit")] {
        let stub = Stub::start(|asked| {
            let others = |from: usize| -> Vec<Value> {
                let other =
                    |at| json!({ "context": format!("ci/{at}"), "state": "success", "description": null });
                (from..from + 50).map(other).collect()
            };
            let statuses = match asked.line.rsplit('=').next() {
                Some("1") => json!(others(0)),
                Some("2") => json!([{ "context": NAME, "status": "failure", "description": "ended" }]),
                _ => Value::Null,
            };
            (200, json!({ "statuses": statuses }).to_string())
        });
        let settings = settings(kind, &stub.address(), "owner/name");
        let forge = forge(&settings);
        assert_eq!(
            forge.told(NAME, "c0ffee").unwrap(),
            Some(Word::Failure("ended".to_owned()))
        );
        assert_eq!(forge.told("verified/staging/other", "c0ffee").unwrap(), None);
        forge.tell(NAME, "c0ffee", &success()).unwrap();
        forge.start_ci().unwrap();
        let asked = stub.asked();
        let path = "/repos/owner/name/commits/c0ffee/status";
        assert_eq!(asked[1].line, format!("GET {path}?{size}=50&page=2"));
        // The last page is empty, and nothing starts CI: the forge tells it by itself.
        assert_eq!(
            (asked.len(), asked[2].header("Authorization")),
            (6, "token of-the-verifier-3")
        );
        assert_eq!(asked[5].line, "POST /repos/owner/name/statuses/c0ffee");
        let told = json!({ "context": NAME, "state": "success", "description": "2 pods" });
        assert_eq!(asked[5].json(), told);
    }
}

#[test]
fn gitlab_is_told_by_commit_statuses_and_asked_for_a_pipeline() {
    let stub = Stub::start(|asked| {
        let one = |id: u64, name: &str, status: &str| json!({ "id": id, "name": name, "status": status, "description": "words" });
        let statuses = [
            one(7, NAME, "pending"),
            one(9, NAME, "failed"),
            one(8, NAME, "success"),
            one(10, "verified/staging/boards", "success"),
        ];
        if asked.line.starts_with("GET") {
            return (200, json!(statuses).to_string());
        }
        (201, "{}".to_owned())
    });
    let mut settings = settings("gitlab", &stub.address(), "group/team/name");
    settings.branch = Some("trunk".to_owned());
    let forge = forge(&settings);
    // The one with the highest number is the newest.
    assert_eq!(
        forge.told(NAME, "c0ffee").unwrap(),
        Some(Word::Failure("words".to_owned()))
    );
    for (word, state) in [
        (Word::Pending("x".repeat(200)), "pending"),
        (success(), "success"),
        (Word::Failure("ended".to_owned()), "failed"),
    ] {
        forge.tell(NAME, "c0ffee", &word).unwrap();
        let told = stub.asked().pop().unwrap().json();
        assert_eq!((&told["state"], &told["name"]), (&json!(state), &json!(NAME)));
        assert!(told["description"].as_str().unwrap().len() <= DESCRIPTION);
    }
    forge.start_ci().unwrap();
    let asked = stub.asked();
    let project = "/projects/group%2Fteam%2Fname";
    let query = "name=verified%2Fstaging%2Fboard&per_page=100";
    assert_eq!(
        asked[0].line,
        format!("GET {project}/repository/commits/c0ffee/statuses?{query}")
    );
    assert_eq!(asked[1].line, format!("POST {project}/statuses/c0ffee"));
    assert_eq!(asked[4].line, format!("POST {project}/pipeline"));
    assert_eq!(asked[4].json(), json!({ "ref": "trunk" }));
    for (number, asked) in asked.iter().enumerate() {
        let token = format!("Bearer of-the-verifier-{}", number + 1);
        assert_eq!(asked.header("Authorization"), token);
    }
}

#[test]
fn gitlab_is_asked_for_a_pipeline_where_the_files_of_ci_are() {
    let stub = Stub::start(|_| (201, "{}".to_owned()));
    let mut settings = settings("gitlab", &stub.address(), "group/manifests");
    settings.ci_repository = Some("group/team/app".to_owned());
    settings.branch = Some("trunk".to_owned());
    let forge = forge(&settings);
    forge.tell(NAME, "c0ffee", &success()).unwrap();
    forge.start_ci().unwrap();
    let lines = stub.asked().into_iter().map(|asked| asked.line);
    let expected = [
        "POST /projects/group%2Fmanifests/statuses/c0ffee",
        "POST /projects/group%2Fteam%2Fapp/pipeline",
    ];
    assert!(lines.eq(expected), "{:?}", stub.asked());
}

#[test]
fn what_gitlab_has_already_is_told() {
    for (said, is_told) in [
        ("Cannot transition status via :enqueue from :pending", true),
        ("state does not have a valid value", false),
    ] {
        let stub = Stub::start(move |_| (400, json!({ "message": said }).to_string()));
        let settings = settings("gitlab", &stub.address(), "owner/name");
        let told = forge(&settings).tell(NAME, "c0ffee", &Word::Pending(String::new()));
        assert_eq!(told.is_ok(), is_told, "{told:?}");
    }
}

#[test]
fn a_verifier_that_nobody_has_told_the_branch_of_gitlab_does_not_begin() {
    let mut settings = whole_settings("gitlab", "https://gitlab.com/api/v4", "owner/name");
    // Whoever tests may have named one.
    settings.forge.branch = None;
    let error = crate::run(&settings).unwrap_err().to_string();
    assert!(error.contains("FORGE_BRANCH"), "{error}");
    let error = forge(&settings.forge).start_ci().unwrap_err().to_string();
    assert!(error.contains("FORGE_BRANCH"), "{error}");
}
