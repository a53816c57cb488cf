//! A server of which one decides how it behaves.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// No request of these tests waits longer.
const HANG: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    Good,
    /// So many of a hundred requests get an error.
    Fails(u64),
    /// It takes requests and never answers.
    Hangs,
    /// Nobody listens any more.
    Dead,
    NotReady,
}

/// A server on loopback. Whatever it does to requests, it says that it is ready but for
/// [`Mode::NotReady`].
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

struct State {
    mode: Mutex<Mode>,
    requests: AtomicU64,
}

impl State {
    fn mode(&self) -> Mode {
        *self.mode.lock().expect("nobody panics with it")
    }
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listen on loopback");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            mode: Mutex::new(Mode::Good),
            requests: AtomicU64::new(0),
        });
        let shared = state.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if shared.mode() == Mode::Dead {
                    return;
                }
                let shared = shared.clone();
                thread::spawn(move || serve(&client, &shared));
            }
        });
        Self { address, state }
    }

    pub(crate) fn set(&self, mode: Mode) {
        *self.state.mode.lock().expect("nobody panics with it") = mode;
    }

    /// Those of people, not those that ask whether it is ready.
    pub(crate) fn requests(&self) -> u64 {
        self.state.requests.load(Ordering::Relaxed)
    }
}

fn serve(client: &TcpStream, state: &State) -> Option<()> {
    let mut lines = BufReader::new(client).lines();
    let first = lines.next()?.ok()?;
    lines.map_while(Result::ok).find(String::is_empty)?;
    let mode = state.mode();
    let (status, body) = if first.contains(" /readyz ") {
        match mode {
            Mode::NotReady => (503, "schema 2 is needed"),
            _ => (200, "ready"),
        }
    } else {
        let number = state.requests.fetch_add(1, Ordering::Relaxed);
        match mode {
            Mode::Hangs => {
                thread::sleep(HANG);
                return None;
            }
            // Spread evenly, the first of them after a few good ones.
            Mode::Fails(share) if number * share / 100 != (number + 1) * share / 100 => (500, "no"),
            _ => (200, "hello"),
        }
    };
    let length = body.len();
    let mut client = client;
    write!(
        client,
        "HTTP/1.1 {status} Some\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .ok()
}
