//! One source commit, and for each system a bare remote, a checkout and a machine of its own.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use pipelines::{Outcome, Place, Project, Push, System};
use tempfile::TempDir;

use crate::aws::{IDENTITY, REGION, ROLE};
use crate::outside::{aws_program, runner};
use crate::root;
use crate::stand_ins::{StandIns, TOKEN};

/// Where `CodeBuild` tells AWS's clients to ask for credentials of the build's role.
pub(crate) const ROLE_OF_THE_BUILD: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/// The repository as it lies here, uncommitted changes included, as one commit.
pub(crate) struct Source {
    folder: TempDir,
    pub(crate) commit: String,
}

impl Source {
    pub(crate) fn of_work_tree() -> Self {
        Self::make(None)
    }

    /// The same with other content of one file.
    pub(crate) fn with_change(file: &str) -> Self {
        Self::make(Some(file))
    }

    fn make(changed: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("make a folder");
        let work = folder.path().join("source");
        let listed = git(
            &root(),
            &["ls-files", "--cached", "--others", "--exclude-standard"],
        );
        for name in listed.lines() {
            let (from, to) = (root().join(name), work.join(name));
            // Deleted and not committed yet.
            if from.is_file() {
                fs::create_dir_all(to.parent().expect("in a folder")).expect("make a folder");
                fs::copy(&from, &to).expect("copy a file");
            }
        }
        if let Some(file) = changed {
            fs::write(work.join(file), "changed\n").expect("change a file");
        }
        git(&work, &["init", "--quiet", "--initial-branch=master"]);
        git(&work, &["add", "--all", "--force"]);
        git(&work, &["commit", "--quiet", "--message=Source"]);
        let commit = git(&work, &["rev-parse", "HEAD"]);
        Self { folder, commit }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("source")
    }
}

/// What one system works with.
pub(crate) struct Site {
    folder: TempDir,
    system: System,
    commit: String,
    /// Where the manifests are.
    remote: PathBuf,
    source: PathBuf,
    checkout: PathBuf,
    pub(crate) project: Project,
}

