//! What is said when somebody refuses or is not there, by parties that really do; then nothing is
//! written, and a retry works.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use xshell::Shell;

use super::stub::{Stub, nobody};
use super::{Repository, agent, shell};
use crate::ci::git::remote::{Error, GitRemote, Remote as _, Update};
use crate::ci::propose::Outcome;
use crate::ci::registry::{self, Images as _, Registry};
use crate::ci::settings::{self, Engine};
use crate::ci::{images, tag};
use crate::environment::project;

fn hook(repository: &Repository, text: &str) -> std::path::PathBuf {
    let hook = repository.remote.join("hooks/pre-receive");
    fs::write(&hook, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    hook
}

#[test]
fn a_protected_branch_is_named_and_leaves_nothing_behind() {
    let repository = Repository::new();
    let commit = repository.change("new");
    let (registry, forge) = (repository.registry(&[&commit]), repository.forge());
    let hook = hook(&repository, "echo 'release/* is for owners' >&2; exit 1");
    let before = repository.git(&["ls-remote", "origin"]);
    let error = repository
        .propose(project().first(), &commit, &registry, &forge)
        .expect_err("protected");
    let text = format!("{error:#}");
    assert!(
        text.contains("branch protection") && text.contains("release/* is for owners"),
        "{text}"
    );
    assert_eq!(repository.git(&["ls-remote", "origin"]), before);
    assert!(forge.written().is_empty());

    fs::remove_file(hook).unwrap();
    let outcome = repository.propose(project().first(), &commit, &registry, &forge);
    assert!(matches!(outcome.unwrap(), Outcome::Proposed { .. }));
}

#[test]
fn credentials_of_git_are_named_and_so_is_a_remote_that_is_down() {
    let repository = Repository::new();
    let git = repository.handle();
    let stub = Stub::start(|_| (401, "no".to_owned()));
    for (address, words) in [
        (stub.address(), "renew FORGE_TOKEN"),
        (nobody(), "cannot be reached"),
    ] {
        let remote = GitRemote::at(&git, format!("http://{address}/owner/name.git"))
            .with_token(Some("secret-of-the-forge".to_owned()));
        let error = remote.heads(&["master".to_owned()]).expect_err("refused");
        let text = format!("{error:#}");
        assert!(text.contains(words) && text.contains(&address), "{text}");
        assert!(!text.contains("secret-of-the-forge"), "{text}");
    }
    let sent = stub.asked();
    assert!(
        sent.iter()
            .any(|asked| asked.header("Authorization").starts_with("Basic ")),
        "{sent:?}"
    );
}

#[test]
fn a_branch_that_was_moved_meanwhile_stays() {
    let repository = Repository::new();
    let (first, second) = (repository.change("1"), repository.change("2"));
    let git = repository.handle();
    let origin = GitRemote::origin(&git).unwrap();
    let push = |old: Option<&str>, new: &str| {
        origin.update(&Update {
            branch: "release/staging-1",
            old,
            new: Some(new),
            options: &[],
        })
    };
    push(None, &first).unwrap();
    assert!(matches!(push(None, &second), Err(Error::Moved(_))));
    assert!(matches!(push(Some(&second), &second), Err(Error::Moved(_))));
    push(Some(&first), &second).unwrap();
}

/// A branch named like the folder of another: `release` is a usual one.
#[test]
fn a_branch_in_the_way_is_named_and_so_is_what_keeps_a_branch_from_being_made() {
    let repository = Repository::new();
    let commit = repository.change("new");
    let (registry, forge) = (repository.registry(&[&commit]), repository.forge());
    let propose = || repository.propose(project().first(), &commit, &registry, &forge);
    let made = format!("release/staging-{}", &commit[..10]);
    for in_the_way in ["release".to_owned(), format!("{made}/more")] {
        repository.push(&in_the_way);
        let error = format!("{:#}", propose().expect_err("no place for it"));
        assert!(
            error.contains("rename or delete that one")
                && error.contains(&format!("refs/heads/{in_the_way}'")),
            "{error}"
        );
        repository.git(&["push", "--quiet", "origin", &format!(":{in_the_way}")]);
    }
    let folder = repository.remote.join("refs/heads/release");
    fs::create_dir_all(&folder).unwrap();
    let lock = repository.remote.join(format!("refs/heads/{made}.lock"));
    fs::write(&lock, "").unwrap();
    let error = format!("{:#}", propose().expect_err("locked"));
    assert!(
        error.contains("kept changing") && error.contains("staging-"),
        "{error}"
    );
    assert!(error.contains(".lock': File exists"), "{error}");
    fs::remove_file(lock).unwrap();
    assert!(matches!(propose().unwrap(), Outcome::Proposed { .. }));
}

#[test]
fn a_token_is_the_one_thing_that_says_who_asks() {
    let stub = Stub::start(|_| (404, String::new()));
    let origin = format!("http://{}", stub.address());
    for (key, value) in [
        (format!("http.{origin}/.extraHeader"), "AUTHORIZATION: basic b2xk"),
        ("http.extraHeader".to_owned(), "Authorization : basic b2xk"),
        (format!("http.{origin}/owner.extraHeader"), "X-Way: kept"),
        (format!("http.{origin}/owner/name.git.extraHeader"), "X-Way: kept"),
    ] {
        let repository = Repository::new();
        repository.git(&["config", &key, value]);
        let git = repository.handle();
        let remote =
            GitRemote::at(&git, format!("{origin}/owner/name.git")).with_token(Some("secret".to_owned()));
        let error = remote.heads(&["master".to_owned()]).expect_err("not there");
        assert!(
            format!("{error:#}").contains("there is no repository at"),
            "{error:#}"
        );
        let asked = stub.asked().pop().unwrap();
        let is_header = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("Authorization");
        let shown: Vec<_> = asked.headers.iter().filter(is_header).collect();
        assert_eq!(shown.len(), 1, "{key}: {shown:?}");
        assert!(shown[0].1.starts_with("Basic "), "{key}: {shown:?}");
        assert_eq!(
            asked.header("X-Way") == "kept",
            value.starts_with("X-Way"),
            "{key}"
        );
    }
}

pub(super) fn registry_at(host: String) -> settings::Registry {
    settings::Registry {
        host,
        folder: "loop".to_owned(),
        credentials: Some(("user".to_owned(), "password".to_owned())),
        insecure: true,
    }
}

fn asked(settings: &settings::Registry) -> Result<Option<String>, registry::Error> {
    asked_for(settings, false)
}

fn asked_for(settings: &settings::Registry, signed: bool) -> Result<Option<String>, registry::Error> {
    let agent = agent();
    Registry::new(&agent, settings, signed).digest("backend", "tag")
}

#[test]
fn a_registry_that_refuses_is_told_from_one_that_is_down() {
    let status = |status: u16| {
        let stub = Stub::start(move |_| (status, String::new()));
        asked(&registry_at(stub.address()))
    };
    assert!(matches!(status(404), Ok(None)));
    for refused in [401, 403] {
        let error = status(refused).expect_err("refused").to_string();
        assert!(error.contains("REGISTRY_PASSWORD"), "{error}");
    }
    assert!(matches!(status(503), Err(registry::Error::Unreachable(..))));
    assert!(matches!(status(200), Err(registry::Error::Unexpected(..))));
    assert!(matches!(
        asked(&registry_at(nobody())),
        Err(registry::Error::Unreachable(..))
    ));
}

#[test]
fn where_images_are_signed_one_without_a_signature_counts_as_not_there() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let signature = format!("sha256-{}.sig", "a".repeat(64));
    let stub = |signed: bool| {
        let (digest, signature) = (digest.clone(), signature.clone());
        Stub::with_digests(move |asked| {
            let tag = asked.line.rsplit('/').next().unwrap_or_default();
            (tag == "tag" || (signed && tag == signature)).then(|| digest.clone())
        })
    };
    for (there, wanted, found) in [
        (true, true, true),
        (false, true, false),
        (false, false, true),
        (true, false, true),
    ] {
        let registry = stub(there);
        let answer = asked_for(&registry_at(registry.address()), wanted).unwrap();
        assert_eq!(answer.is_some(), found, "signed: {there}, has to be: {wanted}");
    }
}

