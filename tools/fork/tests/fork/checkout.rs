//! A checkout that has `infra/` and `project.toml` alone, and what the command says in it.

#[path = "begun.rs"]
mod begun;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gitkit::Git;
use project::{Kind, MADE};
use tempfile::TempDir;

/// Nobody's, so that the tests pass in every fork.
pub(crate) const ACCOUNT: &str = "999999999999";
pub(crate) const REGION: &str = "zz-nowhere-9";
pub(crate) const REPOSITORY: &str = "https://github.com/nobody/nothing.git";
/// The numbers of that repository, so that no test asks GitHub.
pub(crate) const NUMBERS: [&str; 4] = ["--github-owner-id", "12", "--github-repository-id", "345"];

/// Most lines of Rust that a fork with one app of its own may be left with, tests and all, but for
/// its former apps. A fork that has grown otherwise has a limit of its own.
#[allow(dead_code, reason = "a copy may be without the tests that count")]
pub(crate) const MOST_LINES: usize = 20_000;

/// Wings that prove and supply, as the command line takes them: without them product, CI and infra
/// are left.
#[allow(dead_code, reason = "a copy may be without the tests that leave them out")]
pub(crate) const TOOLS: &str = "e2e,supply,cloud,pipelines,bench,browser,dev,iam";

/// How the names of apps begin that tests make.
const OWN: &str = "our-";

pub(crate) const WINGS: &str = "tools/fork/wings.toml";
pub(crate) const PARAMETERS: &str = "infra/aws/parameters.toml";
pub(crate) const ADDRESS: &str = "infra/apps/base/repository.yaml";
pub(crate) const POLICY: &str = "infra/admission/policy.yaml";

/// Dropping it removes it.
pub(crate) struct Checkout(TempDir);

impl Checkout {
    /// As a clone has it: Git tracks every file.
    pub(crate) fn of_git() -> Self {
        let checkout = Self::of_an_archive();
        checkout.git(&["init", "--quiet"]);
        checkout.git(&["add", "--all"]);
        checkout
    }

    /// As a clone has it, with one commit.
    pub(crate) fn committed() -> Self {
        let checkout = Self::of_git();
        checkout.commit();
        checkout
    }

    /// All files of this checkout, with one commit.
    pub(crate) fn of_all() -> Self {
        Self::of_all_in(tempfile::tempdir().expect("make a folder"))
    }

