//! Versions: which one is the highest, what is left out, what is refused, and that none goes back.

mod held_back;
mod moved;
mod registry;
mod together;

use anyhow::Result;

use super::Repository;
use super::model::{self, Forge, Merge, Registry};
use super::propose::branch;
use crate::ci::gate::Gate;
use crate::ci::git::remote::{GitRemote, Remote};
use crate::ci::git::{Git, Memory};
use crate::ci::proposals::Proposals;
use crate::ci::propose::Outcome;
use crate::ci::registry::Error;
use crate::ci::registry::tags::Tagged;
use crate::ci::versions::{START, Versions, Whole};
use crate::environment::{apps, project};

impl Tagged for Registry {
    fn tags(&self, app: &str) -> Result<Vec<String>, Error> {
        let images = self.0.lock().unwrap();
        let own = images.keys().filter(|(of, _)| of == app);
        Ok(own.map(|(_, tag)| tag.clone()).collect())
    }
}

impl Registry {
    /// Gives what `app` has of this content one more tag, or moves that.
    fn name(&self, app: &str, content: &str, tag: &str) {
        let key = (app.to_owned(), tag.to_owned());
        self.0.lock().unwrap().insert(key, model::digest(content));
    }
}

/// A repository with its registry and forge.
struct Tagging {
    repository: Repository,
    registry: Registry,
    forge: Forge,
    /// What was found out of commits, which saves processes.
    memory: Memory,
}

impl Tagging {
    fn new() -> Self {
        let repository = Repository::new();
        let (forge, registry) = (repository.forge(), Registry::default());
        Self {
            repository,
            registry,
            forge,
            memory: Memory::default(),
        }
    }

    /// A commit of new content whose images were pushed.
    fn built(&self, content: &str) -> String {
        let commit = self.repository.change(content);
        for app in apps() {
            let content = self.content(&commit, app.name());
            self.registry.push(app.name(), &content);
        }
        commit
    }

    fn content(&self, commit: &str, app: &str) -> String {
        let app = project().app(app).unwrap();
        self.git().fingerprint(commit, app).unwrap()
    }

    fn git(&self) -> Git<'_> {
        Git::remembering(&self.repository.sh, self.memory.clone())
    }

    /// Git's tag, on the remote; as people make them, half of them with a message.
    fn tag(&self, version: &str, commit: &str) {
        let message: &[&str] = if version.ends_with('0') {
            &["-m", "Release"]
        } else {
            &[]
        };
        let tag = [&["tag", "--force", version, commit], message].concat();
        self.repository.git(&tag);
        let name = format!("refs/tags/{version}");
        self.repository
            .git(&["push", "--quiet", "--force", "origin", &name]);
    }

    /// What `cargo xtask ci tag` does for the images of these apps.
    fn name(&self, version: &str, commit: &str, apps: &[&str]) {
        for app in apps {
            let content = self.content(commit, app);
            self.registry.name(app, &content, version);
        }
    }

    /// Both, of all apps.
    fn version(&self, version: &str, commit: &str) {
        self.tag(version, commit);
        self.name(version, commit, &super::NAMES);
    }

    fn highest(&self, range: &str) -> Result<Option<Whole>> {
        let git = self.git();
        Versions {
            git: &git,
            images: &self.registry,
            image: &model::image,
            tags: &GitRemote::origin(&git)?.tags(START)?,
            tip: &self.repository.git(&["rev-parse", "HEAD"]),
        }
        .highest(&range.parse()?)
    }

    fn name_of_highest(&self, range: &str) -> Option<String> {
        let whole = self.highest(range).unwrap();
        whole.map(|whole| whole.version.to_string())
    }

    fn follow(&self, range: &str) -> Result<Outcome> {
        self.follow_behind(range, None)
    }

    fn follow_behind(&self, range: &str, gate: Option<Gate>) -> Result<Outcome> {
        let outcome = self.found_behind(self.highest(range), gate)?;
        Ok(outcome.expect("a version of this range"))
    }

    /// What a run does that found this.
    fn found_behind(&self, found: Result<Option<Whole>>, gate: Option<Gate>) -> Result<Option<Outcome>> {
        let git = self.git();
        let origin = GitRemote::origin(&git)?;
        self.proposals(&git, &origin, gate)
            .follow(project().last(), found)
    }

    fn proposals<'a, 'sh>(
        &'a self,
        git: &'a Git<'sh>,
        infra: &'a dyn Remote,
        gate: Option<Gate>,
    ) -> Proposals<'a, 'sh> {
        Proposals {
            git,
            infra,
            source: None,
            forge: &self.forge,
            gate,
        }
    }

    /// Has `version` made and merged.
    fn released(&self, version: &str, content: &str) -> String {
        let commit = self.built(content);
        self.version(version, &commit);
        self.merge(&self.follow(&format!("={}", &version[1..])).unwrap());
        commit
    }

    fn merge(&self, outcome: &Outcome) {
        assert!(self.forge.merge(&branch(outcome), Merge::Commit));
        self.repository.pull();
    }

    fn roll_back(&self) -> Outcome {
        let git = self.git();
        let origin = GitRemote::origin(&git).unwrap();
        let proposals = self.proposals(&git, &origin, None);
        proposals.roll_back(project().last(), None).unwrap()
    }
}

