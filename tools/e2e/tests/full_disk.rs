//! What a program reads, and the disk has no room for, is a failure.

#![cfg(target_os = "linux")]

use std::fs::File;
use std::process::Command;

#[test]
fn a_list_that_is_lost_is_told_by_the_exit_code_and_on_standard_error() {
    let cache = tempfile::tempdir().unwrap();
    let mut list = Command::new(env!("CARGO_BIN_EXE_e2e"));
    list.args(["list", "--json"])
        .env("GITOPS_LOOP_CACHE", cache.path());
    let read = list.output().unwrap();
    assert!(read.status.success() && !read.stdout.is_empty(), "{read:?}");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let ended = list.stdout(full).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success(), "{said}");
    assert!(said.contains("standard output"), "{said}");
}
