//! An answer that the disk has no room for is a failure, whatever was found.

#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::process::Command;

use supply::cache::Cache;
use supply::versions::Versions;

#[test]
fn an_answer_that_is_lost_is_told_by_the_exit_code_and_on_standard_error() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().join("cache")).unwrap();
    let versions = Versions::load().unwrap();
    let version = versions.get("browser", "axe-core").unwrap();
    // What is kept is found without any tool.
    let kept = cache.files().join(format!("axe-core-{version}/package"));
    fs::create_dir_all(&kept).unwrap();
    fs::write(kept.join("axe.min.js"), "").unwrap();
    let mut get = Command::new(env!("CARGO_BIN_EXE_supply"));
    get.args(["get", "axe-core", "--no-install", "--logs"])
        .arg(folder.path().join("logs"))
        .env("GITOPS_LOOP_CACHE", cache.root());
    let read = get.output().unwrap();
    assert!(read.status.success(), "{read:?}");
    assert!(String::from_utf8_lossy(&read.stdout).contains("axe.min.js"));
    let full = File::options().write(true).open("/dev/full").unwrap();
    let lost = get.stdout(full).output().unwrap();
    let said = String::from_utf8_lossy(&lost.stderr);
    assert!(!lost.status.success(), "{said}");
    assert!(said.contains("standard output"), "{said}");
}
