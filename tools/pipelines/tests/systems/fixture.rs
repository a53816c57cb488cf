//! What one system works with: a bare remote, a checkout of one source commit, and a machine of its
//! own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pipelines::{Cause, Outcome, Place, Project, Push, Run, System};
use tempfile::TempDir;

use crate::aws::{self, IDENTITY, REGION};
use crate::machine::{machine, script};
use crate::outside::runner;
use crate::source::{Source, git};
use crate::stand_ins::{StandIns, TOKEN};

/// Where `CodeBuild` tells AWS's clients to ask for credentials of the build's role.
pub(crate) const ROLE_OF_THE_BUILD: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/// On the forge.
pub(crate) const REPOSITORY: &str = "owner/name";

/// What one system works with.
pub(crate) struct Site {
    folder: TempDir,
    pub(crate) system: System,
    pub(crate) commit: String,
    /// The branch of the first environment.
    pub(crate) main: String,
    /// Where the manifests are.
    remote: PathBuf,
    source: PathBuf,
    pub(crate) checkout: PathBuf,
    log: PathBuf,
    scratch: PathBuf,
    pub(crate) project: Project,
}

/// Each value is set so that the file's own default would be another, where it has one.
fn settings(stand_ins: &StandIns) -> BTreeMap<String, String> {
    [
        ("IMAGE_REGISTRY", format!("{}/gitops-loop", stand_ins.address)),
        ("REGISTRY_INSECURE", "true".to_owned()),
        ("FORGE_API", format!("http://{}", stand_ins.address)),
        ("FORGE_REPO", REPOSITORY.to_owned()),
        ("SIGNING_KEY", "none".to_owned()),
        ("AWS_ROLE", aws::RELEASES.arn.to_owned()),
        ("AWS_PREVIEW_ROLE", aws::PREVIEWS.arn.to_owned()), // wing: previews
        ("AWS_REGION", REGION.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// The environment that waits for the first.
pub(crate) fn behind() -> project::Environment {
    let project = crate::project();
    let behind = project.after(project.first());
    behind.expect("an environment behind the first").clone()
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
            log: folder.path().join("log"),
            scratch: folder.path().join("scratch"),
            folder,
            system,
            commit: source.commit.clone(),
            main: crate::main_branch(),
            source: remote.clone(),
            remote,
            checkout,
            project,
        }
    }

    /// Puts the `infra/` that [`Source::without_manifests`] lacks into a repository of its own, as
    /// a project does by `INFRA_REMOTE`.
    pub(crate) fn move_manifests(&mut self) {
        let (work, remote) = (
            self.folder.path().join("infra"),
            self.folder.path().join("infra.git"),
        );
        fs::create_dir_all(&work).expect("make a folder");
        let archive = self.folder.path().join("infra.tar").display().to_string();
        let before = format!("{}^", self.main);
        git(&self.source, &["archive", "--output", &archive, &before, "infra"]);
        let unpacked = Command::new("tar")
            .args(["-xf", &archive, "-C"])
            .arg(&work)
            .status();
        assert!(unpacked.expect("start tar").success());
        git(&work, &["init", "--quiet", "--initial-branch", &self.main]);
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

    /// Runs the system's file for a push of the source commit to the first branch.
    pub(crate) async fn run(&self) -> Outcome {
        self.run_for(Cause::Push, self.push()).await
    }

    /// Runs what the system has for the cause.
    pub(crate) async fn run_for(&self, cause: Cause<'_>, push: Push<'_>) -> Outcome {
        let run = Run {
            project: &self.project,
            push,
            place: self.place(),
        };
        let ran = runner(self.system).run(cause, &run, |_| ()).await;
        ran.expect("the run is carried out")
    }

    /// Merges what was proposed to the first branch, as a person does, and asks for the source
    /// commit in the environment that waits.
    pub(crate) fn release(&self, branch: &str) {
        self.remote(&["update-ref", &format!("refs/heads/{}", self.main), branch]);
        self.remote(&["branch", "--quiet", "-D", branch]);
        self.remote(&["branch", "--quiet", behind().branch(), &self.commit]);
        git(&self.checkout, &["pull", "--quiet", "origin", &self.main]);
    }

    fn place(&self) -> Place<'_> {
        Place {
            log: &self.log,
            scratch: &self.scratch,
        }
    }

    pub(crate) fn push(&self) -> Push<'_> {
        Push {
            checkout: &self.checkout,
            branch: &self.main,
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
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The branches of the remote, the first environment's before the others.
    pub(crate) fn branches(&self) -> Vec<String> {
        let all = git(
            &self.remote,
            &["for-each-ref", "--format=%(refname:short)", "refs/heads"],
        );
        let mut all: Vec<_> = all.lines().map(str::to_owned).collect();
        all.sort_by_key(|branch| *branch != self.main);
        all
    }

    /// Makes the remote refuse every push with these words, as a protected branch does; without
    /// words, take them again.
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
