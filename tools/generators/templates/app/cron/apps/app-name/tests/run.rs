//! The program as the cluster runs it.

use std::process::Command;

#[test]
fn it_ends_well_and_says_where_it_ran() {
    let program = env!("CARGO_BIN_EXE_app-name");
    let ran = Command::new(program).env("ENVIRONMENT", "test").output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}");
    assert!(said.contains(r#""environment":"test""#), "{said}");
}

#[test]
fn without_its_settings_it_fails_and_names_what_is_missing() {
    let program = env!("CARGO_BIN_EXE_app-name");
    let ran = Command::new(program).env_remove("ENVIRONMENT").output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(!ran.status.success() && said.contains("environment"), "{said}");
}
