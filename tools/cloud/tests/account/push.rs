//! The right to push images, held against what pushing really asks for: the verbs of
//! `cargo xtask ci` and podman, which they start, are recorded in front of an emulated ECR.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use cloud::account::Account;
use cloud::emulator::Emulator;
use cloud::recorder::Recorder;
use cloud::template::Template;
use cloud::tools;
use iam::policy;
use serde_json::Value;

/// What a role may do and no recorded request needs: action, why it is allowed all the same.
const UNSEEN: &[(&str, &str)] = &[
    (
        "ecr:GetAuthorizationToken",
        "`aws ecr get-login-password` asks for it, before the verbs",
    ),
    (
        "ecr:GetDownloadUrlForLayer",
        "`push` reads the description of what it signs, `reproduce` that of what it makes again; nothing is signed here",
    ),
];

/// The branch that images are built from.
fn branch() -> &'static str {
    tools::project().first().branch()
}

#[test]
fn who_pushes_images_may_do_what_that_takes_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let emulator = Emulator::ministack().unwrap();
    deploy_registry(&emulator);
    let recorder = Recorder::of_registry(&emulator.endpoint).unwrap();
    let Some(release) = Release::begin(folder.path(), &recorder.endpoint) else {
        skipped("the rights of a push");
        return;
    };
    release.make_images();
    // The second time all is there, which the first run of a retry finds out too.
    for _ in ["first", "again"] {
        release.verb(&["push"]).unwrap();
    }
    release.verb(&["tag", "v1.0.0"]).unwrap();
    release.follow(); // wing: versions
    assert_eq!(tags(&emulator), 2, "the content and the version");

    let asked = recorder.take();
    let policy = push_policy();
    for (action, repository) in &asked {
        assert!(
            policy::allows(&policy, action, &arn(repository)).unwrap(),
            "{action} on {repository} would be refused"
        );
    }
    let used: BTreeSet<_> = asked.iter().map(|(action, _)| action.as_str()).collect();
    let excused: BTreeSet<_> = UNSEEN.iter().map(|(action, _)| *action).collect();
    let allowed: BTreeSet<_> = policy::actions(&policy).unwrap().into_iter().collect();
    let expected: BTreeSet<_> = used.union(&excused).copied().collect();
    assert_eq!(allowed, expected, "left: the policy, right: what was asked for");
    assert!(used.is_disjoint(&excused), "an excuse that is not needed");
}

#[test]
fn a_push_that_the_registry_refuses_is_named_and_works_once_it_takes_it() {
    let folder = tempfile::tempdir().unwrap();
    let emulator = Emulator::ministack().unwrap();
    let Some(release) = Release::begin(folder.path(), &emulator.endpoint) else {
        skipped("a push that is refused");
        return;
    };
    release.make_images();
    // The stack with the repositories is not deployed yet.
    let error = release.verb(&["push"]).unwrap_err().to_string();
    for words in ["gitops-loop/backend", "REGISTRY_PASSWORD", "name unknown"] {
        assert!(error.contains(words), "{words} is not in: {error}");
    }
    deploy_registry(&emulator);
    release.verb(&["push"]).unwrap();
    assert_eq!(tags(&emulator), 1);
}

fn deploy_registry(emulator: &Emulator) {
    emulator
        .stacks(
            &tools::root(),
            &["deploy", "staging"],
            &["registry", "repository"],
        )
        .unwrap();
}

/// How many tags the one image of the backend has.
fn tags(emulator: &Emulator) -> usize {
    let arguments = [
        "ecr",
        "describe-images",
        "--repository-name",
        "gitops-loop/backend",
    ];
    let pushed = emulator.ask(&arguments).unwrap();
    pushed["imageDetails"][0]["imageTags"].as_array().unwrap().len()
}

/// Not by a macro: the test harness would keep that to itself.
fn skipped(what: &str) {
    let _ = writeln!(
        std::io::stdout(),
        "skipped: {what}: podman, which pushes, is not here"
    );
}

#[test]
fn who_pushes_may_touch_no_repository_of_another_project() {
    let policy = push_policy();
    for action in policy::actions(&policy).unwrap() {
        let everywhere = action == "ecr:GetAuthorizationToken";
        for repository in ["gitops-loop", "other/backend", "other/gitops-loop/backend"] {
            assert_eq!(
                policy::allows(&policy, action, &arn(repository)).unwrap(),
                everywhere,
                "{action} on {repository}"
            );
        }
    }
    for action in [
        "ecr:BatchDeleteImage",
        "ecr:DeleteRepository",
        "ecr:PutImageTagMutability",
    ] {
        assert!(!policy::allows(&policy, action, &arn("gitops-loop/backend")).unwrap());
    }
}

