//! The comment behind a digest is lost, or lies: what was released is found again, and no run
//! brings an older commit.

use anyhow::Result;

use super::model::{Forge, Registry};
use super::propose::{OVERLAY, branch, heads};
use super::rewrites::{ALL, Rewrite};
use super::{NAMES, Repository, wanted};
use crate::ci::plan;
use crate::ci::propose::Outcome;
use crate::environment::{apps, project};

impl Repository {
    /// Rewrites the overlays of staging of these apps on `master`, as a tool does.
    fn rewrite(&self, rewrite: Rewrite, apps: &[&str]) {
        self.rewrite_of(&self.overlays(), rewrite, apps);
    }

    fn overlays(&self) -> [String; 2] {
        [0, 1].map(|at| self.sh.read_file(apps()[at].overlay(project().first())).unwrap())
    }

    fn rewrite_of(&self, texts: &[String; 2], rewrite: Rewrite, apps: &[&str]) {
        for (app, text) in project().apps().iter().zip(texts) {
            let rewritten = apps.contains(&app.name()).then(|| rewrite.of(text));
            self.write(
                &app.overlay(project().first()),
                rewritten.as_deref().unwrap_or(text),
            );
        }
        self.commit("Format");
        self.push("master");
    }

    pub(super) fn promote(&self, forge: &Forge) -> Result<Outcome> {
        self.with_proposals(forge, |proposals| {
            proposals.settle(project().last(), |look| {
                plan::promotion(
                    proposals.git,
                    project().first(),
                    project().last(),
                    None,
                    &look.base,
                )
            })
        })
    }

    fn commits(&self) -> [Option<String>; 2] {
        [0, 1].map(|at| {
            let text = self.sh.read_file(apps()[at].overlay(project().first())).unwrap();
            overlay::pin(&text, apps()[at].name()).unwrap().commit
        })
    }
}

/// Releases one, two and three, and a later commit that nobody could build yet.
fn three(repository: &Repository, forge: &Forge) -> ([String; 3], Registry) {
    let commits = ["1", "2", "3"].map(|content| repository.released(forge, content));
    let known: Vec<_> = commits.iter().map(String::as_str).collect();
    let registry = repository.registry(&known);
    repository.change("unbuilt");
    (commits, registry)
}

#[test]
fn no_run_goes_back_whatever_a_tool_makes_of_the_file() {
    let repository = Repository::new();
    let forge = repository.forge();
    let ([_, second, third], registry) = three(&repository, &forge);
    let texts = repository.overlays();
    for (rewrite, also) in ALL.into_iter().zip(NAMES.chunks(1).cycle()) {
        for apps in [&NAMES[..], also] {
            repository.rewrite_of(&texts, rewrite, apps);
            let before = (heads(&repository), forge.written());
            assert_eq!(
                repository
                    .propose(project().first(), &second, &registry, &forge)
                    .unwrap(),
                Outcome::Overtaken(third.clone()),
                "{rewrite:?} of {apps:?}"
            );
            assert_eq!((heads(&repository), forge.written()), before);
        }
    }
    // The next release writes the marks again.
    let fourth = repository.released(&forge, "4");
    assert_eq!(repository.commits(), [0, 1].map(|_| Some(fourth.clone())));
}

#[test]
fn a_rollback_and_a_promotion_find_the_releases_whose_marks_are_lost() {
    for apps in [&NAMES[..], &NAMES[..1]] {
        let repository = Repository::new();
        let forge = repository.forge();
        let ([first, second, third], registry) = three(&repository, &forge);
        repository.rewrite(Rewrite::NoComments, apps);
        let promoted = branch(&repository.promote(&forge).unwrap());
        assert_eq!(promoted, format!("release/production-{}", &third[..10]));
        let back = branch(&repository.roll_back(&forge, None).unwrap());
        assert_eq!(back, format!("release/staging-to-{}", &second[..10]));
        repository.merged(&forge, &back);

        // What was taken back is known too, and so is the release before.
        repository.rewrite(Rewrite::DigestFirst, apps);
        for (commit, outcome) in [
            (&first, Outcome::Overtaken(second.clone())),
            (&second, Outcome::Nothing),
            (&third, Outcome::Withdrawn(third.clone())),
        ] {
            assert_eq!(
                repository
                    .propose(project().first(), commit, &registry, &forge)
                    .unwrap(),
                outcome
            );
        }
        let back = branch(&repository.roll_back(&forge, None).unwrap());
        assert_eq!(back, format!("release/staging-to-{}", &first[..10]));
    }
}

#[test]
fn of_several_releases_with_the_same_images_the_newest_counts() {
    let repository = Repository::new();
    let forge = repository.forge();
    let first = repository.released(&forge, "same");
    let second = repository.released(&forge, "other");
    let third = repository.released(&forge, "same");
    let registry = repository.registry(&[&first, &second]);
    repository.rewrite(Rewrite::NoComments, &NAMES);
    repository.change("unbuilt");
    assert_eq!(
        repository
            .propose(project().first(), &second, &registry, &forge)
            .unwrap(),
        Outcome::Overtaken(third)
    );
    let back = branch(&repository.roll_back(&forge, None).unwrap());
    assert_eq!(back, format!("release/staging-to-{}", &second[..10]));
}