fn settle(proposals: &Proposals<'_, '_>, whole: &Whole) -> Result<Outcome> {
    let to = project().last();
    proposals.settle(to, |look| whole.plan(proposals.git, to, &look.base))
}

fn to_production(commit: &str) -> String {
    format!("release/production-{}", &commit[..10])
}

#[test]
fn the_highest_version_of_the_range_is_proposed_by_digest() {
    let tagging = Tagging::new();
    let commits = ["1", "2", "3", "4"].map(|content| tagging.built(content));
    for (version, commit) in ["v1.2.0", "v1.10.1", "v1.11.0-rc.1", "v2.0.0"]
        .iter()
        .zip(&commits)
    {
        tagging.version(version, commit);
    }
    for (range, highest) in [
        ("^1.2", Some("v1.10.1")),
        ("1.2", Some("v1.10.1")),
        ("~1.2", Some("v1.2.0")),
        ("*", Some("v2.0.0")),
        (">=1, <3", Some("v2.0.0")),
        // A pre-release only where the range names one of this version.
        (">=1.11.0-rc.0, <2", Some("v1.11.0-rc.1")),
        (">=1.10.0-rc.0, <2", Some("v1.10.1")),
        ("^3", None),
    ] {
        assert_eq!(tagging.name_of_highest(range).as_deref(), highest, "{range}");
    }
    let outcome = tagging.follow("^1.2").unwrap();
    assert_eq!(branch(&outcome), to_production(&commits[1]));
    let Outcome::Proposed { proposal, .. } = &outcome else {
        panic!("{outcome:?}")
    };
    assert!(
        proposal
            .title
            .contains(&format!("(v1.10.1, {})", &commits[1][..10])),
        "{}",
        proposal.title
    );
    tagging.merge(&outcome);
    for app in apps() {
        let text = tagging
            .repository
            .sh
            .read_file(app.overlay(project().last()))
            .unwrap();
        let pin = overlay::pin(&text, app.name()).unwrap();
        let content = tagging.content(&commits[1], app.name());
        assert_eq!(
            (pin.digest, pin.commit.as_ref()),
            (model::digest(&content), Some(&commits[1]))
        );
    }
    assert_eq!(tagging.follow("^1.2").unwrap(), Outcome::Nothing);
}

#[test]
fn a_version_that_is_not_whole_is_left_out_and_the_next_one_taken() {
    let tagging = Tagging::new();
    let commit = tagging.built("1");
    tagging.version("v1.0.0", &commit);
    let later = tagging.built("2");
    // A run that tags is at work, or was cut off.
    tagging.tag("v1.1.0", &later);
    tagging.name("v1.1.0", &later, &super::NAMES[..1]);
    // Somebody named images by hand, and one of them by no version.
    tagging.name("v1.2.0", &later, &super::NAMES);
    tagging.version("v1.3", &later);
    // A commit that was never merged.
    tagging.repository.git(&["checkout", "--quiet", "--detach"]);
    tagging.repository.write("backend/src/main.rs", "elsewhere");
    let elsewhere = tagging.repository.commit("Elsewhere");
    tagging.version("v1.4.0", &elsewhere);
    tagging.repository.git(&["checkout", "--quiet", "master"]);
    assert_eq!(tagging.name_of_highest("^1").as_deref(), Some("v1.0.0"));
    tagging.name("v1.1.0", &later, &super::NAMES);
    assert_eq!(tagging.name_of_highest("^1").as_deref(), Some("v1.1.0"));
}

#[test]
fn an_app_that_the_version_does_not_have_yet_is_left_as_it_is() {
    let tagging = Tagging::new();
    tagging.repository.git(&["rm", "-r", "--quiet", "frontend"]);
    tagging.repository.write("backend/src/main.rs", "alone");
    let alone = tagging.repository.commit("Have a backend alone");
    tagging
        .registry
        .push(super::NAMES[0], &tagging.content(&alone, super::NAMES[0]));
    tagging.tag("v1.0.0", &alone);
    tagging.name("v1.0.0", &alone, &super::NAMES[..1]);
    tagging.repository.push("master");
    let outcome = tagging.follow("^1").unwrap();
    let made = format!("origin/{}", branch(&outcome));
    tagging.repository.git(&["fetch", "--quiet", "origin"]);
    let changed = tagging
        .repository
        .git(&["diff", "--name-only", "origin/master", &made]);
    assert_eq!(changed, apps()[0].overlay(project().last()));
}
