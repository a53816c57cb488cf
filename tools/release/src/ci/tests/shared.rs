//! Runs that share a release (`RELEASE_APPS`): two CodeBuild projects on one buildspec, each of one
//! app, and one proposal of both.

use super::model::Registry;
use super::propose::{branch, heads};
use super::{NAMES, Repository, wanted};
use crate::ci::propose::Outcome;
use crate::ci::wanted::Wanted;
use crate::environment::{apps, project};

/// What the verb `propose` does in the run that pushes `app`.
fn propose(
    repository: &Repository,
    app: &'static str,
    commit: &str,
    registry: &Registry,
    forge: &super::Forge,
) -> anyhow::Result<Outcome> {
    let own = [app];
    repository.with_proposals(forge, |proposals| {
        let wanted = Wanted {
            own: Some(&own),
            ..wanted(proposals.git, registry, project().first(), commit)
        };
        proposals.settle(project().first(), |look| wanted.newest(look))
    })
}

#[test]
fn whoever_pushes_last_proposes_both() {
    for order in [[NAMES[0], NAMES[1]], [NAMES[1], NAMES[0]]] {
        let repository = Repository::new();
        let commit = repository.change("new");
        let (registry, forge) = (Registry::default(), repository.forge());
        let push = |name: &str| {
            let app = apps().iter().find(|app| app.name() == name).unwrap();
            registry.push(name, &repository.handle().fingerprint(&commit, app).unwrap());
        };
        let run = |app| propose(&repository, app, &commit, &registry, &forge);
        let before = heads(&repository);

        let error = run(order[0]).expect_err("not pushed").to_string();
        assert!(error.contains(order[0]) && error.contains("ci push"), "{error}");
        push(order[0]);
        assert_eq!(run(order[0]).unwrap(), Outcome::LeftTo(vec![order[1]]));
        assert_eq!((heads(&repository), forge.written()), (before, Vec::new()));

        push(order[1]);
        let outcome = run(order[1]).unwrap();
        repository.git(&["fetch", "--quiet", "origin", &branch(&outcome)]);
        let changed = repository.git(&["diff", "--name-only", "origin/master", "FETCH_HEAD"]);
        assert_eq!(changed.lines().count(), apps().len(), "{changed}");
        // And the first one, started again, finds it done.
        let (proposed, written) = (heads(&repository), forge.written());
        assert_eq!(run(order[0]).unwrap(), outcome);
        assert_eq!((heads(&repository), forge.written()), (proposed, written));
    }
}

#[test]
fn who_has_nothing_to_push_still_proposes_when_it_is_last() {
    let repository = Repository::new();
    let released = repository.git(&["rev-parse", "HEAD"]);
    let registry = repository.registry(&[&released]);
    let forge = repository.forge();
    // The frontend is as before; its pipeline runs all the same, for EventBridge sees a branch
    // move, not which files.
    repository.write("backend/src/main.rs", "new");
    let commit = repository.commit("Change the backend");
    repository.push("master");
    let run = |app| propose(&repository, app, &commit, &registry, &forge);
    let [first, last] = [NAMES[0], NAMES[1]];
    assert_eq!(run(last).unwrap(), Outcome::LeftTo(vec![first]));
    let backend = repository.handle().fingerprint(&commit, &apps()[0]).unwrap();
    registry.push(first, &backend);
    assert!(branch(&run(last).unwrap()).ends_with(&commit[..10]));
}
