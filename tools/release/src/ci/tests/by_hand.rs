//! What people do beside the releases: digests pinned by hand, words, changes that are undone.

use super::Repository;
use super::model::Merge;
use super::propose::{OVERLAY, branch};
use super::rewrites::Rewrite;
use crate::ci::propose::Outcome;
use crate::ci::registry::Images as _;
use crate::environment::{apps, project};
use project::App;

impl Repository {
    /// `master` has this digest of the backend; the mark stays or goes.
    fn pin_by_hand(&self, digest: &str, keep_mark: bool) {
        let text = self.sh.read_file(OVERLAY).unwrap();
        let pin = overlay::pin(&text, "backend").unwrap();
        let text = text.replace(&pin.digest, digest);
        self.write(
            OVERLAY,
            &if keep_mark {
                text
            } else {
                Rewrite::NoComments.of(&text)
            },
        );
        self.commit("Pin by hand");
        self.push("master");
    }
}

#[test]
fn a_digest_that_no_release_wrote_is_called_so_and_only_what_is_newer_than_all_is_proposed() {
    for keep_mark in [false, true] {
        let repository = Repository::new();
        let forge = repository.forge();
        let commits = ["1", "2", "3"].map(|content| repository.released(&forge, content));
        let known: Vec<_> = commits.iter().map(String::as_str).collect();
        let registry = repository.registry(&known);
        repository.pin_by_hand("sha256:byhand", keep_mark);
        for commit in &commits {
            assert_eq!(
                repository
                    .propose(project().first(), commit, &registry, &forge)
                    .unwrap(),
                Outcome::Unclear(vec![commits[2].clone()]),
            );
        }
        for error in [repository.promote(&forge), repository.roll_back(&forge, None)] {
            let error = error.unwrap_err().to_string();
            for words in [
                "no release wrote (sha256:byhand)",
                "cargo xtask rollback staging --to",
                &commits[2][..10],
            ] {
                assert!(error.contains(words), "{error}");
            }
        }
        // Later, but not the newest: it may be older than what somebody pinned.
        let fourth = repository.change("4");
        repository.change("unbuilt");
        let registry = repository.registry(&[&fourth]);
        assert!(matches!(
            repository
                .propose(project().first(), &fourth, &registry, &forge)
                .unwrap(),
            Outcome::Unclear(_)
        ));
        assert!(forge.open_branches().is_empty());
        let rolled = branch(&repository.roll_back(&forge, Some(&commits[1])).unwrap());
        let fifth = repository.change("5");
        let registry = repository.registry(&[&fifth]);
        let proposed = branch(
            &repository
                .propose(project().first(), &fifth, &registry, &forge)
                .unwrap(),
        );
        assert_eq!(proposed, format!("release/staging-{}", &fifth[..10]));
        assert!(forge.merge(&rolled, Merge::Commit));
    }
}

#[test]
fn a_digest_of_an_earlier_release_by_hand_is_that_release() {
    for keep_mark in [false, true] {
        let repository = Repository::new();
        let forge = repository.forge();
        let first = repository.released(&forge, "1");
        let early = repository.sh.read_file(OVERLAY).unwrap();
        let early = overlay::pin(&early, "backend").unwrap().digest;
        repository.released(&forge, "2");
        repository.pin_by_hand(&early, keep_mark);
        let error = repository.promote(&forge).unwrap_err().to_string();
        assert!(
            error.contains("different releases") && error.contains(&first),
            "{error}"
        );
    }
}

