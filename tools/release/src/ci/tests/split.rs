//! The overlays in a repository of their own.

use std::path::{Path, PathBuf};

use super::{OVERLAY, Repository, model, wanted};
use crate::ci::git::Git;
use crate::ci::git::remote::{GitRemote, Remote as _};
use crate::ci::proposals::Proposals;
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
    let proposals = Proposals {
        git: &git,
        infra: &infra,
        source: Some(&source),
        forge: &forge,
        gate: None,
    };
    let propose = |commit: &str| {
        let wanted = wanted(&git, &registry, project().first(), commit);
        proposals.settle(project().first(), |look| wanted.newest(look))
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
    let outcome = proposals.settle(project().first(), |look| wanted.newest(look));
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
        let proposals = Proposals {
            git: &git,
            infra,
            source: source.map(|source| source as _),
            forge: &forge,
            gate: None,
        };
        let wanted = wanted(&git, &registry, project().first(), &commit);
        proposals
            .settle(project().first(), |look| wanted.newest(look))
            .unwrap();
        let heads = infra.heads(&["release/*".to_owned()]).unwrap();
        let made = heads.into_values().next().unwrap();
        let there = folder.display().to_string();
        repository.git(&["-C", &there, "rev-parse", &format!("{made}:infra")])
    });
    assert_eq!(trees[0], trees[1]);
}

/// A repository whose overlays are in another one.
struct Split {
    repository: Repository,
    bare: PathBuf,
    forge: model::Forge,
}

impl Split {
    fn new() -> Self {
        let repository = Repository::new();
        let bare = infra(&repository);
        let forge = model::Forge::of(bare.clone());
        Self {
            repository,
            bare,
            forge,
        }
    }

    /// Does `work` from the checkout in which the shell stands.
    fn with_proposals<T>(&self, work: impl FnOnce(&Proposals<'_, '_>) -> T) -> T {
        let git = Git::new(&self.repository.sh);
        let source = GitRemote::origin(&git).unwrap();
        let infra = GitRemote::at(&git, self.bare.display().to_string());
        work(&Proposals {
            git: &git,
            infra: &infra,
            source: Some(&source),
            forge: &self.forge,
            gate: None,
        })
    }

    fn propose(&self, commit: &str, registry: &model::Registry) -> Outcome {
        self.with_proposals(|proposals| {
            let wanted = wanted(proposals.git, registry, project().first(), commit);
            proposals
                .settle(project().first(), |look| wanted.newest(look))
                .unwrap()
        })
    }

    /// A commit of new content that staging has taken.
    fn released(&self, content: &str) -> String {
        let commit = self.repository.change(content);
        self.propose(&commit, &self.repository.registry(&[&commit]));
        let branch = format!("release/staging-{}", &commit[..10]);
        assert!(self.forge.merge(&branch, model::Merge::Squash));
        commit
    }

    /// Sets the branch of the application back, whatever was there.
    fn force(&self, commit: &str) {
        let to_master = format!("{commit}:master");
        self.repository
            .git(&["push", "--quiet", "--force", "origin", &to_master]);
    }

    /// Goes on in a clone that has no more than the branches have.
    fn clone_anew(&self) {
        let fresh = self.repository.remote.with_file_name("fresh");
        // As over a network: a clone on this disk takes all that lies there.
        let address = format!("file://{}", self.repository.remote.display());
        let folder = fresh.display().to_string();
        self.repository.git(&["clone", "--quiet", &address, &folder]);
        self.repository.sh.change_dir(fresh);
    }

    fn heads(&self) -> String {
        let heads = |at: &Path| self.repository.git(&["ls-remote", &at.display().to_string()]);
        heads(&self.bare) + &heads(&self.repository.remote)
    }
}

#[test]
fn no_clone_that_lacks_what_was_released_takes_an_environment_back() {
    let split = Split::new();
    let [first, second] = ["1", "2"].map(|content| split.released(content));
    let registry = split.repository.registry(&[&first, &second]);
    split.force(&first);
    split.clone_anew();
    let overtaken = Outcome::Overtaken(second.clone());
    // The remote still gives it, though no branch has it.
    assert_eq!(split.propose(&first, &registry), overtaken);

    let there = split.repository.remote.display().to_string();
    split.repository.git(&["-C", &there, "prune", "--expire=now"]);
    let before = (split.heads(), split.forge.written());
    let missing = Outcome::Missing(vec![second.clone()]);
    assert_eq!(split.propose(&first, &registry), missing);
    assert_eq!((split.heads(), split.forge.written()), before);

    // Whoever still has it gives it back.
    let work = split.repository.remote.with_file_name("work");
    let back = format!("{second}:refs/heads/kept");
    let work = work.display().to_string();
    split
        .repository
        .git(&["-C", &work, "push", "--quiet", "origin", &back]);
    assert_eq!(split.propose(&first, &registry), overtaken);
}

#[test]
fn a_clone_that_lacks_what_was_taken_back_does_not_propose_it_again() {
    let split = Split::new();
    let [first, second] = ["1", "2"].map(|content| split.released(content));
    let registry = split.repository.registry(&[&first, &second]);
    let back = split.with_proposals(|proposals| proposals.roll_back(project().first(), None));
    assert!(matches!(back.unwrap(), Outcome::Proposed { .. }));
    let back = format!("release/staging-to-{}", &first[..10]);
    assert!(split.forge.merge(&back, model::Merge::Squash));

    // The same content by another commit: the branch was rewritten.
    split.force(&first);
    split.repository.git(&["reset", "--quiet", "--hard", &first]);
    split.repository.write("README.md", "# Rewritten\n");
    let rewritten = split.repository.change("2");
    split.clone_anew();
    assert_ne!(rewritten, second);
    assert_eq!(
        split.propose(&rewritten, &registry),
        Outcome::Withdrawn(second.clone())
    );
    // And a person may have it again.
    let on = split.with_proposals(|proposals| proposals.roll_back(project().first(), Some(&second)));
    assert!(matches!(on.unwrap(), Outcome::Proposed { .. }));
}

#[test]
fn what_the_overlays_began_with_keeps_nothing_back() {
    let split = Split::new();
    let first = split.released("1");
    // A copy of the manifests without their history, beside an application without its own.
    let text = |path: &str| {
        let there = split.bare.display().to_string();
        split
            .repository
            .git(&["-C", &there, "show", &format!("master:{path}")])
    };
    let copy = Repository::new();
    copy.git(&["checkout", "--quiet", "--orphan", "copy"]);
    // Forges begin a repository with a page of its name.
    copy.git(&["rm", "--quiet", "-r", "--cached", "."]);
    copy.git(&["commit", "--quiet", "--allow-empty", "-m", "Initial commit"]);
    for app in apps() {
        let overlay = app.overlay(project().first());
        copy.write(&overlay, &(text(&overlay) + "\n"));
        assert!(text(&overlay).contains(&first));
    }
    copy.commit("Begin");
    copy.git(&["push", "--quiet", "--force", "origin", "HEAD:master"]);
    let commit = copy.change("2");
    let (registry, forge) = (copy.registry(&[&commit]), copy.forge());
    let outcome = copy.propose(project().first(), &commit, &registry, &forge);
    assert!(matches!(outcome.unwrap(), Outcome::Proposed { .. }));
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
