//! A template with releases, made of the files of this checkout: some versions that change what a
//! template changes over time.

use std::fs;
use std::process::Command;

use gitkit::Git;
use tempfile::TempDir;

use crate::checkout::{Checkout, PARAMETERS, WINGS};

pub(crate) const RECORD: &str = "template.toml";
pub(crate) const CHANGES: &str = "CHANGELOG.md";
/// Lines of `project.toml` and of the table of wings that no version before the last one knows.
const UNKNOWN: [(&str, &str); 2] = [
    (project::FILE, "shape = \"round\"\n"),
    (WINGS, "colour = \"red\"\n"),
];
/// Parts that the copy is without.
pub(crate) const WITHOUT: &str = "bench,browser,cloud,e2e,house-rules,secrets";

/// A version that no checkout has come to.
pub(crate) fn version(minor: usize) -> String {
    format!("900.{minor}.0")
}

/// The changes before the first release here; a fork may have those of its own product there.
const FORMER_CHANGES: &str = "# Changes of the template, by version\n\n## 1.0.0\n\n- The first version.\n";

/// The template, as it lies somewhere with its tags.
pub(crate) struct Template(pub(crate) Checkout);

impl Template {
    /// Of all files of this checkout, with one release.
    pub(crate) fn of_all_in(folder: TempDir) -> Self {
        let template = Self(Checkout::of_all_in(folder));
        template.0.write(CHANGES, FORMER_CHANGES);
        // A fork may have deleted them.
        for name in ["findings/old.sh", GOES, DELETED] {
            let place = template.0.path(name);
            if !place.exists() {
                fs::create_dir_all(place.parent().expect("a file has a folder")).expect("make a folder");
                let lines = (0..9).map(|number| format!("Line {number} of {name}.\n"));
                template.0.write(name, &lines.collect::<String>());
            }
        }
        template.release(0);
        template
    }

    /// Of next to nothing, with one release.
    pub(crate) fn small() -> Self {
        let template = Self(Checkout::of_files(&["project.toml", RECORD]));
        template.0.write(CHANGES, FORMER_CHANGES);
        // It has no parts that a copy could be without, as this checkout may be.
        let project = template.0.read("project.toml");
        let lines = project.split_inclusive('\n');
        let lines = lines.filter(|line| !line.starts_with("without = "));
        template.0.write("project.toml", &lines.collect::<String>());
        template
            .0
            .write("page.md", "# A page\n\none\ntwo\nthree\nfour\nfive\n");
        template.release(0);
        template
    }

    /// Commits what was changed as a version.
    pub(crate) fn release(&self, minor: usize) {
        let version = version(minor);
        with_version(&self.0, &version);
        let changes = self.0.read(CHANGES);
        let (head, rest) = changes.split_once("\n## ").expect("it has versions");
        let changes = format!("{head}\n## {version}\n\n- Change {minor}.\n\n## {rest}");
        self.0.write(CHANGES, &changes);
        self.0.commit();
        self.0.git(&["tag", &format!("template-v{version}")]);
    }

    /// Releases five versions after the first. A fork that has taken them over can be the template
    /// of five more.
    pub(crate) fn release_five(&self) {
        for (before, change) in [
            Self::say,
            Self::change_parts,
            Self::rename,
            Self::replace,
            Self::add_a_part,
        ]
        .into_iter()
        .enumerate()
        {
            change(self);
            self.release(before + 1);
        }
    }

    /// Pages and manifests that have the names and facts of the template.
    fn say(&self) {
        let name = self.0.project().name().to_owned();
        append(&self.0, "docs/CI.md", &format!("\nThe folder is `{name}`.\n"));
        append(
            &self.0,
            "infra/apps/root/staging.yaml",
            &format!("# Of {name}.\n"),
        );
        let before = "\nGitHubRepository = ";
        self.0
            .edit(PARAMETERS, before, &format!("\n# New words.{before}"));
    }

    /// What belongs to parts that the copy is without: a file, and a line of others.
    fn change_parts(&self) {
        // wing: house-rules
        append(&self.0, "xtask/tests/house_rules/links.rs", "// The end.\n");
        // end of wing
        // wing: secrets
        let file = "xtask/src/lib.rs";
        self.0.edit(file, "mod hooks; ", "pub(crate) mod hooks; ");
        // end of wing
        append(&self.0, "docs/GLOSSARY.md", "\nThat is all.\n");
    }

    /// A module gets another name.
    fn rename(&self) {
        let [old, new] = renamed(&self.0);
        let [old_file, new_file] = [old, new].map(module);
        self.0.git(&["mv", &old_file, &new_file]);
        let names = gitkit::files(&self.0.path("")).expect("list the files");
        let others = names.iter().filter(|name| name.starts_with(GITKIT));
        for file in others.filter(|name| **name != new_file) {
            let text = self.0.read(file);
            let text = text.replace(&format!("{old}::"), &format!("{new}::"));
            let text = text.replace(&format!("mod {old};"), &format!("mod {new};"));
            self.0.write(file, &text);
        }
    }

