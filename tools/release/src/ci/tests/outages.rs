//! A forge that is away, before a proposal or in the middle of it: named, nothing half-done that a
//! run once more does not finish.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::propose::{branch, heads};
use super::stub::{Asked, Stub};
use super::{Repository, agent, wanted};
use crate::ci::forge::github_api::Client;
use crate::ci::propose::Outcome;
use crate::ci::settings::{GitHubApi, GitHubApiKind};
use crate::environment::project;

/// What the forge does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Away {
    Altogether,
    /// It lists proposals and opens none.
    WhenOneIsOpened,
    Not,
}

/// A forge that keeps what is opened, by the real client of its API.
struct Forge {
    stub: Stub,
    state: Arc<Mutex<(Away, Vec<Value>)>>,
}

impl Forge {
    fn start(away: Away) -> Self {
        let state = Arc::new(Mutex::new((away, Vec::new())));
        let kept = state.clone();
        let stub = Stub::start(move |asked: &Asked| {
            let (away, open) = &mut *kept.lock().unwrap();
            let opens = asked.line.starts_with("POST ");
            if *away == Away::Altogether || (*away == Away::WhenOneIsOpened && opens) {
                return (503, "maintenance".to_owned());
            }
            if opens {
                let body: Value = serde_json::from_str(&asked.body).unwrap();
                let repo = json!({ "id": 7, "full_name": "owner/name" });
                open.push(json!({
                    "number": 1,
                    "html_url": "http://forge/1",
                    "head": { "ref": body["head"], "repo": repo },
                    "base": { "ref": body["base"], "repo": repo },
                }));
            }
            (200, Value::from(open.clone()).to_string())
        });
        Self { stub, state }
    }

    fn is(&self, away: Away) {
        self.state.lock().unwrap().0 = away;
    }

    fn open(&self) -> usize {
        self.state.lock().unwrap().1.len()
    }
}

/// The verb `propose`.
fn propose(repository: &Repository, commit: &str, forge: &Forge) -> anyhow::Result<Outcome> {
    let agent = agent();
    let settings = GitHubApi {
        kind: GitHubApiKind::Gitea,
        api: format!("http://{}", forge.stub.address()),
        repo: "owner/name".to_owned(),
        token: "secret".to_owned(),
    };
    let client = Client {
        agent: &agent,
        settings: &settings,
    };
    let registry = repository.registry(&[commit]);
    repository.with_proposals(&client, |proposals| {
        let wanted = wanted(proposals.git, &registry, project().first(), commit);
        proposals.settle(project().first(), |look| wanted.newest(look))
    })
}

#[test]
fn a_forge_that_is_down_is_named_and_git_stays_as_it_is() {
    let repository = Repository::new();
    let commit = repository.change("new");
    let forge = Forge::start(Away::Altogether);
    let before = heads(&repository);
    let error = format!("{:#}", propose(&repository, &commit, &forge).expect_err("down"));
    assert!(
        error.contains("cannot be reached") && error.contains("run the verb again when it answers"),
        "{error}"
    );
    assert_eq!(heads(&repository), before);

    forge.is(Away::Not);
    branch(&propose(&repository, &commit, &forge).unwrap());
    assert_eq!(forge.open(), 1);
}

#[test]
fn a_forge_that_goes_down_before_it_opens_a_proposal_is_asked_again_for_the_same_branch() {
    let repository = Repository::new();
    let commit = repository.change("new");
    let forge = Forge::start(Away::WhenOneIsOpened);
    let error = format!("{:#}", propose(&repository, &commit, &forge).expect_err("down"));
    assert!(error.contains("run the verb again when it answers"), "{error}");
    // A branch without a proposal changes no environment, and master is as it was.
    let pushed = heads(&repository);
    assert!(
        pushed.contains(&format!("{commit}\trefs/heads/master")),
        "{pushed}"
    );

    forge.is(Away::Not);
    branch(&propose(&repository, &commit, &forge).unwrap());
    assert_eq!((heads(&repository), forge.open()), (pushed, 1));
}
