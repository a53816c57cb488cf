//! The release verbs name what they miss. Run as CI runs them: a process, told everything by its environment.

use std::process::{Command, Output};

use tempfile::TempDir;

/// Names and values.
type Variables = &'static [(&'static str, &'static str)];

/// A checkout of nothing, so that what goes wrong cannot touch anything.
fn checkout() -> TempDir {
    let folder = tempfile::tempdir().expect("make a folder");
    for args in [&["init", "--quiet"][..], &["remote", "add", "origin", "/nowhere"]] {
        let done = Command::new("git").args(args).current_dir(&folder).status();
        assert!(done.expect("run git").success());
    }
    folder
}

/// Runs `cargo xtask ci <verb>` with these variables and, but for the ways to programs and to the checkout, no others.
fn ci(verb: &[&str], variables: Variables) -> Output {
    let checkout = checkout();
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("ci")
        .args(verb)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").expect("there is a PATH"))
        .env("CARGO_MANIFEST_DIR", checkout.path().join("xtask"))
        .envs(variables.iter().copied())
        .output()
        .expect("run xtask")
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let cases: &[(&str, Variables, &str)] = &[
        ("plan", &[], "RELEASE_BRANCH is not set"),
        ("plan", &[("RELEASE_BRANCH", "")], "RELEASE_BRANCH is not set"),
        (
            "plan",
            &[("RELEASE_BRANCH", "feature")],
            "only master and production",
        ),
        (
            "plan",
            &[("RELEASE_BRANCH", "master")],
            "IMAGE_REGISTRY is not set",
        ),
        (
            "push",
            &[("RELEASE_BRANCH", "master"), ("IMAGE_REGISTRY", "localhost")],
            "expected host[:port]/folder",
        ),
        (
            "plan",
            &[
                ("RELEASE_BRANCH", "master"),
                ("IMAGE_REGISTRY", "a/b"),
                ("REGISTRY_USER", "u"),
            ],
            "set both or none",
        ),
        ("propose", &[], "RELEASE_BRANCH is not set"),
        ("promote", &[], "FORGE is not set"),
        (
            "promote",
            &[("FORGE", "sourcehut")],
            "expected gitea, github, gitlab or codecommit",
        ),
        ("promote", &[("FORGE", "github")], "FORGE_API is not set"),
        ("promote", &[("FORGE", "codecommit")], "FORGE_REPO is not set"),
    ];
    for (verb, variables, words) in cases {
        let output = ci(&[verb], variables);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{verb} {variables:?}");
        assert!(
            said.starts_with("error: ") && said.contains(words),
            "{verb} {variables:?}: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn an_environment_is_not_promoted_to_itself() {
    let output = ci(&["promote", "--to", "staging"], &[]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("the same environment"));
}
