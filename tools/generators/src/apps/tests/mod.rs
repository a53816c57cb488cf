//! Apps added to and removed from a small checkout: what the commands read of this one, under Git.

mod killed;
mod made;
mod refused;
mod removed;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use gitkit::Git;
use project::Kind;
use tempfile::TempDir;

use super::{lists, new, remove};

/// What a checkout needs for the commands to work. A fork may be without the files of a CI system.
const PARTS: [&str; 8] = [
    ".github/workflows/deliver.yaml",
    ".gitignore",
    ".gitlab-ci.yml",
    "Cargo.lock",
    "apps",
    "infra",
    "project.toml",
    "tools/generators/templates",
];

/// Dropping it removes it.
pub(crate) struct Checkout(TempDir);

impl Checkout {
    /// With everything committed, and with nothing that only a fork has.
    pub(crate) fn new() -> Self {
        let checkout = Self(tempfile::tempdir().unwrap());
        let this = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let there = PARTS.into_iter().filter(|part| this.join(part).exists());
        for part in there {
            let place = checkout.path(part);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            let copied = Command::new("cp")
                .arg("-r")
                .arg(this.join(part))
                .arg(place)
                .status();
            assert!(copied.unwrap().success(), "{part}");
        }
        checkout.git(&["init", "--quiet"]);
        checkout.forget_own_apps();
        crate::environments::tests::forget_own(&checkout); // wing: environments
        checkout.commit();
        checkout
    }

    /// Takes out the apps that a template made, which may have the names that these tests take.
    pub(crate) fn forget_own_apps(&self) {
        let project = project::Project::load(self.root()).unwrap();
        for app in project.apps().iter().filter(|app| app.is_made()) {
            for folder in [app.folder().to_owned(), format!("infra/{app}")] {
                drop(fs::remove_dir_all(self.path(&folder)));
            }
            drop(fs::remove_file(self.path(&format!("infra/apps/base/{app}.yaml"))));
            for list in lists::ALL {
                self.write(list, &lists::without(list, &self.read(list), app.name()));
            }
        }
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("read {name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn edit(&self, name: &str, old: &str, new: &str) {
        let text = self.read(name);
        assert!(text.contains(old), "{name} does not contain {old}");
        self.write(name, &text.replace(old, new));
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let git = Git::at(self.root()).as_somebody().args(arguments);
        git.text()
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
    }

    pub(crate) fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "a commit"]);
    }

    /// What differs from the last commit, new files too.
    pub(crate) fn status(&self) -> String {
        self.git(&["status", "--porcelain", "--untracked-files=all"])
    }

    /// As the last commit has it.
    pub(crate) fn reset(&self) {
        self.git(&["reset", "--quiet", "--hard"]);
        self.git(&["clean", "--quiet", "-d", "--force"]);
    }

    pub(crate) fn add(&self, name: &str, kind: Kind) -> String {
        new::run(self.root(), name, kind, false).unwrap_or_else(|error| panic!("{name}: {error:#}"))
    }

    /// What a command says that refuses `name`, having changed nothing.
    pub(crate) fn refusal(&self, name: &str, command: impl FnOnce() -> Result<String>) -> String {
        let before = self.files();
        let error = command().expect_err(name);
        assert_eq!(self.files(), before, "{name}: something was written");
        format!("{error:#}")
    }

    /// What `git apply` makes of a patch.
    pub(crate) fn apply(&self, patch: &str) {
        let place = tempfile::NamedTempFile::new().unwrap();
        fs::write(place.path(), patch).unwrap();
        self.git(&["apply", place.path().to_str().unwrap()]);
    }

    fn remove(&self, name: &str) -> String {
        remove::run(self.root(), name, false).unwrap_or_else(|error| panic!("{name}: {error:#}"))
    }

    /// All files that Git would take, by path.
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        let paths = gitkit::files(self.root()).unwrap().into_iter();
        let there = paths.filter(|path| self.path(path).exists());
        there.map(|path| (path.clone(), self.read(&path))).collect()
    }
}
