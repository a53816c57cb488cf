//! An HTTP server on this machine that answers what a test says, and keeps what it was asked. It
//! proves which requests are sent, not that a forge would take them.

use std::io::Cursor;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tiny_http::{Header, Response, Server};

/// A whole answer, with headers.
pub(super) type Answer = Response<Cursor<Vec<u8>>>;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// Method and path.
    pub(super) line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Asked {
    pub(super) fn header(&self, name: &str) -> &str {
        let is_it = |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        self.headers.iter().find(is_it).map_or("", |(_, value)| value)
    }
}

pub(super) struct Stub {
    server: Arc<Server>,
    asked: Arc<Mutex<Vec<Asked>>>,
    thread: Option<JoinHandle<()>>,
}

impl Stub {
    /// Answers each request with the status and the text that `answer` gives.
    pub(super) fn start(answer: impl Fn(&Asked) -> (u16, String) + Send + 'static) -> Self {
        Self::answering(move |asked| {
            let (status, text) = answer(asked);
            Response::from_string(text).with_status_code(status)
        })
    }

    /// A registry that has what `digest` gives a digest of.
    pub(super) fn with_digests(digest: impl Fn(&Asked) -> Option<String> + Send + 'static) -> Self {
        Self::answering(move |asked| {
            let answer = Response::from_string("");
            match digest(asked) {
                None => answer.with_status_code(404),
                Some(digest) => {
                    let header = Header::from_bytes("Docker-Content-Digest", digest);
                    answer.with_header(header.expect("a header"))
                }
            }
        })
    }

    /// Answers each request as `answer` has it.
    pub(super) fn answering(answer: impl Fn(&Asked) -> Answer + Send + 'static) -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").expect("listen"));
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (listening, keeping) = (server.clone(), asked.clone());
        let thread = std::thread::spawn(move || {
            for mut request in listening.incoming_requests() {
                let mut body = String::new();
                // What cannot be read is compared as empty.
                let _ = request.as_reader().read_to_string(&mut body);
                let header =
                    |header: &tiny_http::Header| (header.field.to_string(), header.value.to_string());
                let one = Asked {
                    line: format!("{} {}", request.method(), request.url()),
                    headers: request.headers().iter().map(header).collect(),
                    body,
                };
                let response = answer(&one);
                keeping.lock().unwrap().push(one);
                // A client that has gone needs no answer.
                let _ = request.respond(response);
            }
        });
        Self {
            server,
            asked,
            thread: Some(thread),
        }
    }

    pub(super) fn address(&self) -> String {
        self.server.server_addr().to_string()
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Methods and paths of all requests.
    pub(super) fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
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

/// An address on this machine where nobody listens.
pub(super) fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("find a free port");
    listener.local_addr().expect("it has an address").to_string()
}