/// Each value is set so that the file's own default would be another, where it has one.
fn settings(stand_ins: &StandIns) -> BTreeMap<String, String> {
    [
        ("IMAGE_REGISTRY", format!("{}/gitops-loop", stand_ins.address)),
        ("REGISTRY_INSECURE", "true".to_owned()),
        ("FORGE_API", format!("http://{}", stand_ins.address)),
        ("FORGE_REPO", "owner/name".to_owned()),
        ("SIGNING_KEY", "none".to_owned()),
        ("AWS_ROLE", ROLE.to_owned()),
        ("AWS_REGION", REGION.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

impl Site {
    pub(crate) fn new(system: System, source: &Source, stand_ins: &StandIns) -> Self {
        let folder = tempfile::tempdir().expect("make a folder");
        let (remote, checkout) = (folder.path().join("remote.git"), folder.path().join("checkout"));
        let from = source.path();
        let paths = |path: &Path| path.display().to_string();
        git(
            folder.path(),
            &["clone", "--quiet", "--bare", &paths(&from), &paths(&remote)],
        );
        take_push_options(&remote);
        git(
            folder.path(),
            &["clone", "--quiet", &paths(&remote), &paths(&checkout)],
        );

        let mut project = Project {
            settings: settings(stand_ins),
            secrets: [("FORGE_TOKEN".to_owned(), TOKEN.to_owned())].into(),
            machine: machine(folder.path(), stand_ins),
        };
        match system {
            // A build has its role without a token.
            System::Codebuild => {
                project.settings.insert("FORGE".to_owned(), "gitea".to_owned());
                let role = format!("http://{}/role-of-the-build", stand_ins.address);
                project.machine.insert(ROLE_OF_THE_BUILD.to_owned(), role);
                project
                    .machine
                    .insert("AWS_DEFAULT_REGION".to_owned(), REGION.to_owned());
            }
            System::Github => {}
            System::Gitlab => {
                // gitlab-ci-local makes no tokens.
                project
                    .secrets
                    .insert("AWS_ID_TOKEN".to_owned(), IDENTITY.to_owned());
            }
        }
        Self {
            folder,
            system,
            commit: source.commit.clone(),
            source: remote.clone(),
            remote,
            checkout,
            project,
        }
    }

    /// Puts `infra/` into a repository of its own, as a project does by `INFRA_REMOTE`.
    pub(crate) fn move_manifests(&mut self) {
        let (work, remote) = (
            self.folder.path().join("infra"),
            self.folder.path().join("infra.git"),
        );
        fs::create_dir_all(&work).expect("make a folder");
        let archive = self.folder.path().join("infra.tar").display().to_string();
        git(
            &self.source,
            &["archive", "--output", &archive, "master", "infra"],
        );
        let unpacked = Command::new("tar")
            .args(["-xf", &archive, "-C"])
            .arg(&work)
            .status();
        assert!(unpacked.expect("start tar").success());
        git(&work, &["init", "--quiet", "--initial-branch=master"]);
        git(&work, &["add", "--all"]);
        git(&work, &["commit", "--quiet", "--message=Manifests"]);
        let address = remote.display().to_string();
        git(&work, &["clone", "--quiet", "--bare", ".", &address]);
        take_push_options(&remote);
        self.project.settings.insert("INFRA_REMOTE".to_owned(), address);
        self.remote = remote;
    }

    /// The branches of the application's repository.
    pub(crate) fn branches_of_source(&self) -> Vec<String> {
        let all = git(&self.source, &["for-each-ref", "--format=%(refname:short)"]);
        all.lines().map(str::to_owned).collect()
    }

    /// Runs the system's file for a push of the source commit to `master`.
    pub(crate) async fn run(&self) -> Outcome {
        let place = Place {
            log: &self.log(),
            scratch: &self.folder.path().join("scratch"),
        };
        runner(self.system)
            .run(&self.project, &self.push(), &place, |_| ())
            .await
            .expect("the run is carried out")
    }

    /// Runs GitHub's workflow for a tag at the source commit.
    pub(crate) async fn run_for_tag(&self, tag: &str) -> Outcome {
        let pipelines::Runner::GitHub(act) = runner(System::Github) else {
            panic!("act runs GitHub's workflows");
        };
        let scratch = self.folder.path().join("scratch");
        let place = Place {
            log: &self.log(),
            scratch: &scratch,
        };
        pipelines::github::run_for_tag(&act, tag, &self.project, &self.push(), &place)
            .await
            .expect("the run is carried out")
    }

    fn push(&self) -> Push<'_> {
        Push {
            checkout: &self.checkout,
            branch: "master",
            commit: &self.commit,
            number: 1,
        }
    }

    /// What Git's server was told with pushes, as GitLab is told of merge requests.
    pub(crate) fn push_options(&self) -> Vec<String> {
        let told = fs::read_to_string(self.remote.join("push-options")).unwrap_or_default();
        told.lines().map(str::to_owned).collect()
    }

    /// A folder of the checkout, after the run.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.checkout.join(path)
    }

    /// What the jobs printed.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The branches of the remote.
    pub(crate) fn branches(&self) -> Vec<String> {
        let all = git(&self.remote, &["for-each-ref", "--format=%(refname:short)"]);
        all.lines().map(str::to_owned).collect()
    }

    /// Makes the remote refuse every push with these words, as a protected branch does; without words, take them again.
    pub(crate) fn refuse_pushes(&self, words: Option<&str>) {
        let hook = self.remote.join("hooks/pre-receive");
        match words {
            Some(words) => script(&hook, &format!("echo '{words}' >&2\nexit 1")),
            None => fs::remove_file(&hook).expect("take the hook away"),
        }
    }

    /// What Git says in the remote.
    pub(crate) fn remote(&self, args: &[&str]) -> String {
        git(&self.remote, args)
    }
}

/// Makes a bare repository keep what it is told with a push.
fn take_push_options(remote: &Path) {
    git(remote, &["config", "receive.advertisePushOptions", "true"]);
    script(
        &remote.join("hooks/post-receive"),
        "for n in $(seq 0 $((${GIT_PUSH_OPTION_COUNT:-0} - 1))); do eval \"echo \\\"\\$GIT_PUSH_OPTION_$n\\\"\"; done >> push-options",
    );
}

/// The runner's machine: nothing of this user's, the verbs that were compiled from this work tree, and AWS's own program.
fn machine(folder: &Path, stand_ins: &StandIns) -> BTreeMap<String, String> {
    let (home, bin) = (folder.join("home"), folder.join("bin"));
    fs::create_dir_all(&home).expect("make a folder");
    fs::create_dir_all(&bin).expect("make a folder");
    let xtask = xtask();
    script(
        &bin.join("cargo-verbs"),
        &format!(
            "shift\nCARGO_MANIFEST_DIR=\"$PWD/xtask\" exec '{}' \"$@\"",
            xtask.display()
        ),
    );
    let aws = aws_program();
    script(
        &bin.join("aws"),
        &format!("PYTHONPATH='{0}' exec '{0}/bin/aws' \"$@\"", aws.display()),
    );
    let path = std::env::var("PATH").unwrap_or_default();
    let users = |name: &str, folder: &str| {
        std::env::var(name)
            .unwrap_or_else(|_| format!("{}/{folder}", std::env::var("HOME").unwrap_or_default()))
    };
    [
        ("PATH", format!("{}:{path}", bin.display())),
        ("HOME", home.display().to_string()),
        ("CARGO_HOME", users("CARGO_HOME", ".cargo")),
        ("RUSTUP_HOME", users("RUSTUP_HOME", ".rustup")),
        // `cargo xtask` is an alias: of these verbs, which need no compiler.
        ("CARGO_ALIAS_XTASK", "verbs".to_owned()),
        ("GIT_CONFIG_GLOBAL", "/dev/null".to_owned()),
        ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
        ("AWS_ENDPOINT_URL", format!("http://{}", stand_ins.address)),
        // Without credentials it would look for those of a virtual machine, at an address of the network.
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        (
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            format!("http://{}/identity?api-version=2.0", stand_ins.address),
        ),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of-the-runner".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn xtask() -> PathBuf {
    let beside = || {
        let tests = std::env::current_exe().expect("this program has a path");
        let target = tests.ancestors().nth(2).expect("it lies in target/debug/deps");
        target.join("xtask")
    };
    let path = std::env::var_os("XTASK").map_or_else(beside, PathBuf::from);
    assert!(
        path.is_file(),
        "{} is not there: run cargo build -p xtask",
        path.display()
    );
    path
}

fn script(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("write a script");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("make it a program");
}

fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=dev", "-c", "user.email=dev@example.invalid"])
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("start git");
    assert!(
        output.status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}
