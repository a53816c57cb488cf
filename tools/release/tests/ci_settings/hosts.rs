//! Which token the repositories of the application and of the overlays are shown: by real Git, and
//! the verbs as CI runs them.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::{checkout, ci_in, git};

/// A server on this machine that has no repository, whoever asks.
struct Server {
    /// `http://127.0.0.1:port`.
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let keeping = asked.clone();
        // It ends with the tests' process.
        std::thread::spawn(move || serve(&listener, &keeping));
        Self { address, asked }
    }

    /// Whether it was asked since the last call, and then with nothing but `token`.
    fn was_shown(&self, token: &str) -> bool {
        let asked = std::mem::take(&mut *self.asked.lock().expect("not poisoned"));
        let credentials = BASE64_STANDARD.encode(format!("x-access-token:{token}"));
        let line = format!("Authorization: Basic {credentials}\r\n");
        !asked.is_empty() && asked.iter().all(|request| request.contains(&line))
    }
}

fn serve(listener: &TcpListener, asked: &Mutex<Vec<String>>) {
    for socket in listener.incoming() {
        let mut socket = socket.expect("a client");
        let (mut request, mut byte) = (Vec::new(), [0]);
        while !request.ends_with(b"\r\n\r\n") && socket.read_exact(&mut byte).is_ok() {
            request.push(byte[0]);
        }
        let request = String::from_utf8_lossy(&request).into_owned();
        asked.lock().expect("not poisoned").push(request);
        let _ = socket.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
}

#[test]
fn each_host_is_shown_the_token_that_is_for_it() {
    let (here, elsewhere) = (Server::start(), Server::start());
    let origin = format!("{}/owner/app.git", here.address);
    // Which of both is asked first: by `advance` the application, by `plan` the overlays.
    for (infra, of_origin) in [(&here, "of-the-forge"), (&elsewhere, "of-the-source")] {
        let remote = format!("{}/owner/infra.git", infra.address);
        for (verb, asked, token) in [("advance", &here, of_origin), ("plan", infra, "of-the-forge")] {
            let checkout = checkout();
            git(&checkout, &["remote", "set-url", "origin", &origin]);
            let variables = [
                ("RELEASE_BRANCH", "master"),
                ("IMAGE_REGISTRY", "127.0.0.1:1/loop"),
                ("INFRA_REMOTE", &remote),
                ("FORGE", "gitea"),
                ("FORGE_API", "http://127.0.0.1:1/api/v1"),
                ("FORGE_REPO", "owner/infra"),
                ("FORGE_TOKEN", "of-the-forge"),
                ("SOURCE_TOKEN", "of-the-source"),
            ];
            let output = ci_in(&checkout, &[verb], variables);
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(asked.was_shown(token), "{verb} with {remote}: {said}");
        }
    }
}
