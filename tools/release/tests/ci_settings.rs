//! The release verbs name what they miss. Run as CI runs them: a process, told everything by its
//! environment.

#[path = "ci_settings/authority.rs"]
mod authority;
#[path = "ci_settings/hosts.rs"]
mod hosts;

use std::ffi::OsStr;
use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Command, Output};

use project::Project;
use taskkit::environment::SAMPLE;
use tempfile::TempDir;

/// Names and values.
type Variables = &'static [(&'static str, &'static str)];

/// Verbs, what they are told, and what they then say.
type Cases<'a> = &'a [(&'a str, Variables, &'a str)];

/// A checkout of a project and nothing else, of which it is the remote itself, so that what goes
/// wrong cannot touch anything.
fn checkout() -> TempDir {
    let folder = tempfile::tempdir().expect("make a folder");
    fs::write(folder.path().join(project::FILE), SAMPLE).expect("write the project");
    git(&folder, &["init", "--quiet", "--initial-branch", "master"]);
    git(&folder, &["add", "--all"]);
    git(&folder, &["commit", "--quiet", "--message", "Start"]);
    let address = folder.path().display().to_string();
    git(&folder, &["remote", "add", "origin", &address]);
    folder
}

fn git(folder: &TempDir, args: &[&str]) {
    let git = gitkit::Git::at(folder.path()).as_somebody().args(args);
    git.run().expect("run git");
}

/// Runs `cargo xtask ci <verb>` with these variables and, but for the ways to programs and to the
/// checkout, no others.
fn ci(verb: &[&str], variables: Variables) -> Output {
    ci_in(&checkout(), verb, variables.iter().copied())
}

fn ci_in(
    checkout: &TempDir,
    verb: &[&str],
    variables: impl IntoIterator<Item = (impl AsRef<OsStr>, impl AsRef<OsStr>)>,
) -> Output {
    Command::new(env!("CARGO_BIN_EXE_release"))
        .arg("ci")
        .args(verb)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").expect("there is a PATH"))
        .env("CARGO_MANIFEST_DIR", checkout.path().join("tools/release"))
        .envs(variables)
        .output()
        .expect("run it")
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let cases: Cases<'_> = &[
        ("plan", &[], "RELEASE_BRANCH is not set"),
        ("plan", &[("RELEASE_BRANCH", "")], "RELEASE_BRANCH is not set"),
        (
            "plan",
            &[("RELEASE_BRANCH", "feature")],
            "only these are released: master, qa, production",
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
                ("IMAGE_REGISTRY", "localhost/b"),
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
    are_named(cases);
}

#[test]
fn what_has_another_form_is_named() {
    let cases: Cases<'_> = &[
        ("promote", &[("FORGE", " \n")], "FORGE is not set"),
        (
            "promote",
            &[("FORGE", "\"github\"")],
            "begins or ends with a quote",
        ),
        (
            "promote",
            &[("FORGE", "github"), ("FORGE_API", "api.github.com")],
            "begins with https:// or http://",
        ),
        (
            "promote",
            &[
                ("FORGE", "github"),
                ("FORGE_API", "https://api.github.com"),
                ("FORGE_REPO", "https://github.com/owner/name.git"),
            ],
            "expected owner/name",
        ),
        (
            "promote",
            &[
                ("FORGE", "github"),
                ("FORGE_API", "https://api.github.com"),
                ("FORGE_REPO", "owner/name"),
                ("FORGE_TOKEN", "\r\n"),
            ],
            "FORGE_TOKEN is not set",
        ),
        (
            "promote",
            &[("FORGE_TOKEN", "Bearer of-somebody")],
            "set it to the token alone",
        ),
        (
            "promote",
            &[("FORGE_TOKEN", "two\nlines")],
            "set it to the token alone",
        ),
        (
            "promote",
            &[("FORGE_TOKEN", "'quoted'")],
            "set it to the token alone",
        ),
        (
            "plan",
            &[
                ("RELEASE_BRANCH", "master"),
                ("IMAGE_REGISTRY", "https://ghcr.io/owner"),
            ],
            "without a scheme",
        ),
        (
            "plan",
            &[
                ("RELEASE_BRANCH", "master\n"),
                ("IMAGE_REGISTRY", "ghcr.io/owner/"),
                ("REGISTRY_USER", "user:password"),
                ("REGISTRY_PASSWORD", "password"),
            ],
            "REGISTRY_USER holds a colon",
        ),
    ];
    are_named(cases);
}

fn are_named(cases: Cases<'_>) {
    for (verb, variables, words) in cases {
        let output = ci(&[verb], variables);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{verb} {variables:?}");
        assert!(
            said.starts_with("error: ") && said.contains(words),
            "{verb} {variables:?}: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(
            !said.contains("somebody") && !said.contains("cannot be reached"),
            "{said}"
        );
    }
}

#[test]
fn an_environment_is_not_promoted_to_itself() {
    let project = Project::load(checkout().path()).expect("read the project");
    let names: Vec<_> = project.environments().iter().map(ToString::to_string).collect();
    let [first, .., last] = names.as_slice() else {
        panic!("several environments")
    };
    for (flag, name, says) in [
        ("--from", last, "the same environment".to_owned()),
        ("--to", first, "it is the first environment".to_owned()),
        ("--to", &"live".to_owned(), format!("it has {}", names.join(", "))),
    ] {
        let output = ci(&["promote", flag, name], &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(&says), "{said}");
    }
}

#[test]
fn what_stands_around_a_value_by_accident_is_not_part_of_it() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let api = format!(" http://{}/api/v1/\n", server.local_addr().expect("an address"));
    let asked = std::thread::spawn(move || {
        let (mut socket, _) = server.accept().expect("somebody asks");
        let (mut text, mut part) = (String::new(), [0; 4096]);
        while !text.contains("\r\n\r\n") {
            let read = socket.read(&mut part).expect("read the request");
            text.push_str(&String::from_utf8_lossy(&part[..read]));
        }
        let _ = socket
            .write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
        text
    });
    let variables = [
        ("FORGE", "gitea\n"),
        ("FORGE_API", &api),
        ("FORGE_REPO", "owner/name \n"),
        ("FORGE_TOKEN", "\u{feff}secret \r\n"),
    ];
    let output = ci_in(&checkout(), &["promote"], variables);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("check FORGE_TOKEN"), "{said}");
    let asked = asked.join().expect("it was asked");
    assert!(
        asked.starts_with("GET /api/v1/repos/owner/name/pulls?"),
        "{asked}"
    );
    assert!(
        asked
            .to_ascii_lowercase()
            .contains("authorization: token secret\r\n"),
        "{asked}"
    );
}
