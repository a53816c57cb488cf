//! The release verbs against real Git: a checkout and a bare remote on disk. Registry and forge are
//! models; the e2e has real ones.

mod bare;
mod by_hand;
mod content;
mod door;
mod forges;
mod holds;
mod left_open;
mod marks;
mod merges;
mod model;
mod new_app;
mod orders;
mod outages;
mod person;
mod promote;
mod propose;
mod races;
mod refusals;
mod registries;
mod release_apps;
mod releases;
mod rewrites;
mod rollback;
mod rules;
mod shared;
mod simulation;
mod split;
mod stub;
mod token_registry;
mod uncommitted;
mod unsigned;
mod verified;
mod versions; // wing: versions
mod waits;
pub(super) mod workspace;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use project::App;
use tempfile::TempDir;
use ureq::Agent;
use ureq::tls::RootCerts;
use xshell::Shell;

use self::model::{Forge, Registry};
use crate::ci::forge;
use crate::ci::gate::Gate;
use crate::ci::git::Git;
use crate::ci::git::remote::GitRemote;
use crate::ci::http;
use crate::ci::proposals::Proposals;
use crate::ci::propose::Outcome;
use crate::ci::registry::Images;
use crate::ci::wanted::Wanted;
use crate::environment::{Environment, apps, environments};

/// A checkout of a small monorepo, with a bare repository as its remote.
struct Repository {
    sh: Shell,
    remote: PathBuf,
    folder: TempDir,
}

const OVERLAY: &str = "# Values only.\nimages:\n  - name: APP\n    newName: registry.invalid/loop/APP\n    # By CI.\n    \
    digest: sha256:old\nreplicas: []\n";

/// Nothing here has to survive a power cut, or lasts long enough to be tidied.
const SETTINGS: &str = "[core]\n\tfsync = none\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n\
    [receive]\n\tautogc = false\n";

/// What the apps are called, in the order of the project.
static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| apps().iter().map(App::name).collect());

/// The files that each test begins with, made once by Git.
static START: LazyLock<Vec<(PathBuf, Vec<u8>)>> = LazyLock::new(|| {
    let made = Repository::with_hash("sha1");
    let mut files = Vec::new();
    read(made.folder.path(), Path::new(""), &mut files);
    files
});

/// All files below `place` of `folder`.
fn read(folder: &Path, place: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder.join(place)).expect("list a folder") {
        let entry = entry.expect("list a folder");
        let (path, kind) = (place.join(entry.file_name()), entry.file_type());
        if kind.expect("ask what it is").is_dir() {
            read(folder, &path, files);
        } else {
            files.push((path, fs::read(entry.path()).expect("read a file")));
        }
    }
}

impl Repository {
    fn new() -> Self {
        let (sh, folder) = (shell(), tempfile::tempdir().expect("make a folder"));
        for (path, content) in &*START {
            sh.write_file(folder.path().join(path), content)
                .expect("write what each test begins with");
        }
        sh.change_dir(folder.path().join("work"));
        let remote = folder.path().join("remote.git");
        set_remote(&sh, "set-url", &remote);
        Self { sh, remote, folder }
    }

    /// With names of commits as this hash makes them.
    fn with_hash(hash: &str) -> Self {
        let folder = tempfile::tempdir().expect("make a folder");
        let sh = shell();
        let remote = folder.path().join("remote.git");
        let work = folder.path().join("work");
        for (folder, kind) in [(&remote, &["--bare"][..]), (&work, &[])] {
            let init = [
                "init",
                "--quiet",
                "--initial-branch",
                "master",
                "--object-format",
                hash,
            ];
            let init = git(&sh, &init).args(kind);
            init.args([folder]).run().expect("make a repository");
        }
        for config in [remote.join("config"), work.join(".git/config")] {
            let init = fs::read_to_string(&config).expect("read what it was made with");
            fs::write(&config, init + SETTINGS).expect("set the repository up");
        }
        sh.change_dir(&work);
        set_remote(&sh, "add", &remote);
        let repository = Self { sh, remote, folder };
        for app in apps() {
            repository.write(&format!("{}/src/main.rs", app.name()), "fn main() {}\n");
            for environment in environments() {
                repository.write(&app.overlay(environment), &OVERLAY.replace("APP", app.name()));
            }
        }
        for (file, text) in workspace::FILES {
            repository.write(file, text);
        }
        repository.commit("Start");
        repository.push("master");
        repository
    }