/// Neither prose nor a change that was undone is a wish for what was taken back.
#[test]
fn what_changed_since_a_rollback_is_the_content() {
    let repository = Repository::new();
    let forge = repository.forge();
    repository.released(&forge, "1");
    let second = repository.released(&forge, "2");
    let back = branch(&repository.roll_back(&forge, None).unwrap());
    repository.merged(&forge, &back);
    let registry = repository.registry(&[&second]);
    let is_withdrawn = |commit: &str| {
        assert_eq!(
            repository
                .propose(project().first(), commit, &registry, &forge)
                .unwrap(),
            Outcome::Withdrawn(second.clone()),
            "{commit}"
        );
    };
    for prose in [
        "backend/README.md",
        "crates/api/docs/ümläut.md",
        "tools/taskkit/src/build/NOTES.md",
    ] {
        repository.write(prose, "Words.\n");
        let commit = repository.commit("Prose");
        repository.push("master");
        is_withdrawn(&commit);
    }
    for path in ["Cargo.lock", "backend/src/new.rs"] {
        let before = repository.sh.read_file(path).ok();
        repository.write(path, "something\n");
        repository.commit("Change");
        match before {
            Some(text) => repository.write(path, &text),
            None => drop(repository.git(&["rm", "--quiet", "--force", path])),
        }
        let commit = repository.commit("Change it back");
        repository.push("master");
        is_withdrawn(&commit);
    }
    // Back to what runs, then forward: a wish.
    repository.change("1");
    let again = repository.change("2");
    let registry = repository.registry(&[&again]);
    branch(
        &repository
            .propose(project().first(), &again, &registry, &forge)
            .unwrap(),
    );
}

/// As when somebody gives the environment's folder another name: what was released before is known
/// by the old one.
/// A digest is enough to give an image back: what it was made of need not be found.
#[test]
fn an_app_whose_folder_moved_keeps_its_releases() {
    let repository = Repository::new();
    let forge = repository.forge();
    let app = &apps()[1];
    repository.git(&["mv", app.folder(), "elsewhere"]);
    let first = repository.commit("Have it elsewhere");
    for one in apps() {
        let path = one.overlay(project().first());
        let pin = overlay::Pin {
            digest: format!("sha256:{}", "a".repeat(64)),
            commit: Some(first.clone()),
            withdrawn: None,
        };
        let text = repository.sh.read_file(&path).unwrap();
        repository.write(&path, &overlay::with_pin(&text, one.name(), &pin).unwrap());
    }
    repository.commit(&format!("Release\n\nSource: {first}\n"));
    repository.push("master");
    let promoted = repository.promote(&forge);
    assert!(branch(&promoted.unwrap()).ends_with(&first[..10]));
    repository.git(&["mv", "elsewhere", app.folder()]);
    repository.commit("Move it");
    repository.push("master");
    repository.released(&forge, "2");
    let back = repository.roll_back(&forge, None).unwrap();
    assert_eq!(branch(&back), format!("release/staging-to-{}", &first[..10]));
}

#[test]
fn overlays_that_were_renamed_keep_their_releases() {
    for lost in [false, true] {
        let repository = Repository::new();
        let forge = repository.forge();
        let commits = ["1", "2"].map(|content| repository.change(content));
        let registry = repository.registry(&[&commits[0], &commits[1]]);
        let digests = |commit: &str, app: &App| {
            let tag = repository.handle().fingerprint(commit, app).unwrap();
            registry.digest(app.name(), &tag).unwrap().unwrap()
        };
        let new = |app: &App| app.overlay(project().first());
        let old = |app: &App| new(app).replace("overlays/staging", "overlays/stage");
        let texts: Vec<_> = apps()
            .iter()
            .map(|app| repository.sh.read_file(new(app)).unwrap())
            .collect();
        repository.git(&["rm", "--quiet", "-r", "infra"]);
        for commit in &commits {
            for (app, text) in apps().iter().zip(&texts) {
                let pin = overlay::Pin {
                    digest: digests(commit, app),
                    commit: Some(commit.clone()),
                    withdrawn: None,
                };
                let text = overlay::with_pin(text, app.name(), &pin).unwrap();
                repository.write(&old(app), &text);
            }
            repository.commit("Release");
        }
        for app in apps() {
            let text = repository.sh.read_file(old(app)).unwrap();
            let text = if lost { Rewrite::NoComments.of(&text) } else { text };
            repository.write(&new(app), &text);
        }
        repository.git(&["rm", "--quiet", "-r", "--force", "infra/backend/overlays/stage"]);
        repository.git(&["rm", "--quiet", "-r", "--force", "infra/frontend/overlays/stage"]);
        repository.commit("Rename");
        repository.push("master");
        repository.change("unbuilt");
        assert_eq!(
            repository
                .propose(project().first(), &commits[0], &registry, &forge)
                .unwrap(),
            Outcome::Overtaken(commits[1].clone())
        );
        let back = branch(&repository.roll_back(&forge, None).unwrap());
        assert_eq!(back, format!("release/staging-to-{}", &commits[0][..10]));
    }
}