/// The policy with the account and the project filled in.
fn push_policy() -> Value {
    let template = Template::read("registry").unwrap();
    let policies = template.resources("AWS::IAM::ManagedPolicy");
    let mut policy = policies["Push"]["Properties"]["PolicyDocument"].clone();
    for statement in policy["Statement"].as_array_mut().unwrap() {
        let resource = statement["Resource"].as_str().unwrap();
        statement["Resource"] = template.fill(resource, &[]).unwrap().into();
    }
    policy
}

fn arn(repository: &str) -> String {
    let account = Account::read().unwrap();
    account.arn("ecr", &format!("repository/{repository}"))
}

/// A checkout of a small monorepo with its remote, an engine with a storage of its own, and a
/// registry.
struct Release {
    folder: PathBuf,
    registry: String,
}

impl Release {
    /// Nothing if there is no podman.
    fn begin(folder: &Path, registry: &str) -> Option<Self> {
        if Command::new("podman").arg("--version").output().is_err() {
            return None;
        }
        let release = Self {
            folder: folder.to_owned(),
            registry: registry.trim_start_matches("http://").to_owned(),
        };
        for path in [project::FILE, "Cargo.lock"] {
            release.write(path, &fs::read_to_string(tools::root().join(path)).unwrap());
        }
        for app in tools::project().apps().iter().map(project::App::name) {
            let overlay = format!("infra/{app}/overlays/staging/kustomization.yaml");
            release.write(
                &overlay,
                &fs::read_to_string(tools::root().join(&overlay)).unwrap(),
            );
            release.write(&format!("{app}/main.rs"), "fn main() {}\n");
        }
        let remote = folder.join("remote.git");
        let remote = remote.to_str().unwrap();
        release.git(&["init", "--quiet", "--initial-branch", branch()]);
        release.git(&["add", "--all"]);
        release.git(&["commit", "--quiet", "--message=Start"]);
        release.git(&["clone", "--quiet", "--bare", ".", remote]);
        release.git(&["remote", "add", "origin", remote]);
        fs::write(
            folder.join("storage.conf"),
            format!(
                "[storage]\ndriver = \"vfs\"\ngraphroot = \"{0}/images\"\nrunroot = \"{0}/run\"\n",
                folder.display()
            ),
        )
        .unwrap();
        Some(release)
    }

    fn work(&self) -> PathBuf {
        self.folder.join("work")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.work().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn git(&self, arguments: &[&str]) {
        let git = gitkit::Git::at(&self.work()).as_somebody();
        git.args(arguments).run().unwrap();
    }

    /// `cargo xtask ci …`, as a CI file calls it.
    fn verb(&self, verb: &[&str]) -> Result<String> {
        let mut release = tools::release(&self.work(), &self.folder).unwrap();
        release
            .arg("ci")
            .args(verb)
            .env("RELEASE_BRANCH", branch())
            .env("IMAGE_REGISTRY", format!("{}/gitops-loop", self.registry))
            .env("REGISTRY_INSECURE", "true")
            .env("CONTAINER_ENGINE", "podman")
            // What is open there are branches of the remote.
            .env("FORGE", "gitlab")
            .env("CONTAINERS_STORAGE_CONF", self.folder.join("storage.conf"));
        tools::output(&mut release)
    }

    // wing: versions
    /// Has an environment follow versions. None is of its range, so that nothing is proposed.
    fn follow(&self) {
        let project = fs::read_to_string(self.work().join(project::FILE)).unwrap();
        let branch = format!("branch = \"{}\"\n", tools::project().last().branch());
        assert!(project.contains(&branch), "{project}");
        let follows = project.replacen(&branch, &format!("{branch}follows = \"^9\"\n"), 1);
        self.write(project::FILE, &follows);
        self.git(&["commit", "--quiet", "--all", "--message=Follow versions"]);
        self.git(&["push", "--quiet", "origin", "HEAD"]);
        self.verb(&["follow"]).unwrap();
    }
    // end of wing

    /// Plans, and makes the images of the plan.
    fn make_images(&self) {
        self.verb(&["plan"]).unwrap();
        for app in tools::project().apps().iter().map(project::App::name) {
            self.make_image(app);
        }
    }

    /// In place of the verb `build`, which would compile: an image with one file, under the name
    /// that the plan has for it.
    fn make_image(&self, app: &str) {
        let plan = fs::read_to_string(self.work().join("target/ci/plan.json")).unwrap();
        let plan: Value = serde_json::from_str(&plan).unwrap();
        let planned = plan["apps"].as_array().unwrap();
        let planned = planned.iter().find(|planned| planned["name"] == app).unwrap();
        let layer = self.folder.join(format!("{app}.tar"));
        let mut tar = Command::new("tar");
        tar.arg("-cf").arg(&layer).arg("-C").arg(self.work()).arg(app);
        tools::output(&mut tar).unwrap();
        let mut podman = Command::new("podman");
        podman
            .arg("import")
            .arg(&layer)
            .arg(planned["image"].as_str().unwrap())
            .env("CONTAINERS_STORAGE_CONF", self.folder.join("storage.conf"));
        tools::output(&mut podman).unwrap();
    }
}
