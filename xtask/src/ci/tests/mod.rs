//! The release verbs against real Git: a checkout and a bare remote on disk. Registry and forge are covered by the e2e.

mod content;
mod propose;

use tempfile::TempDir;
use xshell::{Shell, cmd};

use crate::ci::apps::APPS;
use crate::ci::git::Git;
use crate::ci::plan::{Action, AppPlan, Plan};

/// A checkout of a small monorepo, with a bare repository as its remote.
struct Repository {
    sh: Shell,
    _folder: TempDir,
}

const OVERLAY: &str = "# Values only.\nimages:\n  - name: APP\n    newName: registry.invalid/loop/APP\n    # By CI.\n    \
    digest: sha256:old # keep\nreplicas: []\n";

impl Repository {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("make a folder");
        let sh = Shell::new().expect("find the current folder");
        // Whatever the person who runs the tests has configured must not matter.
        sh.set_var("GIT_CONFIG_GLOBAL", "/dev/null");
        sh.set_var("GIT_CONFIG_SYSTEM", "/dev/null");
        let remote = folder.path().join("remote.git");
        let work = folder.path().join("work");
        cmd!(sh, "git init --quiet --bare {remote}")
            .quiet()
            .run()
            .expect("make the remote");
        cmd!(sh, "git init --quiet --initial-branch master {work}")
            .quiet()
            .run()
            .expect("make the checkout");
        sh.change_dir(&work);
        cmd!(sh, "git remote add origin {remote}")
            .quiet()
            .run()
            .expect("add the remote");
        let repository = Self { sh, _folder: folder };
        for app in APPS {
            repository.write(&format!("{}/src/main.rs", app.name), "fn main() {}\n");
            for environment in ["staging", "production"] {
                repository.write(&app.overlay(environment), &OVERLAY.replace("APP", app.name));
            }
        }
        for (file, text) in [
            ("Cargo.toml", "[workspace]\n"),
            ("Cargo.lock", "version = 4\n"),
            ("api/src/lib.rs", "//! Types.\n"),
            ("README.md", "# Loop\n"),
            ("e2e/src/main.rs", "fn main() {}\n"),
        ] {
            repository.write(file, text);
        }
        repository.commit("Start");
        repository.push();
        repository
    }

    fn write(&self, path: &str, text: &str) {
        self.sh.write_file(path, text).expect("write a file");
    }

    fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&[
            "-c",
            "user.name=dev",
            "-c",
            "user.email=dev@example.invalid",
            "commit",
            "--quiet",
            "-m",
            message,
        ]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn push(&self) {
        self.git(&["push", "--quiet", "origin", "HEAD:master"]);
    }

    fn git(&self, args: &[&str]) -> String {
        let sh = &self.sh;
        cmd!(sh, "git {args...}").quiet().read().expect("run git")
    }

    fn handle(&self) -> Git<'_> {
        Git::new(&self.sh, None)
    }

    /// A plan for HEAD as the registry's answers would make it.
    fn plan(&self, environment: &'static str, apps: [(Action, Option<&str>); 2]) -> Plan {
        let git = self.handle();
        let commit = git.head().expect("read HEAD");
        let base = git.fetch("master").expect("fetch");
        let apps = APPS.iter().zip(apps).map(|(app, (action, digest))| AppPlan {
            app,
            name: app.name,
            fingerprint: git.fingerprint(&commit, app).expect("hash the content"),
            image: format!("registry.invalid/loop/{}:x", app.name),
            in_registry: digest.map(str::to_owned),
            in_overlay: "sha256:old".to_owned(),
            action,
        });
        Plan {
            branch: "master",
            environment,
            base,
            apps: apps.collect(),
            release: true,
            commit,
        }
    }
}
