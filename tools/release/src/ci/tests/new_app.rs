//! An app that is added to a repository whose other apps have releases: it holds none of them up.

use super::model::{Forge, digest};
use super::propose::branch;
use super::{OVERLAY, Repository};
use crate::ci::proposals::Proposals;
use crate::ci::propose::Outcome;
use crate::ci::{plan, proposal};
use crate::environment::{Environment, apps, environments, project};
use overlay::Pin;

/// A repository whose frontend is new: its backend was released to staging by itself before.
struct Grown {
    repository: Repository,
    forge: Forge,
    /// The commit of that release.
    alone: String,
    /// That which added the frontend.
    added: String,
}

fn grown() -> Grown {
    let repository = Repository::new();
    let forge = repository.forge();
    repository.git(&["rm", "-r", "--quiet", "frontend", "infra/frontend"]);
    repository.write("backend/src/main.rs", "fn main() { alone() }\n");
    let alone = repository.commit("Have a backend alone");
    release_backend(&repository, &alone);
    repository.git(&["checkout", "--quiet", "HEAD~2", "--", "frontend"]);
    for environment in environments() {
        let zeros = format!("sha256:{}", "0".repeat(64));
        let overlay = OVERLAY.replace("APP", "frontend").replace("sha256:old", &zeros);
        repository.write(&apps()[1].overlay(environment), &overlay);
    }
    repository.write("backend/src/main.rs", "fn main() { together() }\n");
    let added = repository.commit("Add the frontend");
    repository.push("master");
    Grown {
        repository,
        forge,
        alone,
        added,
    }
}

/// As a run of that time did, which knew no other app.
fn release_backend(repository: &Repository, commit: &str) {
    let (app, path) = (&apps()[0], apps()[0].overlay(project().first()));
    let tag = repository.handle().fingerprint(commit, app).unwrap();
    let pin = Pin {
        digest: digest(&tag),
        commit: Some(commit.to_owned()),
        withdrawn: None,
    };
    let text = repository.sh.read_file(&path).unwrap();
    repository.write(&path, &overlay::with_pin(&text, app.name(), &pin).unwrap());
    repository.commit(&format!("Release backend\n\nSource: {commit}\n"));
    repository.push("master");
}

impl Grown {
    fn promote(&self) -> anyhow::Result<Outcome> {
        let (from, to) = (project().first(), project().last());
        self.repository
            .with_proposals(&self.forge, |proposals: &Proposals<'_, '_>| {
                proposals.settle(to, |look| {
                    plan::promotion(proposals.git, from, to, None, &look.base)
                })
            })
    }

    /// A run of CI for `commit`, whose images it has pushed.
    fn run(&self, commit: &str) -> Outcome {
        let registry = self.repository.registry(&[commit]);
        let outcome = self
            .repository
            .propose(project().first(), commit, &registry, &self.forge);
        outcome.unwrap()
    }

    fn merge(&self, outcome: &Outcome) {
        self.repository.merged(&self.forge, &branch(outcome));
    }

    /// The commits of the releases that both apps are pinned to.
    fn commits(&self, environment: Environment) -> [Option<String>; 2] {
        self.pins(environment).map(|pin| pin.commit)
    }

    fn pins(&self, environment: Environment) -> [Pin; 2] {
        [0, 1].map(|at| {
            let app = &apps()[at];
            let text = self.repository.sh.read_file(app.overlay(environment)).unwrap();
            overlay::pin(&text, app.name()).unwrap()
        })
    }
}

/// What the proposal says.
fn text(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Proposed { proposal, .. } => &proposal.text,
        other => panic!("proposed, not {other:?}"),
    }
}

#[test]
fn what_staging_runs_is_promoted_though_a_new_app_has_no_release() {
    let grown = grown();
    let promoted = grown.promote().unwrap();
    assert!(
        text(&promoted).contains("- frontend: the release of commit"),
        "{}",
        text(&promoted)
    );
    grown.merge(&promoted);
    let [backend, frontend] = grown.pins(project().last());
    assert_eq!(backend.commit.as_deref(), Some(&*grown.alone));
    assert!(frontend.is_of_no_image() && frontend.commit.is_none());
    assert_eq!(grown.promote().unwrap(), Outcome::Nothing);
    // Its first release, and with it the next promotion, is one of both.
    grown.merge(&grown.run(&grown.added));
    let promoted = grown.promote().unwrap();
    assert!(!text(&promoted).contains("has no image"), "{}", text(&promoted));
    grown.merge(&promoted);
    let both = [Some(grown.added.clone()), Some(grown.added.clone())];
    assert_eq!(
        [grown.commits(project().first()), grown.commits(project().last())],
        [both.clone(), both]
    );
}

#[test]
fn a_release_from_before_an_app_comes_back_and_the_app_stays_as_it_is() {
    let grown = grown();
    let first = project().first();
    grown.merge(&grown.run(&grown.added));
    let [_, kept] = grown.pins(first);
    let back = grown.repository.roll_back(&grown.forge, None).unwrap();
    assert!(
        text(&back).contains("- frontend: the release of commit"),
        "{}",
        text(&back)
    );
    grown.merge(&back);
    let [backend, frontend] = grown.pins(first);
    assert_eq!(
        (backend.commit.as_deref(), backend.withdrawn.as_deref()),
        (Some(&*grown.alone), Some(&*grown.added))
    );
    assert_eq!(frontend, kept);
    // Nobody proposes again what was taken back, and production is given what came back.
    assert_eq!(grown.run(&grown.added), Outcome::Withdrawn(grown.added.clone()));
    let promoted = grown.promote().unwrap();
    assert!(branch(&promoted).ends_with(&grown.alone[..10]), "{promoted:?}");
    grown.merge(&promoted);
    assert!(grown.pins(project().last())[1].is_of_no_image());
    let error = grown
        .repository
        .roll_back(&grown.forge, None)
        .unwrap_err()
        .to_string();
    assert!(error.contains("had no release before"), "{error}");
}

#[test]
fn after_it_both_go_on_together() {
    for to_the_withdrawn in [true, false] {
        let grown = grown();
        let first = project().first();
        grown.merge(&grown.run(&grown.added));
        grown.merge(&grown.repository.roll_back(&grown.forge, None).unwrap());
        let commit = if to_the_withdrawn {
            let on = grown.repository.roll_back(&grown.forge, Some(&grown.added));
            grown.merge(&on.unwrap());
            grown.added.clone()
        } else {
            let commit = grown.repository.change("later");
            grown.merge(&grown.run(&commit));
            commit
        };
        let expected = [Some(commit.clone()), Some(commit)];
        assert_eq!(grown.commits(first), expected);
        assert!(grown.pins(first).iter().all(|pin| pin.withdrawn.is_none()));
        assert!(branch(&grown.promote().unwrap()).starts_with(&proposal::prefix(project().last())));
    }
}