    fn write(&self, path: &str, text: &str) {
        self.sh.write_file(path, text).expect("write a file");
    }

    fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// A commit that gives both apps new content, on `master` of the remote.
    fn change(&self, content: &str) -> String {
        for app in apps() {
            self.write(&format!("{}/src/main.rs", app.name()), content);
        }
        let commit = self.commit("Change");
        self.push("master");
        commit
    }

    fn push(&self, branch: &str) {
        self.git(&["push", "--quiet", "origin", &format!("HEAD:{branch}")]);
    }

    /// Takes over what was merged on the remote.
    fn pull(&self) {
        self.git(&["pull", "--quiet", "--ff-only", "origin", "master"]);
    }

    fn git(&self, args: &[&str]) -> String {
        git(&self.sh, args).read().expect("run git")
    }

    fn handle(&self) -> Git<'_> {
        Git::new(&self.sh)
    }

    /// What one run of the verb `propose` for `commit` does.
    fn propose(
        &self,
        environment: Environment,
        commit: &str,
        registry: &Registry,
        forge: &Forge,
    ) -> anyhow::Result<Outcome> {
        self.with_proposals(forge, |proposals| {
            let wanted = wanted(proposals.git, registry, environment, commit);
            proposals.settle(environment, |look| wanted.newest(look))
        })
    }

    /// Does `work` with the proposals of the one repository at this forge.
    fn with_proposals<T>(
        &self,
        forge: &dyn forge::Forge,
        work: impl FnOnce(&Proposals<'_, '_>) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.at_gate(forge, None, work)
    }

    /// The same where this has to be proven first.
    fn at_gate<T>(
        &self,
        forge: &dyn forge::Forge,
        gate: Option<Gate>,
        work: impl FnOnce(&Proposals<'_, '_>) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let git = self.handle();
        let origin = GitRemote::origin(&git)?;
        work(&Proposals {
            git: &git,
            infra: &origin,
            source: None,
            forge,
            gate,
        })
    }

    /// A registry with the images of `commits`.
    fn registry(&self, commits: &[&str]) -> Registry {
        let (git, registry) = (self.handle(), Registry::default());
        for commit in commits {
            for app in apps() {
                registry.push(
                    app.name(),
                    &git.fingerprint(commit, app).expect("hash the content"),
                );
            }
        }
        registry
    }

    fn forge(&self) -> Forge {
        Forge::of(self.remote.clone())
    }
}

fn set_remote(sh: &Shell, how: &str, remote: &Path) {
    git(sh, &["remote", how, "origin"])
        .args([remote])
        .run()
        .expect("name the remote");
}

/// What a run for `commit` wants that pushes all apps.
fn wanted<'a, 'sh>(
    git: &'a Git<'sh>,
    images: &'a dyn Images,
    environment: Environment,
    commit: &'a str,
) -> Wanted<'a, 'sh> {
    Wanted {
        git,
        images,
        image: &model::image,
        environment,
        commit,
        own: None,
    }
}

/// As the verbs have one, on a machine that trusts nobody of its own.
fn agent() -> Agent {
    http::agent_that_trusts(RootCerts::WebPki)
}

/// Whatever the person who runs the tests has configured must not matter.
fn shell() -> Shell {
    let sh = Shell::new().expect("find the current folder");
    sh.set_var("GIT_CONFIG_GLOBAL", "/dev/null");
    sh.set_var("GIT_CONFIG_SYSTEM", "/dev/null");
    sh
}

/// Git in the folder of `sh`, with the same commits in each run of a test.
fn git(sh: &Shell, args: &[&str]) -> gitkit::Git {
    let git = gitkit::Git::closing(sh.cmd(gitkit::PROGRAM).into()).as_somebody();
    ["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"]
        .iter()
        .fold(git, |git, name| git.env(name, "2026-01-01T00:00:00Z"))
        .args(args)
}
