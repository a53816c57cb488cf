//! The part of `Cargo.lock` that an image is made of: what its packages reach, and no other
//! package.
//!
//! All packages of the workspace share the file. Whole, it would make a new image of every app for
//! a new app, and for a new version of something that only a tool uses. It is Cargo's own answer to
//! which package is compiled with which, and it is in every commit: no program has to be asked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Deserialize;

use super::manifest;

/// The whole file.
#[derive(Debug, Deserialize)]
pub(crate) struct Lock {
    package: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: String,
    checksum: Option<String>,
    source: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

/// What some packages are compiled with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reached<'p> {
    /// Names, versions and checksums, in a fixed order.
    pub(crate) text: String,
    /// Those of this repository, among them the packages themselves.
    pub(crate) own: Vec<&'p manifest::Package>,
}

/// What `roots` reach, without what only tests need. Nothing where the file lacks one of them, or
/// one of this repository has no manifest of its name alone.
pub(crate) fn reached<'p>(
    lock: &Lock,
    packages: &'p [manifest::Package],
    roots: &[&str],
) -> Option<Reached<'p>> {
    let mut named = BTreeMap::<_, Vec<_>>::new();
    for package in &lock.package {
        named.entry(package.name.as_str()).or_default().push(package);
    }
    let mut next: Vec<&str> = roots.to_vec();
    let (mut seen, mut lines, mut own) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    while let Some(wanted) = next.pop() {
        if !seen.insert(wanted) {
            continue;
        }
        // A dependency that has several versions says which one, and if need be from where.
        let (name, version) = wanted.split_once(' ').unwrap_or((wanted, ""));
        let version = first_word(version);
        let is_meant = |package: &&&Package| version.is_empty() || package.version == version;
        let mut found = named.get(name)?.iter().filter(is_meant).peekable();
        found.peek()?;
        for package in found {
            lines.insert(package.line());
            let needed = package.dependencies.iter().map(String::as_str);
            if package.source.is_some() {
                next.extend(needed);
                continue;
            }
            let manifest = only(packages, name)?;
            next.extend(needed.filter(|needed| manifest.built_with.contains(first_word(needed))));
            own.push(manifest);
        }
    }
    own.sort_by(|one, other| one.folder.cmp(&other.folder));
    Some(Reached {
        text: lines.into_iter().collect(),
        own,
    })
}

/// The one package of this name.
fn only<'p>(packages: &'p [manifest::Package], name: &str) -> Option<&'p manifest::Package> {
    let mut found = packages.iter().filter(|package| package.name == name);
    found.next().filter(|_| found.next().is_none())
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

impl Lock {
    /// Reads the file; nothing if it has another form.
    pub(crate) fn read(text: &str) -> Option<Self> {
        toml::from_str(text).ok()
    }
}

impl Package {
    fn line(&self) -> String {
        let mut line = format!("{} {}", self.name, self.version);
        for part in [&self.source, &self.checksum].into_iter().flatten() {
            // Writing to a string cannot fail.
            let _ = write!(line, " {part}");
        }
        line + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
version = 4
[[package]]
name = "first-app"
version = "0.1.0"
dependencies = ["old 1.0.0", "shared", "testkit"]
[[package]]
name = "second-app"
version = "0.1.0"
dependencies = ["old 2.0.0"]
[[package]]
name = "old"
version = "1.0.0"
source = "registry"
checksum = "one"
[[package]]
name = "old"
version = "2.0.0"
source = "registry"
checksum = "two"
[[package]]
name = "shared"
version = "3.0.0"
source = "registry"
dependencies = ["shared-too"]
[[package]]
name = "shared-too"
version = "4.0.0"
source = "registry"
[[package]]
name = "testkit"
version = "0.1.0"
"#;

    fn packages() -> Vec<manifest::Package> {
        let of = |name: &str, needed: &[&str]| manifest::Package {
            name: name.to_owned(),
            folder: name.to_owned(),
            built_with: needed.iter().map(|&name| name.to_owned()).collect(),
            inputs: Vec::new(),
        };
        vec![
            of("first-app", &["old", "shared"]),
            of("second-app", &["old"]),
            of("testkit", &[]),
        ]
    }

    fn text(lock: &str, roots: &[&str]) -> Option<String> {
        Some(reached(&Lock::read(lock)?, &packages(), roots)?.text)
    }

    #[test]
    fn what_an_app_reaches_counts_in_the_version_that_it_uses() {
        assert_eq!(
            text(LOCK, &["first-app"]).unwrap(),
            "first-app 0.1.0\nold 1.0.0 registry one\nshared 3.0.0 registry\nshared-too 4.0.0 registry\n"
        );
        assert_eq!(
            text(LOCK, &["second-app"]).unwrap(),
            "old 2.0.0 registry two\nsecond-app 0.1.0\n"
        );
    }

    #[test]
    fn of_this_repository_it_reaches_what_is_compiled_and_not_what_tests_need() {
        let (lock, packages) = (Lock::read(LOCK).unwrap(), packages());
        let own = |root| {
            let own = reached(&lock, &packages, &[root]).unwrap().own.into_iter();
            own.map(|package| package.name.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(own("first-app"), ["first-app"]);
        assert_eq!(own("testkit"), ["testkit"]);
    }

    #[test]
    fn a_change_shows_to_those_it_reaches_alone() {
        let newer = LOCK.replace("checksum = \"two\"", "checksum = \"three\"");
        assert_ne!(text(&newer, &["second-app"]), text(LOCK, &["second-app"]));
        assert_eq!(text(&newer, &["first-app"]), text(LOCK, &["first-app"]));
        assert_ne!(
            text(&newer, &["first-app", "second-app"]),
            text(LOCK, &["first-app", "second-app"])
        );
    }

    #[test]
    fn of_a_file_that_is_not_understood_all_counts() {
        assert_eq!(text("no lock", &["second-app"]), None);
        assert_eq!(text(LOCK, &["unknown"]), None);
        let other = LOCK.replace("version = \"2.0.0\"", "version = \"2.0.1\"");
        assert_eq!(text(&other, &["second-app"]), None);
        let lost = LOCK.replace("name = \"shared-too\"", "name = \"other\"");
        assert_eq!(text(&lost, &["first-app"]), None);
        // Two manifests of one name: which one is meant is not told.
        let twice = [packages(), packages()].concat();
        assert_eq!(reached(&Lock::read(LOCK).unwrap(), &twice, &["second-app"]), None);
    }
}
