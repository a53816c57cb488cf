//! What is released is held each night against what has become known of its parts: the step that
//! does so, carried out on a repository with a release.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::machine::script;
use crate::rules::workflow;
use crate::source::git;

const FILE: &str = "advisories.yaml";
/// Where the version of cargo-deny stands.
const CARGO_DENY: &str = "./.github/actions/cargo-deny";
/// Notes which commit is at the manifest that it is given, and finds fault with one.
const CARGO: &str = "commit=$(git -C \"$(dirname \"$3\")\" rev-parse HEAD)\n\
    echo \"$commit\" >> \"$LOOKED_AT\"\n\
    test \"$commit\" != \"$FAULTY\"";

fn parsed(file: &str) -> Value {
    serde_saphyr::from_str(&workflow(file)).expect("YAML")
}

/// Whether a job takes the one cargo-deny of all workflows.
fn brings_cargo_deny(job: &Value) -> bool {
    let mut steps = job["steps"].as_array().into_iter().flatten();
    steps.any(|step| step["uses"] == CARGO_DENY)
}

/// A repository whose overlay names its first commit as released, and a `cargo` for the step.
struct Repository {
    folder: TempDir,
    released: String,
    newest: String,
}

impl Repository {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("make a folder");
        let (work, bin) = (folder.path().join("work"), folder.path().join("bin"));
        let overlay = work.join("infra/app/overlays/one");
        fs::create_dir_all(&overlay).expect("make a folder");
        fs::create_dir_all(&bin).expect("make a folder");
        script(&bin.join("cargo"), CARGO);
        git(
            &work,
            &["init", "--quiet", "--initial-branch", &crate::main_branch()],
        );
        let released = committed(&work, "Released");
        let withdrawn = "1".repeat(40);
        let line = format!("digest: sha256:00 # commit {released}, withdrawn {withdrawn}\n");
        // Two apps are of one release.
        fs::write(overlay.join("kustomization.yaml"), line.repeat(2)).expect("write an overlay");
        let newest = committed(&work, "Newest");
        Self {
            folder,
            released,
            newest,
        }
    }

    /// Has the overlays in a repository of their own, and gives its address.
    fn move_manifests(&self) -> String {
        let (work, other) = (
            self.folder.path().join("work"),
            self.folder.path().join("manifests"),
        );
        git(&work, &["clone", "--quiet", ".", &other.display().to_string()]);
        git(&work, &["rm", "-r", "--quiet", "infra"]);
        committed(&work, "Move the manifests");
        other.display().to_string()
    }

    /// Whether the step passes where this commit has a fault, and which commits it looks at.
    fn look(&self, faulty: &str) -> (bool, Vec<String>) {
        self.look_by(faulty, "")
    }

    /// The same where the overlays are at this address.
    fn look_by(&self, faulty: &str, infra_remote: &str) -> (bool, Vec<String>) {
        let workflow = parsed(FILE);
        let steps = workflow["jobs"]["advisories"]["steps"].as_array().expect("steps");
        let step = steps.last().and_then(|step| step["run"].as_str());
        let scratch = tempfile::tempdir().expect("make a folder");
        let looked_at = scratch.path().join("looked-at");
        let path = std::env::var("PATH").unwrap_or_default();
        let bin = self.folder.path().join("bin");
        let mut shell = Command::new("bash");
        gitkit::forget(&mut shell);
        let status = shell
            .args(["-e", "-c", step.expect("a script")])
            .current_dir(self.folder.path().join("work"))
            .env("PATH", format!("{}:{path}", bin.display()))
            .env("RUNNER_TEMP", scratch.path())
            .env("LOOKED_AT", &looked_at)
            .env("FAULTY", faulty)
            .env("INFRA_REMOTE", infra_remote)
            .env("FORGE_TOKEN", "token")
            .status()
            .expect("start bash");
        let looked_at = fs::read_to_string(looked_at).unwrap_or_default();
        let mut looked_at: Vec<_> = looked_at.lines().map(str::to_owned).collect();
        looked_at.sort();
        (status.success(), looked_at)
    }
}

/// All that is there, as a commit with this message.
fn committed(work: &Path, message: &str) -> String {
    git(work, &["add", "--all"]);
    git(
        work,
        &["commit", "--quiet", "--allow-empty", "--message", message],
    );
    git(work, &["rev-parse", "HEAD"])
}

#[test]
fn each_night_what_is_released_is_held_against_new_advisories() {
    let workflow = parsed(FILE);
    let events = &workflow["on"];
    assert!(events["schedule"][0]["cron"].is_string(), "{events}");
    assert!(brings_cargo_deny(&workflow["jobs"]["advisories"]), "{workflow}");
    assert!(brings_cargo_deny(&parsed("check.yaml")["jobs"]["lint"]));
    let repository = Repository::new();
    let Repository { released, newest, .. } = &repository;
    let mut both = vec![released.clone(), newest.clone()];
    both.sort();
    assert_eq!(repository.look("none"), (true, both.clone()));
    for faulty in [released, newest] {
        assert_eq!(repository.look(faulty), (false, both.clone()), "{faulty}");
    }
}

#[test]
fn releases_of_manifests_elsewhere_are_looked_at_too() {
    let repository = Repository::new();
    let address = repository.move_manifests();
    let (_, looked_at) = repository.look_by("none", &address);
    assert_eq!(looked_at.len(), 2, "{looked_at:?}");
    let (passes, looked_at) = repository.look_by(&repository.released, &address);
    assert!(
        !passes && looked_at.contains(&repository.released),
        "{looked_at:?}"
    );
    // Without the address there are no overlays to find, which is not the same as no release.
    assert!(!repository.look("none").0);
    let nowhere = format!("{address}-gone");
    assert!(!repository.look_by("none", &nowhere).0);
}
