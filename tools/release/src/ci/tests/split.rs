//! The overlays in a repository of their own.

use std::path::PathBuf;

use super::{OVERLAY, Repository, model, wanted};
use crate::ci::git::Git;
use crate::ci::git::remote::{GitRemote, Remote as _};
use crate::ci::place::Place;
use crate::ci::propose::Outcome;
use crate::environment::{apps, environments, project};

/// A bare repository that holds `infra/` alone, and so no commit of the application.
fn infra(repository: &Repository) -> PathBuf {
    let bare = repository.remote.with_file_name("infra.git");
    let work = repository.remote.with_file_name("infra");
    let (at, in_work) = (bare.display().to_string(), work.display().to_string());
    repository.git(&["init", "--quiet", "--bare", "--initial-branch", "master", &at]);
    repository.git(&["init", "--quiet", "--initial-branch", "master", &in_work]);
    for app in apps() {
        for environment in environments() {
            let file = work.join(app.overlay(environment));
            repository
                .sh
                .write_file(file, OVERLAY.replace("APP", app.name()))
                .unwrap();
        }
    }
    repository.git(&["-C", &in_work, "add", "--all"]);
    let identity = ["-c", "user.name=dev", "-c", "user.email=dev@example.invalid"];
    let commit = ["-C", &in_work, "commit", "--quiet", "-m", "Overlays"];
    repository.git(&[&identity[..], &commit].concat());
    repository.git(&["-C", &in_work, "push", "--quiet", &at, "master"]);
    bare
}

#[test]
fn the_proposal_is_made_where_the_overlays_are_and_names_its_source() {
    let repository = Repository::new();
    let bare = infra(&repository);
    // No application has files there, so a fingerprint of it would be a fault.
    let commit = repository.change("new");
    let before = repository.git(&["ls-remote", "origin"]);
    let status = repository.git(&["status", "--porcelain", "--branch"]);
    let settings = repository.git(&["config", "--local", "--list"]);

    let git = Git::new(&repository.sh);
    let source = GitRemote::origin(&git).unwrap();
    let infra = GitRemote::at(&git, bare.display().to_string());
    let (registry, forge) = (repository.registry(&[&commit]), model::Forge::of(bare.clone()));
    let place = Place {
        git: &git,
        infra: &infra,
        source: Some(&source),
        forge: &forge,
        gate: None,
    };
    let propose = |commit: &str| {
        let wanted = wanted(&git, &registry, project().first(), commit);
        place.settle(project().first(), |look| wanted.newest(look))
    };
    let outcome = propose(&commit).unwrap();
    let branch = format!("release/staging-{}", &commit[..10]);
    assert!(matches!(outcome, Outcome::Proposed { .. }), "{outcome:?}");
    assert_eq!(forge.open_branches(), std::slice::from_ref(&branch));
    let made = &infra.heads(&["*".to_owned()]).unwrap()[&branch];
    let there = bare.display().to_string();
    let files = repository.git(&["-C", &there, "ls-tree", "-r", "--name-only", made]);
    assert!(files.lines().all(|file| file.starts_with("infra/")), "{files}");
    let message = repository.git(&["-C", &there, "show", "--no-patch", "--format=%B", made]);
    assert!(
        message.trim_end().ends_with(&format!("\nSource: {commit}")),
        "{message}"
    );

    // Nothing of the application's repository or of the checkout's own settings has changed.
    assert_eq!(repository.git(&["ls-remote", "origin"]), before);
    assert_eq!(repository.git(&["status", "--porcelain", "--branch"]), status);
    assert_eq!(repository.git(&["config", "--local", "--list"]), settings);

    assert!(forge.merge(&branch, model::Merge::Commit));
    assert_eq!(propose(&commit).unwrap(), Outcome::Nothing);
    let first = repository.git(&["rev-parse", "HEAD^"]);
    let early = repository.registry(&[&first]);
    let wanted = wanted(&git, &early, project().first(), &first);
    let outcome = place.settle(project().first(), |look| wanted.newest(look));
    assert_eq!(outcome.unwrap(), Outcome::Overtaken(commit));
}

#[test]
fn the_overlays_change_in_the_same_way_as_in_one_repository() {
    let repository = Repository::new();
    let bare = infra(&repository);
    let commit = repository.change("new");
    let git = Git::new(&repository.sh);
    let origin = GitRemote::origin(&git).unwrap();
    let elsewhere = GitRemote::at(&git, bare.display().to_string());
    let registry = repository.registry(&[&commit]);
    let places = [
        (&origin, None, &repository.remote),
        (&elsewhere, Some(&origin), &bare),
    ];
    let trees = places.map(|(infra, source, folder)| {
        let forge = repository.forge();
        let place = Place {
            git: &git,
            infra,
            source: source.map(|source| source as _),
            forge: &forge,
            gate: None,
        };
        let wanted = wanted(&git, &registry, project().first(), &commit);
        place
            .settle(project().first(), |look| wanted.newest(look))
            .unwrap();
        let heads = infra.heads(&["release/*".to_owned()]).unwrap();
        let made = heads.into_values().next().unwrap();
        let there = folder.display().to_string();
        repository.git(&["-C", &there, "rev-parse", &format!("{made}:infra")])
    });
    assert_eq!(trees[0], trees[1]);
}

#[test]
fn a_token_is_for_one_host() {
    let repository = Repository::new();
    let git = Git::new(&repository.sh);
    let at = |address: &str| GitRemote::at(&git, address.to_owned());
    let infra = at("https://user:word@forge.example:8443/owner/infra.git");
    assert_eq!(infra.url(), "https://forge.example:8443/owner/infra.git");
    let named = "https://forge.example/@owner/infra.git";
    assert_eq!(at(named).url(), named);
    assert!(infra.same_host(&at("https://forge.example:8443/owner/app.git")));
    for other in [
        "https://forge.example/owner/app.git",
        "https://elsewhere.example:8443/a.git",
        "/srv/app.git",
    ] {
        assert!(!infra.same_host(&at(other)), "{other}");
    }
}