#[test]
fn a_version_stays_what_it_is_though_nobody_signed_it() {
    let repository = Repository::new();
    let [ours, other] = ["a", "b"].map(|digit| format!("sha256:{}", digit.repeat(64)));
    let signature = format!("sha256-{}.sig", "a".repeat(64));
    let stub = Stub::with_digests(move |asked| {
        let tag = asked.line.rsplit('/').next().unwrap_or_default();
        let is_content = tag.len() == 40;
        if tag == "v1.0.0" {
            return Some(other.clone());
        }
        (is_content || tag == signature).then(|| ours.clone())
    });
    let (agent, settings) = (agent(), registry_at(stub.address()));
    let registry = Registry::new(&agent, &settings, true);
    let error = tag::run(&repository.handle(), &registry, "v1.0.0").expect_err("another image has it");
    assert!(error.to_string().contains("take the next one"), "{error}");
    // By its own name a commit is tagged as well; a name of another kind is none.
    let commit = repository.handle().head().unwrap();
    tag::run(&repository.handle(), &registry, &commit).unwrap();
    let error = tag::run(&repository.handle(), &registry, &"c".repeat(40)).expect_err("another commit");
    assert!(error.to_string().contains("is not a version"), "{error}");
}

/// A shell whose `docker` is the script `text`.
pub(super) fn with_docker(repository: &Repository, text: &str) -> Shell {
    let bin = repository.remote.with_file_name("bin");
    fs::create_dir_all(&bin).unwrap();
    fs::write(bin.join("docker"), format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(bin.join("docker"), fs::Permissions::from_mode(0o755)).unwrap();
    let sh = shell();
    sh.set_var("PATH", bin);
    sh
}

#[test]
fn a_push_that_the_registry_refuses_is_named_unless_another_run_was_faster() {
    let repository = Repository::new();
    let commit = repository.change("new");
    let plan = |commits: &[&str]| {
        let registry = repository.registry(commits);
        let git = repository.handle();
        let image = |app: &str| format!("127.0.0.1:1/loop/{app}");
        let environment = project().first();
        let plan = crate::ci::plan::compute(&git, &registry, &image, environment, &commit, &commit);
        (registry, plan.unwrap())
    };
    let (without, plan_without) = plan(&[]);
    let (with, _) = plan(&[&commit]);
    let sh = with_docker(
        &repository,
        "echo 'denied: tag invalid: The image tag already exists and is immutable' >&2; exit 1",
    );
    let settings = registry_at("127.0.0.1:1".to_owned());
    let app = &plan_without.apps[0];
    let push = |registry: &dyn registry::Images| images::push(&sh, Engine::Docker, &settings, registry, app);
    let error = format!("{:#}", push(&without).expect_err("refused"));
    assert!(
        error.contains("REGISTRY_PASSWORD") && error.contains("immutable") && error.contains("ci build"),
        "{error}"
    );
    push(&with).expect("it is there");
    // The same run once more, when the role may push and the registry takes it.
    with_docker(&repository, "exit 0");
    without.push(app.name, &app.fingerprint);
    push(&without).expect("taken");
}
