//! Images that a run has pushed and was cut off before it signed them, in a registry that writes no
//! tag twice.

use serde_json::json;
use tiny_http::{Header, Response};

use super::refusals::{registry_at, with_docker};
use super::stub::Stub;
use super::{Repository, agent};
use crate::ci::images::{self, Origin, Recipe};
use crate::ci::plan::{self, Action, Plan};
use crate::ci::registry::Registry;
use crate::ci::revision;
use crate::ci::settings::Engine;
use crate::environment::{Environment, apps, project};

/// A registry that has, under every tag, an image that was made of `commit`.
fn registry_of(commit: &str, is_signed: bool) -> Stub {
    let commit = commit.to_owned();
    Stub::answering(move |asked| {
        let text = if asked.line.contains("/blobs/") {
            json!({ "config": { "Labels": { "org.opencontainers.image.revision": commit } } })
        } else {
            json!({ "config": { "digest": id(&commit) } })
        };
        let is_there = is_signed || !asked.line.contains(".sig");
        let header = |name: &str, value: &str| Header::from_bytes(name, value).expect("a header");
        Response::from_string(text.to_string())
            .with_status_code(if is_there { 200 } else { 404 })
            .with_header(header("Docker-Content-Digest", &digest()))
            .with_header(header("Content-Type", "application/json"))
    })
}

fn digest() -> String {
    format!("sha256:{}", "a".repeat(64))
}

/// What an engine calls an image of `commit`: one of another commit is another image.
fn id(commit: &str) -> String {
    format!("sha256:{commit}")
}

fn plan(repository: &Repository, registry: &Registry<'_>, environment: Environment, commit: &str) -> Plan {
    let git = repository.handle();
    let image = |app: &str| registry.settings.image(app);
    plan::compute(&git, registry, &image, environment, commit, commit).unwrap()
}

/// An engine that remembers of which commit it built last.
const ENGINE: &str = r#"case "$1" in
  build)
    for word; do
      case "$word" in COMMIT=*) echo "sha256:${word#COMMIT=}" > FILE ;; esac
    done
    ;;
  image)
    read -r id < FILE
    echo "$id"
    ;;
esac"#;

#[test]
fn a_later_commit_of_the_same_content_completes_what_was_pushed_and_not_signed() {
    let repository = Repository::new();
    let first = repository.change("new");
    repository.write("README.md", "# Later\n");
    let later = repository.commit("Later");
    repository.push("master");
    let stub = registry_of(&first, false);
    let (agent, settings) = (agent(), registry_at(stub.address()));
    let registry = Registry::new(&agent, &settings, true);
    let plan = plan(&repository, &registry, project().first(), &later);
    let app = &plan.apps[0];
    assert_eq!(app.action, Action::Build);

    let file = repository.remote.with_file_name("id").display().to_string();
    let sh = with_docker(&repository, &ENGINE.replace("FILE", &file));
    let context = tempfile::tempdir().unwrap();
    let built_as = |commit: &str| {
        let origin = Origin {
            commit: commit.to_owned(),
            source: "https://forge.invalid/owner/name".to_owned(),
            seconds: 0,
        };
        let recipe = Recipe::of(app.app);
        images::build(&sh, Engine::Docker, &recipe, &app.image, &origin, context.path()).unwrap();
        images::is_ours(&sh, Engine::Docker, &registry, app, &digest())
    };
    let refused = built_as(&later).expect_err("another image").to_string();
    assert!(refused.contains("another image"), "{refused}");
    let named = revision::to_name(&repository.handle(), &registry, app, &later).unwrap();
    assert_eq!(named, first);
    built_as(&named).unwrap();
}

#[test]
fn an_image_names_no_commit_for_a_word_that_nobody_has_signed() {
    let repository = Repository::new();
    let start = repository.git(&["rev-parse", "HEAD"]);
    let commit = repository.change("new");
    // Of other content, nowhere, and not the name of a commit.
    for named in [&start, &"c".repeat(40), &commit[..10].to_owned()] {
        let stub = registry_of(named, false);
        let (agent, settings) = (agent(), registry_at(stub.address()));
        let registry = Registry::new(&agent, &settings, true);
        let plan = plan(&repository, &registry, project().first(), &commit);
        let to_name = revision::to_name(&repository.handle(), &registry, &plan.apps[0], &commit);
        assert_eq!(to_name.unwrap(), commit, "{named}");
    }
    let stub = Stub::start(|_| (404, String::new()));
    let (agent, settings) = (agent(), registry_at(stub.address()));
    let registry = Registry::new(&agent, &settings, true);
    let plan = plan(&repository, &registry, project().first(), &commit);
    let to_name = revision::to_name(&repository.handle(), &registry, &plan.apps[0], &commit);
    assert_eq!(to_name.unwrap(), commit);
}

#[test]
fn what_an_earlier_attempt_has_signed_is_spoken_of_again_and_nothing_of_another_commit() {
    let repository = Repository::new();
    let start = repository.git(&["rev-parse", "HEAD"]);
    let commit = repository.change("new");
    let (first, last) = (project().first(), project().last());
    for (of, environment, found) in [
        (&commit, first, apps().len()),
        (&start, first, 0),
        (&commit, last, 0),
    ] {
        let stub = registry_of(of, true);
        let (agent, settings) = (agent(), registry_at(stub.address()));
        let registry = Registry::new(&agent, &settings, true);
        let plan = plan(&repository, &registry, environment, &commit);
        let before = revision::made(&registry, &plan, &[]).unwrap();
        assert_eq!(before.len(), found, "of {of}, to {environment}");
        // What this run itself has signed may be of an earlier commit.
        let pushed = [(&plan.apps[0], digest())];
        let made = revision::made(&registry, &plan, &pushed).unwrap();
        assert_eq!(made.len(), found.max(1), "of {of}, to {environment}");
        assert_eq!((made[0].0.name, &made[0].1), (plan.apps[0].name, &digest()));
    }
}