    /// The same in this folder, which is empty.
    pub(crate) fn of_all_in(folder: TempDir) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        Self::copied(&root, &gitkit::files(&root).expect("list the files"), folder)
    }

    /// These files of this checkout, with one commit.
    #[allow(dead_code, reason = "the suite `forks` takes all")]
    pub(crate) fn of_files(names: &[&str]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        Self::copied(&root, &names, tempfile::tempdir().expect("make a folder"))
    }

    /// All files of this one as they are, with one commit and no more of its history.
    #[allow(dead_code, reason = "the suite `forks` says where each copy lies")]
    pub(crate) fn copy(&self) -> Self {
        self.copy_in(tempfile::tempdir().expect("make a folder"))
    }

    /// The same in this folder, which is empty.
    pub(crate) fn copy_in(&self, folder: TempDir) -> Self {
        let names = gitkit::files(self.0.path()).expect("list the files");
        Self::copied(self.0.path(), &names, folder)
    }

    fn copied(root: &Path, names: &[String], folder: TempDir) -> Self {
        let checkout = Self(folder);
        for name in names {
            let place = checkout.path(name);
            fs::create_dir_all(place.parent().expect("a file has a folder")).expect("make a folder");
            // One that was deleted and not committed yet is still listed.
            drop(fs::copy(root.join(name), place));
        }
        checkout.git(&["init", "--quiet"]);
        checkout.commit();
        checkout
    }

    /// Its apps and environments.
    pub(crate) fn project(&self) -> project::Project {
        project::Project::load(self.0.path()).expect("read project.toml")
    }

    /// Every wing of its table, as the command line takes them.
    #[allow(dead_code, reason = "a copy may be without the sample, whose tests use it")]
    pub(crate) fn wings(&self) -> String {
        let table: toml::Table = self.read(WINGS).parse().expect("the table is TOML");
        let wings = table["wing"].as_array().expect("a list of wings").iter();
        let names: Vec<_> = wings.filter_map(|wing| wing["name"].as_str()).collect();
        names.join(",")
    }

    /// How many, tests and all, but for apps that no test here has made.
    #[allow(dead_code, reason = "a copy may be without the tests that count")]
    pub(crate) fn lines_of_rust(&self) -> usize {
        let names = gitkit::files(self.0.path()).expect("list the files");
        let ends = |name: &&String| Path::new(name).extension().is_some_and(|it| it == "rs");
        let is_former = |name: &&String| name.strip_prefix(MADE).is_some_and(|app| !app.starts_with(OWN));
        let of_rust = names.iter().filter(ends).filter(|name| !is_former(name));
        let texts = of_rust.filter_map(|name| fs::read_to_string(self.path(name)).ok());
        texts.map(|text| text.lines().count()).sum()
    }

    /// Commits everything.
    pub(crate) fn commit(&self) {
        self.git(&["add", "--all"]);
        let git = Git::at(self.0.path()).as_somebody();
        let done = git
            .args(["commit", "--quiet", "--allow-empty", "--message", "A commit"])
            .run();
        done.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Without Git.
    pub(crate) fn of_an_archive() -> Self {
        let folder = tempfile::tempdir().expect("make a folder");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let copied = Command::new("cp")
            .arg("-r")
            .args([root.join("infra"), root.join("project.toml")])
            .arg(folder.path())
            .status();
        assert!(copied.expect("run cp").success());
        let checkout = Self(folder);
        checkout.begin_on_github();
        checkout
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("read {name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap_or_else(|error| panic!("write {name}: {error}"));
    }

    /// Puts `new` in the place of `old`, which must be there.
    pub(crate) fn edit(&self, name: &str, old: &str, new: &str) {
        let text = self.read(name);
        assert!(text.contains(old), "{name} does not contain {old}");
        self.write(name, &text.replace(old, new));
    }

    /// Calls the first branch `main`, by the command of the page; whether it did, for a fork may
    /// call it otherwise already.
    pub(crate) fn call_branch_main(&self) -> bool {
        if self.project().first().branch() != "master" {
            return false;
        }
        let page = self.read("docs/FORK.md");
        let mut lines = page.lines();
        let command = lines.find(|line| line.starts_with("git grep "));
        let mut shell = Command::new("sh");
        gitkit::forget(&mut shell);
        shell
            .args(["-c", command.expect("the page has it")])
            .current_dir(self.path(""));
        assert!(shell.status().expect("start a shell").success());
        true
    }

    pub(crate) fn git(&self, arguments: &[&str]) {
        let done = Git::at(self.0.path()).args(arguments).run();
        done.unwrap_or_else(|error| panic!("{error}"));
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut fork = self.program("fork");
        fork.args(arguments);
        fork
    }

    /// `cargo xtask fork` or `update`, by its name.
    pub(crate) fn program(&self, name: &str) -> Command {
        let mut fork = Command::new(env!("CARGO_BIN_EXE_fork"));
        fork.arg(name)
            .env("CARGO_MANIFEST_DIR", self.path("tools/fork"))
            // Nobody answers here, unless a test says who does.
            .env("GITHUB_API_URL", "http://127.0.0.1:9")
            .env("NO_PROXY", "127.0.0.1")
            .env_remove("GH_TOKEN")
            .env_remove("GITHUB_TOKEN");
        fork
    }

    /// What `cargo xtask fork` says with these arguments.
    pub(crate) fn fork(&self, arguments: &[&str]) -> String {
        said(self.command(arguments).output().expect("run it"))
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
    }

    /// The error it ends with, and that nothing was changed by then.
    pub(crate) fn refusal(&self, arguments: &[&str]) -> String {
        self.refusal_of(&mut self.command(arguments))
    }

    pub(crate) fn refusal_of(&self, command: &mut Command) -> String {
        let before = self.deployed();
        let said = said(command.output().expect("run it"));
        let error = said.expect_err("the command does not refuse");
        assert!(!error.contains("panicked"), "{error}");
        assert_eq!(self.deployed(), before, "something was written: {error}");
        error
    }

    /// Path and content of what is deployed to AWS, as far as it is text.
    pub(crate) fn deployed(&self) -> Vec<(PathBuf, String)> {
        let infra = self.path("infra");
        let (mut folders, mut found) = (vec![infra.clone()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("list a folder") {
                let path = entry.expect("list a folder").path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(text) = fs::read_to_string(&path) {
                    found.push((path.strip_prefix(&infra).expect("is below").to_owned(), text));
                }
            }
        }
        found.retain(|(path, _)| !path.starts_with("local"));
        found.sort();
        found
    }
}

/// What `cargo xtask` is told to add an app of this kind.
#[allow(dead_code, reason = "a copy may be without what makes apps")]
pub(crate) fn new_app(kind: Kind) -> [String; 4] {
    let name = format!("{OWN}{kind}");
    ["new-app".to_owned(), name, "--kind".to_owned(), kind.to_string()]
}

/// What it wrote; as an error if it failed.
pub(crate) fn said(output: Output) -> Result<String, String> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("paths are UTF-8");
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}

/// A whole fork, to `REPOSITORY`.
pub(crate) fn whole<'a>() -> Vec<&'a str> {
    let facts = [
        "--account",
        ACCOUNT,
        "--region",
        REGION,
        "--repository",
        REPOSITORY,
    ];
    [&facts[..], &NUMBERS].concat()
}

/// The facts as `cargo xtask fork` prints them: account, region, repository.
pub(crate) fn facts(said: &str) -> [String; 3] {
    ["account", "region", "repository"].map(|name| {
        let line = said.lines().find_map(|line| line.strip_prefix(name));
        line.expect("each fact has a line").trim().to_owned()
    })
}
