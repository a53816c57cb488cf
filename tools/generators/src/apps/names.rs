//! Which names an app may not have because something else has them. What makes a name well-formed
//! and short enough, the crate `project` knows.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use project::Project;

use super::{lists, template};

/// Words of Rust, and crates that are always there: no package can be called so.
const RUST: &[&str] = &[
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// Folders that cargo makes beside its programs, and the release verbs beside what they build.
const FOLDERS: &[&str] = &["again", "build", "deps", "examples", "incremental", "reports"];

/// An error if something is called `name`; `lock` is the lock file before the app was entered.
pub(super) fn check(root: &Path, project: &Project, name: &str, lock: &str) -> Result<()> {
    let taken = |what: &str| bail!("`{name}` is {what}; choose another name");
    if RUST.contains(&name) {
        return taken("a word of Rust or one of its own crates, and no package can be called so");
    }
    if FOLDERS.contains(&name) {
        return taken("a folder that cargo or CI makes where programs and images are built");
    }
    // Cargo builds both as a crate of the same name.
    if lists::packages(lock)
        .iter()
        .any(|package| package.replace('_', "-") == name)
    {
        return taken("a package of this workspace, or one that it is built from (Cargo.lock)");
    }
    if template::WORDS.iter().any(|word| name.contains(word)) {
        return taken("or has a word that stands for a name in the template");
    }
    if name == project.name() {
        return taken("what the repository is called, and a fork of another name would rename both");
    }
    if project
        .environments()
        .iter()
        .any(|environment| environment.name() == name)
    {
        return taken("an environment, and files of both would be called alike");
    }
    ensure!(
        !objects(root, project)?.contains(name),
        "`{name}` is the name of an object in infra/, which the app's own would replace; choose another name"
    );
    Ok(())
}

/// The names of what the Applications that are there bring into the namespace.
fn objects(root: &Path, project: &Project) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    let apps = project.apps().iter().map(project::App::name);
    for application in apps.chain(["platform"]) {
        let folder = root.join("infra").join(application).join("base");
        let files = fs::read_dir(&folder).with_context(|| {
            format!(
                "list {}, which every app of {} has; put it back, or take the entry out",
                folder.display(),
                project::FILE
            )
        })?;
        for file in files {
            let path = file.with_context(|| format!("list {}", folder.display()))?.path();
            if path.is_file() {
                let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
                names.extend(named(&text).map(str::to_owned));
            }
        }
    }
    Ok(names)
}

/// The `metadata.name` of each object in a file: the one name that is indented by two.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("  name: "))
        .map(str::trim)
}
