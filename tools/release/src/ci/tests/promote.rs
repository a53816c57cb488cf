//! What one environment runs goes to another.

use super::Repository;
use super::model::{Merge, digest};
use crate::ci::plan;
use crate::ci::propose::Outcome;
use crate::environment::{Environment, apps, project};

fn promote(repository: &Repository, forge: &super::Forge) -> anyhow::Result<Outcome> {
    promote_pushed(repository, forge, None)
}

fn promote_pushed(
    repository: &Repository,
    forge: &super::Forge,
    pushed: Option<&str>,
) -> anyhow::Result<Outcome> {
    promote_along(repository, forge, [project().first(), project().last()], pushed)
}

fn promote_along(
    repository: &Repository,
    forge: &super::Forge,
    [from, to]: [Environment; 2],
    pushed: Option<&str>,
) -> anyhow::Result<Outcome> {
    repository.with_proposals(forge, |proposals| {
        proposals.settle(to, |look| {
            plan::promotion(proposals.git, from, to, pushed, &look.base)
        })
    })
}

/// A release of `content` that staging has taken.
fn released(repository: &Repository, forge: &super::Forge, content: &str) -> String {
    let commit = repository.change(content);
    let registry = repository.registry(&[&commit]);
    repository
        .propose(project().first(), &commit, &registry, forge)
        .unwrap();
    assert!(forge.merge(&format!("release/staging-{}", &commit[..10]), Merge::Commit));
    repository.pull();
    commit
}

#[test]
fn production_is_proposed_what_staging_runs() {
    let repository = Repository::new();
    let forge = repository.forge();
    let commit = released(&repository, &forge, "new");
    promote(&repository, &forge).unwrap();
    let branch = format!("release/production-{}", &commit[..10]);
    assert_eq!(forge.open_branches(), std::slice::from_ref(&branch));
    assert!(forge.merge(&branch, Merge::Squash));
    repository.pull();
    let git = repository.handle();
    for app in apps() {
        let [staging, production] = [project().first(), project().last()].map(|environment| {
            let text = repository.sh.read_file(app.overlay(environment)).unwrap();
            overlay::pin(&text, app.name()).unwrap()
        });
        assert_eq!(staging, production);
        assert_eq!(staging.digest, digest(&git.fingerprint(&commit, app).unwrap()));
    }
    assert_eq!(promote(&repository, &forge).unwrap(), Outcome::Nothing);
}

#[test]
fn a_release_goes_through_each_environment_and_past_none() {
    let repository = Repository::new();
    let forge = repository.forge();
    let commit = released(&repository, &forge, "new");
    let [staging, qa, production] = project().environments() else {
        panic!("the sample has three")
    };
    let early = promote_along(&repository, &forge, [qa, production], None).expect_err("qa has nothing");
    assert!(
        early.to_string().contains("nothing was released to qa yet"),
        "{early}"
    );
    for route in [[staging, qa], [qa, production]] {
        let pushed = repository.git(&["rev-parse", "HEAD"]);
        promote_along(&repository, &forge, route, Some(&pushed)).unwrap();
        let branch = format!("release/{}-{}", route[1], &commit[..10]);
        assert_eq!(forge.open_branches(), std::slice::from_ref(&branch));
        assert!(forge.merge(&branch, Merge::Squash));
        repository.pull();
    }
    for app in apps() {
        let pins = project().environments().iter().map(|environment| {
            let text = repository.sh.read_file(app.overlay(environment)).unwrap();
            overlay::pin(&text, app.name()).unwrap()
        });
        let pins: Vec<_> = pins.collect();
        assert!(pins.iter().all(|pin| *pin == pins[0]), "{pins:?}");
    }
}

#[test]
fn a_later_release_refreshes_the_promotion() {
    let repository = Repository::new();
    let forge = repository.forge();
    released(&repository, &forge, "1");
    promote(&repository, &forge).unwrap();
    let later = released(&repository, &forge, "2");
    promote(&repository, &forge).unwrap();
    assert_eq!(
        forge.open_branches(),
        [format!("release/production-{}", &later[..10])]
    );
}

#[test]
fn nothing_can_be_promoted_before_the_first_release() {
    let repository = Repository::new();
    let error = promote(&repository, &repository.forge()).expect_err("nothing there");
    assert!(
        error.to_string().contains("nothing was released to staging yet"),
        "{error}"
    );
}

#[test]
fn what_was_pushed_to_production_has_to_be_what_staging_runs() {
    let repository = Repository::new();
    let forge = repository.forge();
    let released = released(&repository, &forge, "1");
    // The merge of the proposal has the same content; that is what people push.
    let merge = repository.git(&["rev-parse", "HEAD"]);
    assert_ne!(merge, released);
    let later = repository.change("2");
    let error = promote_pushed(&repository, &forge, Some(&later)).expect_err("never on staging");
    assert!(error.to_string().contains("push what staging runs"), "{error}");
    assert!(forge.open_branches().is_empty());
    let outcome = promote_pushed(&repository, &forge, Some(&merge)).unwrap();
    assert!(matches!(outcome, Outcome::Proposed { .. }), "{outcome:?}");
}
