//! The program as the cluster runs it: it works, goes down in order when it is asked to, and goes
//! on from where it was.
#![allow(
    clippy::unwrap_used,
    reason = "test helpers outside test functions fail the test all the same"
)]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

fn start(folder: &Path) -> Child {
    let program = env!("CARGO_BIN_EXE_app-name");
    Command::new(program)
        .env("STATE_DIR", folder)
        .env("ROUND_SECONDS", "1")
        .env("ENVIRONMENT", "test")
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
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
        let mut bot = start(folder.path());
        before = further_than(before, folder.path());
        let asked = Command::new("kill")
            .args(["-TERM", &bot.id().to_string()])
            .status();
        assert!(asked.unwrap().success());
        assert!(bot.wait().unwrap().success());
    }
}
