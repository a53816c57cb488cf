//! The program as the cluster runs it: it works alone, goes down in order when it is asked to, and
//! goes on from where it was.
#![allow(
    clippy::unwrap_used,
    reason = "test helpers outside test functions fail the test all the same"
)]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Ends with the test, however that ends.
struct Bot(Child);

impl Bot {
    fn start(folder: &Path) -> Self {
        let program = env!("CARGO_BIN_EXE_app-name");
        let started = Command::new(program)
            .env("STATE_DIR", folder)
            .env("ROUND_SECONDS", "1")
            .env("ENVIRONMENT", "test")
            .stdout(Stdio::null())
            .spawn();
        Self(started.unwrap())
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.0.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Asks it to stop, and waits until it has.
    fn stop(mut self) {
        self.signal("-TERM");
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn rounds(folder: &Path) -> Option<u64> {
    let text = fs::read_to_string(folder.join("state.json")).ok()?;
    let state: serde_json::Value = serde_json::from_str(&text).unwrap();
    state["rounds"].as_u64()
}

/// The number of rounds, once it is past `before`.
fn further_than(before: u64, folder: &Path) -> u64 {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match rounds(folder) {
            Some(rounds) if rounds > before => return rounds,
            found => assert!(Instant::now() < deadline, "no round ended: {found:?}"),
        }
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn it_stops_when_asked_and_goes_on_from_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut before = 0;
    for _ in 0..2 {
        let bot = Bot::start(folder.path());
        before = further_than(before, folder.path());
        bot.stop();
    }
}

#[test]
fn a_second_one_writes_nothing_until_the_first_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let first = Bot::start(folder.path());
    further_than(0, folder.path());
    // It is there and writes nothing: what is written from now on is of another.
    first.signal("-STOP");
    let before = rounds(folder.path());
    let (asked, second) = (Bot::start(folder.path()), Bot::start(folder.path()));
    sleep(Duration::from_secs(3));
    // It waits, and stops all the same.
    asked.stop();
    assert_eq!(rounds(folder.path()), before);
    drop(first);
    further_than(before.unwrap(), folder.path());
    second.stop();
}