#[test]
fn a_mark_that_was_lost_in_the_proposal_is_known_by_its_message() {
    let repository = Repository::new();
    let forge = repository.forge();
    repository.released(&forge, "1");
    let second = repository.change("2");
    let registry = repository.registry(&[&second]);
    let proposed = branch(
        &repository
            .propose(project().first(), &second, &registry, &forge)
            .unwrap(),
    );
    // A robot formats the branch, and all of it is squashed.
    repository.git(&["fetch", "--quiet", "origin", &proposed]);
    repository.git(&["merge", "--quiet", "--squash", "FETCH_HEAD"]);
    let message = repository.git(&["show", "--no-patch", "--format=%B", "FETCH_HEAD"]);
    for app in apps() {
        let path = app.overlay(project().first());
        let text = repository.sh.read_file(&path).unwrap();
        repository.write(&path, &Rewrite::NoComments.of(&text));
    }
    repository.commit(&message);
    repository.push("master");
    assert_eq!(repository.commits(), [None, None]);
    let promoted = branch(&repository.promote(&forge).unwrap());
    assert_eq!(promoted, format!("release/production-{}", &second[..10]));
}

/// Everything by a branch that was brought up to date and taken over as it is: the main line is
/// behind the second parent.
#[test]
fn the_history_is_all_of_it_and_not_the_first_parents() {
    for lost in [false, true] {
        let repository = Repository::new();
        let forge = repository.forge();
        repository.released(&forge, "1");
        repository.git(&["branch", "feature"]);
        let second = repository.released(&forge, "2");
        repository.released(&forge, "3");
        repository.git(&["checkout", "--quiet", "feature"]);
        let text = repository.sh.read_file(OVERLAY).unwrap();
        repository.write(
            OVERLAY,
            &text.replace("# Values only.", "# Values only, of ours."),
        );
        repository.write("README.md", "# Feature\n");
        repository.commit("Feature");
        let identity = ["-c", "user.name=dev", "-c", "user.email=dev@example.invalid"];
        repository.git(&[&identity[..], &["merge", "--quiet", "--no-edit", "origin/master"]].concat());
        repository.push("master");
        let brought_up_to_date = repository.git(&["rev-parse", "HEAD"]);
        if lost {
            repository.rewrite(Rewrite::NoComments, &NAMES);
        }
        let back = branch(&repository.roll_back(&forge, None).unwrap());
        assert_eq!(back, format!("release/staging-to-{}", &second[..10]));
        repository.roll_back(&forge, Some(&second)).unwrap();
        let tip = repository.git(&["rev-parse", "HEAD"]);
        repository.merged(&forge, &back);
        let registry = repository.registry(&[&tip]);
        assert_eq!(
            repository
                .propose(project().first(), &tip, &registry, &forge)
                .unwrap(),
            Outcome::Withdrawn(brought_up_to_date)
        );
    }
}

#[test]
fn a_repository_with_long_names_is_released_promoted_and_taken_back() {
    let repository = Repository::with_hash("sha256");
    let forge = repository.forge();
    let ([_, second, third], registry) = three(&repository, &forge);
    assert_eq!(third.len(), 64);
    assert_eq!(
        repository
            .propose(project().first(), &second, &registry, &forge)
            .unwrap(),
        Outcome::Overtaken(third.clone())
    );
    let promoted = branch(&repository.promote(&forge).unwrap());
    assert_eq!(promoted, format!("release/production-{}", &third[..10]));
    let back = branch(&repository.roll_back(&forge, None).unwrap());
    assert_eq!(back, format!("release/staging-to-{}", &second[..10]));
    repository.merged(&forge, &back);
    repository.rewrite(Rewrite::NoComments, &NAMES);
    assert_eq!(
        repository
            .propose(project().first(), &third, &registry, &forge)
            .unwrap(),
        Outcome::Withdrawn(third.clone())
    );
    let forward = branch(&repository.roll_back(&forge, Some(&third)).unwrap());
    assert_eq!(forward, format!("release/staging-to-{}", &third[..10]));
}

#[test]
fn the_commit_that_is_said_to_be_taken_back_can_be_named() {
    let repository = Repository::new();
    let forge = repository.forge();
    repository.released(&forge, "1");
    let second = repository.released(&forge, "2");
    repository.change("unreleased");
    let again = repository.change("2");
    let back = branch(&repository.roll_back(&forge, None).unwrap());
    repository.merged(&forge, &back);
    // It brought the content of the second release back, and was never released itself.
    let forward = branch(&repository.roll_back(&forge, Some(&again)).unwrap());
    assert_eq!(forward, format!("release/staging-to-{}", &second[..10]));
}

#[test]
fn a_preview_shows_nothing_that_a_run_would_not_propose() {
    let repository = Repository::new();
    let forge = repository.forge();
    let ([_, second, _], registry) = three(&repository, &forge);
    repository.rewrite(Rewrite::NoComments, &NAMES);
    let shown = repository.with_proposals(&forge, |proposals| {
        let wanted = wanted(proposals.git, &registry, project().first(), &second);
        proposals.preview(project().first(), |look| wanted.newest(look))
    });
    assert!(matches!(
        shown.unwrap(),
        Err(Outcome::Overtaken(_) | Outcome::Unclear(_) | Outcome::Withdrawn(_) | Outcome::Nothing)
    ));
}
