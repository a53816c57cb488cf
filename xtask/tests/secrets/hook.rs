//! A command that a hook of Git starts.

use std::process::Command;

use crate::repository;

#[test]
fn a_command_started_by_a_hook_works_in_the_repository_it_stands_in() {
    let (persons, own) = (repository(), repository());
    let git = |args: &[&str]| {
        gitkit::Git::at(persons.path())
            .args(args)
            .read()
            .expect("run git")
    };
    let before = (
        git(&["config", "--local", "--list"]),
        git(&["ls-files", "--others"]),
    );
    let there = persons.path().join(".git");
    let names = git(&["rev-parse", "--local-env-vars"]);
    let variables = names.lines().filter(|name| !name.starts_with("GIT_CONFIG"));
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["hooks", "install"])
        .env("CARGO_MANIFEST_DIR", own.path().join("xtask"))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GITLEAKS", "/bin/true")
        .envs(variables.map(|name| (name, &there)))
        .output()
        .expect("run it");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(own.path().join(".git/hooks/pre-commit").exists());
    assert!(!there.join("hooks/pre-commit").exists());
    assert_eq!(
        (
            git(&["config", "--local", "--list"]),
            git(&["ls-files", "--others"])
        ),
        before
    );
}