    /// A file goes, one that the copy has deleted is changed, another comes to a folder that the
    /// copy has deleted, and a crate needs one more.
    fn replace(&self) {
        without_row(&self.0, GOES);
        append(&self.0, DELETED, "\nThis is still so.\n");
        self.0.write("findings/new.sh", "#!/bin/sh\n");
        let manifest = "tools/overlay/Cargo.toml";
        let (head, needs) = ("[dependencies]\n", "semver.workspace = true\n");
        if !self.0.read(manifest).contains(needs) {
            self.0.edit(manifest, head, &format!("{head}{needs}"));
        }
        locked(&self.0, &[]);
    }

    /// A new part that needs one which the copy is without, and keys that only this version knows.
    fn add_a_part(&self) {
        self.0.write("docs/LOOKS.md", "# How does it look?\n\nWell.\n");
        let name = new_part(&self.0);
        let [(file, key), (_, key_of_part)] = UNKNOWN;
        let part = format!(
            "\n[[wing]]\nname = \"{name}\"\nwhat = \"a page\"\nneeded_by = \"nobody\"\nneeds = [\"bench\"]\n\
            paths = [\"docs/LOOKS.md\"]\n{key_of_part}"
        );
        append(&self.0, WINGS, &part);
        let before = "application = ";
        self.0
            .edit(file, &format!("\n{before}"), &format!("\n{key}{before}"));
        self.0.write("docs/MORE.md", "# What else is new?\n\nNothing.\n");
    }
}

const GITKIT: &str = "tools/gitkit/src/";

/// Where a module of `gitkit` lies.
pub(crate) fn module(name: &str) -> String {
    format!("{GITKIT}{name}.rs")
}

/// What a module is called before a version renames it, and after. In a fork that has taken that
/// version over it is the other way round.
pub(crate) fn renamed(checkout: &Checkout) -> [&'static str; 2] {
    let mut names = ["error", "failure"];
    if !checkout.path(&module(names[0])).exists() {
        names.reverse();
    }
    names
}

/// What the part is called that a version adds to this table. Some of that name may be there from
/// versions that a fork has taken over.
pub(crate) fn new_part(checkout: &Checkout) -> String {
    let parts = checkout.read(WINGS).matches("[[wing]]").count();
    format!("looks-{parts}")
}

/// Takes the keys out that no program of this checkout really knows.
pub(crate) fn without_unknown_keys(copy: &Checkout) {
    for (file, key) in UNKNOWN {
        copy.edit(file, key, "");
    }
    copy.commit();
}

/// Files that the template removes, and that a copy does.
pub(crate) const GOES: &str = "docs/adr/0011-a-real-browser-over-webdriver.md";
pub(crate) const DELETED: &str = "docs/adr/0001-engine-with-its-own-storage.md";

/// Removes a decision, and its row among them.
pub(crate) fn without_row(checkout: &Checkout, decision: &str) {
    fs::remove_file(checkout.path(decision)).expect("remove it");
    let list = "docs/adr/README.md";
    // A fork may have deleted it.
    if !checkout.path(list).exists() {
        return;
    }
    let name = decision.rsplit('/').next().unwrap_or_default();
    let text = checkout.read(list);
    let lines = text.split_inclusive('\n').filter(|line| !line.contains(name));
    checkout.write(list, &lines.collect::<String>());
}

pub(crate) fn append(checkout: &Checkout, name: &str, text: &str) {
    checkout.write(name, &(checkout.read(name) + text));
}

/// Cargo makes the lock file, or has with `--locked` nothing to change in it.
pub(crate) fn locked(checkout: &Checkout, options: &[&str]) {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1"])
        .args(options)
        .current_dir(checkout.path(""))
        .output()
        .expect("start cargo");
    let said = String::from_utf8_lossy(&metadata.stderr);
    assert!(metadata.status.success(), "{said}");
}

pub(crate) fn with_version(checkout: &Checkout, version: &str) {
    let text = checkout.read(RECORD);
    let lines = text.lines().map(|line| match line.strip_prefix("version = ") {
        Some(_) => format!("version = \"{version}\"\n"),
        None => format!("{line}\n"),
    });
    checkout.write(RECORD, &lines.collect::<String>());
}

/// What Git says in a checkout.
pub(crate) fn read(checkout: &Checkout, args: &[&str]) -> String {
    let read = Git::at(&checkout.path("")).args(args).read();
    read.unwrap_or_else(|error| panic!("{error}"))
}

/// How `cargo xtask update` ends in a copy, and what it says.
pub(crate) fn update(copy: &Checkout, template: &Template, arguments: &[&str]) -> (i32, String) {
    let mut update = copy.program("update");
    update.arg("--from").arg(template.0.path("")).args(arguments);
    let output = update.output().expect("run it");
    let text = String::from_utf8([output.stdout, output.stderr].concat());
    let text = text.expect("it is text");
    assert!(!text.contains("panicked"), "{text}");
    (output.status.code().expect("it ends by itself"), text)
}
