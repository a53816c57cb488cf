//! The real binary as the cluster runs it: started, asked over real connections, ended by SIGTERM.
#![allow(
    clippy::unwrap_used,
    reason = "test helpers outside test functions fail the test all the same"
)]

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use testkit::embedded::Embedded;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};

/// Long enough for a request to come in between, short enough for a test.
const DRAIN_SECONDS: &str = "2";
/// The binary ends or answers long before, or the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

struct Backend {
    process: Child,
    log: Lines<BufReader<ChildStdout>>,
    address: String,
    metrics_address: String,
}

impl Backend {
    /// A backend on a table at the newest schema.
    async fn start() -> Self {
        let database = Embedded::start().await.unwrap();
        let client = testkit::client(&database.endpoint).await;
        testkit::table::create(&client, "messages").await.unwrap();
        migrate(&database).await;
        Self::on(&database).await
    }

    /// A backend on this database, as it is.
    async fn on(database: &Embedded) -> Self {
        let mut process = command(database, "serve").spawn().unwrap();
        let log = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut backend = Self {
            process,
            log,
            address: String::new(),
            metrics_address: String::new(),
        };
        let serving = backend.logged("serving").await;
        backend.address = text(&serving["address"]);
        backend.metrics_address = text(&serving["metrics_address"]);
        backend
    }

    /// The next line of the log with this message.
    async fn logged(&mut self, message: &str) -> Value {
        let found = async {
            loop {
                let line = self.log.next_line().await.unwrap().expect("it still runs");
                let line: Value = serde_json::from_str(&line).expect("each line is JSON");
                if line["message"] == message {
                    return line;
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.expect(message)
    }

    fn terminate(&self) {
        let id = self.process.id().unwrap();
        let id = rustix::process::Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    }

    async fn ended(mut self) -> ExitStatus {
        let ended = tokio::time::timeout(PATIENCE, self.process.wait());
        ended.await.expect("it ends in time").unwrap()
    }
}

async fn migrate(database: &Embedded) {
    let migrated = command(database, "migrate").status().await.unwrap();
    assert!(migrated.success(), "{migrated}");
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn command(database: &Embedded, job: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backend"));
    command
        .arg(job)
        .envs(testkit::variables(&database.endpoint))
        .env("TABLE_NAME", "messages")
        .env("ENVIRONMENT", "test")
        .env("LISTEN_ADDR", "127.0.0.1:0")
        .env("METRICS_ADDR", "127.0.0.1:0")
        .env("DRAIN_SECONDS", DRAIN_SECONDS)
        .env_remove("RUST_LOG")
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// One connection, kept as long as the server keeps it.
struct Connection(TcpStream);

impl Connection {
    async fn open(address: &str) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    async fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Head and body of the next answer.
    async fn answer(&mut self) -> String {
        let read = async {
            let mut bytes = Vec::new();
            while !is_whole(&bytes) {
                let mut part = [0; 4096];
                let count = self.0.read(&mut part).await.unwrap();
                assert_ne!(count, 0, "cut after {:?}", String::from_utf8_lossy(&bytes));
                bytes.extend_from_slice(&part[..count]);
            }
            String::from_utf8(bytes).unwrap()
        };
        tokio::time::timeout(PATIENCE, read).await.expect("an answer")
    }

    async fn get(&mut self, path: &str) -> String {
        self.write(&format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n"))
            .await;
        self.answer().await
    }

    /// Whether the server has closed it.
    async fn is_closed(&mut self) -> bool {
        let mut byte = [0];
        let read = tokio::time::timeout(PATIENCE, self.0.read(&mut byte));
        read.await.expect("the end of the connection").unwrap() == 0
    }
}

/// Whether `bytes` are a head and as much of a body as it announces.
fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}

#[tokio::test]
async fn sigterm_fails_readiness_first_and_drops_no_request() {
    let mut backend = Backend::start().await;
    let mut kept = Connection::open(&backend.address).await;
    assert!(kept.get(api::READYZ).await.starts_with("HTTP/1.1 200"));
    let mut slow = Connection::open(&backend.address).await;
    let body = r#"{"author":"Ada","text":"slow"}"#;
    slow.write(&format!(
        "POST {} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{}",
        api::MESSAGES,
        body.len(),
        &body[..5],
    ))
    .await;

    backend.terminate();
    backend
        .logged("stopping: readiness fails, requests are still served")
        .await;
    // The listener is still open, and whoever was connected hears that this was the last answer.
    let unready = Connection::open(&backend.address).await.get(api::READYZ).await;
    assert!(unready.starts_with("HTTP/1.1 503"), "{unready}");
    let listed = kept.get(api::MESSAGES).await;
    assert!(listed.starts_with("HTTP/1.1 200"), "{listed}");
    assert!(listed.contains("connection: close"), "{listed}");
    assert!(kept.is_closed().await);

    // The rest of the slow request comes only when nobody can connect any more.
    while TcpStream::connect(&backend.address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    slow.write(&body[5..]).await;
    let posted = slow.answer().await;
    assert!(posted.starts_with("HTTP/1.1 201"), "{posted}");
    assert_eq!(backend.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_request_is_found_in_log_and_metrics() {
    let mut backend = Backend::start().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let mut connection = Connection::open(&backend.address).await;
    connection
        .write(&format!(
            "GET {} HTTP/1.1\r\nhost: test\r\nx-request-id: r-1\r\ntraceparent: 00-{trace}-00f067aa0ba902b7-01\r\n\r\n",
            api::message_path("nobody"),
        ))
        .await;
    let answer = connection.answer().await;
    assert!(answer.contains("x-request-id: r-1"), "{answer}");
    let line = backend.logged("answered").await;
    assert_eq!(line["status"], 404, "{line}");
    assert_eq!(line["span"]["request_id"], "r-1", "{line}");
    assert_eq!(line["span"]["trace_id"], trace, "{line}");
    let page = Connection::open(&backend.metrics_address)
        .await
        .get(api::METRICS)
        .await;
    assert!(
        page.contains(r#"http_route="/api/messages/{uuid}",http_response_status_code="404"} 1"#),
        "{page}"
    );
}

#[tokio::test]
async fn why_it_is_not_ready_is_logged_once() {
    let database = Embedded::start().await.unwrap();
    let client = testkit::client(&database.endpoint).await;
    testkit::table::create(&client, "messages").await.unwrap();
    let mut backend = Backend::on(&database).await;
    let mut connection = Connection::open(&backend.address).await;
    for _ in 0..3 {
        let answer = connection.get(api::READYZ).await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    }
    migrate(&database).await;
    let answer = connection.get(api::READYZ).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let why = backend.logged("not ready").await;
    assert_eq!(why["level"], "WARN", "{why}");
    assert!(text(&why["reason"]).contains("it is at schema 0"), "{why}");
    let line = backend.log.next_line().await.unwrap().unwrap();
    assert!(line.contains("ready again"), "{line}");
}

#[tokio::test]
async fn a_bad_setting_ends_it_and_is_named() {
    let database = Embedded::start().await.unwrap();
    let started = command(&database, "serve")
        .env("METRICS_ADDR", "nowhere")
        .stderr(Stdio::piped())
        .output()
        .await
        .unwrap();
    assert_eq!(started.status.code(), Some(2));
    let complaint = String::from_utf8_lossy(&started.stderr);
    assert!(complaint.contains("METRICS_ADDR"), "{complaint}");
}
