//! A fork that does not come to its end: nothing is changed, or the same command finishes it.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::checkout::{ADDRESS, Checkout, PARAMETERS, whole};

/// What a whole fork comes to.
fn finished() -> Vec<(std::path::PathBuf, String)> {
    let checkout = Checkout::of_git();
    checkout.fork(&whole());
    checkout.deployed()
}

#[test]
fn the_same_command_finishes_what_was_cut_off_anywhere() {
    let expected = finished();
    let checkout = Checkout::of_git();
    let begun = checkout.deployed();
    let last = |path: &std::path::Path| {
        [PARAMETERS, ADDRESS]
            .iter()
            .any(|file| file.ends_with(path.to_str().expect("UTF-8")))
    };
    // In the order in which files are written: those that the facts are read from come last.
    let mut changed: Vec<_> = expected.iter().filter(|file| !begun.contains(file)).collect();
    changed.sort_by_key(|(path, _)| last(path));
    assert!(changed.len() > 10, "{changed:?}");
    for done in (0..changed.len()).step_by(4).chain([changed.len() - 1]) {
        let written = begun.iter().chain(changed[..done].iter().copied());
        for (path, text) in written {
            checkout.write(&format!("infra/{}", path.display()), text);
        }
        fs::create_dir(checkout.path("infra/.fork-abc")).expect("make a folder");
        fs::write(checkout.path("infra/.fork-abc/0"), "half").expect("write");
        checkout.fork(&whole());
        assert!(checkout.deployed() == expected, "cut off after {done} files");
        assert!(!checkout.path("infra/.fork-abc").exists());
    }
}

#[test]
fn killed_at_any_moment_it_is_finished_by_the_same_command() {
    let expected = finished();
    let checkout = Checkout::of_git();
    let begun = checkout.deployed();
    // The run takes 20 ms and more.
    for step in (0..40).step_by(5) {
        for (path, text) in &begun {
            checkout.write(&format!("infra/{}", path.display()), text);
        }
        let mut fork = checkout.command(&whole());
        let mut fork = fork.stdout(Stdio::null()).spawn().expect("run xtask");
        thread::sleep(Duration::from_millis(step));
        fork.kill().expect("kill what was started");
        fork.wait().expect("wait for it");
        checkout.fork(&whole());
        assert!(checkout.deployed() == expected, "killed after {step} ms");
    }
}

#[test]
fn a_file_that_cannot_be_written_stops_it_before_the_first() {
    let checkout = Checkout::of_git();
    // A folder is no text, and takes no text's place.
    let file = "infra/apps/root/staging.yaml";
    fs::remove_file(checkout.path(file)).expect("remove");
    fs::create_dir(checkout.path(file)).expect("make a folder");
    let error = checkout.refusal(&whole());
    assert!(error.contains(file), "{error}");
}
