//! People who ask, so many each second, whatever becomes of their requests.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// After this, a person has given up.
const PATIENCE: Duration = Duration::from_secs(3);
/// No load lasts longer, whatever happens to its test.
const LONGEST: Duration = Duration::from_secs(100);

/// Requests at a steady rate, until this is ended or dropped.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Vec<(Instant, bool)>>>,
    at_work: Option<JoinHandle<()>>,
}

/// What the people saw.
pub(crate) struct Seen {
    pub(crate) all: u64,
    pub(crate) bad: u64,
    first_bad: Option<Instant>,
}

impl Load {
    pub(crate) fn start(address: &SocketAddr, rate: u64) -> Self {
        let (stop, seen) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Vec<_>>>::default());
        let (address, stopped, shared) = (*address, stop.clone(), seen.clone());
        let at_work = thread::spawn(move || {
            let begun = Instant::now();
            let (done, all_done) = mpsc::channel::<()>();
            let mut number = 0;
            while !stopped.load(Ordering::Relaxed) && begun.elapsed() < LONGEST {
                let (shared, done) = (shared.clone(), done.clone());
                thread::spawn(move || {
                    let good = ask(&address);
                    let mut shared = shared.lock().expect("nobody panics with it");
                    shared.push((Instant::now(), good));
                    drop(done);
                });
                number += 1;
                let next = begun + Duration::from_millis(number * 1000 / rate);
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
            drop(done);
            // Ends when the last of them has its answer or has given up.
            let _ = all_done.recv();
        });
        Self {
            stop,
            seen,
            at_work: Some(at_work),
        }
    }

    pub(crate) fn end(mut self) -> Seen {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(at_work) = self.at_work.take() {
            at_work.join().expect("the load does not panic");
        }
        let seen = self.seen.lock().expect("nobody panics with it");
        let bad = || seen.iter().filter(|(_, good)| !good);
        Seen {
            all: seen.len() as u64,
            bad: bad().count() as u64,
            first_bad: bad().map(|(at, _)| *at).min(),
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Seen {
    /// How long after the first bad answer something was.
    pub(crate) fn after_first_bad(&self, at: Instant) -> Duration {
        let first = self.first_bad.unwrap_or(at);
        at.saturating_duration_since(first)
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} answers were bad", self.bad, self.all)
    }
}

/// Whether a good answer came in time.
fn ask(address: &SocketAddr) -> bool {
    let answer = || {
        let mut stream = TcpStream::connect_timeout(address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: board\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok::<_, std::io::Error>(answer)
    };
    answer().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"))
}
