//! The part of `Cargo.lock` that an image is made of: what its packages reach, and no other
//! package.
//!
//! All packages of the workspace share the file. Whole, it would make a new image of every app for
//! a new app, and for a new version of something that only a tool uses.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Lock {
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

/// Names, versions and checksums of what `roots` reach, their tests included, in a fixed order.
/// Nothing where the file cannot be read so, or lacks one of them: then all of it counts.
pub(crate) fn reached(lock: &str, roots: &[&str]) -> Option<String> {
    let lock: Lock = toml::from_str(lock).ok()?;
    let mut named = BTreeMap::<_, Vec<_>>::new();
    for package in &lock.package {
        named.entry(package.name.as_str()).or_default().push(package);
    }
    let mut next: Vec<&str> = roots.to_vec();
    let (mut seen, mut lines) = (BTreeSet::new(), BTreeSet::new());
    while let Some(wanted) = next.pop() {
        if !seen.insert(wanted) {
            continue;
        }
        // A dependency that has several versions says which one, and if need be from where.
        let (name, version) = wanted.split_once(' ').unwrap_or((wanted, ""));
        let version = version.split(' ').next().unwrap_or_default();
        let is_meant = |package: &&&Package| version.is_empty() || package.version == version;
        let mut found = named.get(name)?.iter().filter(is_meant).peekable();
        found.peek()?;
        for package in found {
            lines.insert(package.line());
            next.extend(package.dependencies.iter().map(String::as_str));
        }
    }
    Some(lines.into_iter().collect())
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
name = "backend"
version = "0.1.0"
dependencies = ["old 1.0.0", "shared"]
[[package]]
name = "bot"
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
dependencies = ["shared-too"]
[[package]]
name = "shared-too"
version = "4.0.0"
"#;

    #[test]
    fn what_an_app_reaches_counts_in_the_version_that_it_uses() {
        assert_eq!(
            reached(LOCK, &["backend"]).unwrap(),
            "backend 0.1.0\nold 1.0.0 registry one\nshared 3.0.0\nshared-too 4.0.0\n"
        );
        assert_eq!(
            reached(LOCK, &["bot"]).unwrap(),
            "bot 0.1.0\nold 2.0.0 registry two\n"
        );
    }

    #[test]
    fn a_change_shows_to_those_it_reaches_alone() {
        let newer = LOCK.replace("checksum = \"two\"", "checksum = \"three\"");
        assert_ne!(reached(&newer, &["bot"]), reached(LOCK, &["bot"]));
        assert_eq!(reached(&newer, &["backend"]), reached(LOCK, &["backend"]));
        assert_ne!(
            reached(&newer, &["backend", "bot"]),
            reached(LOCK, &["backend", "bot"])
        );
    }

    #[test]
    fn of_a_file_that_is_not_understood_all_counts() {
        assert_eq!(reached("no lock", &["bot"]), None);
        assert_eq!(reached(LOCK, &["unknown"]), None);
        let other = LOCK.replace("version = \"2.0.0\"", "version = \"2.0.1\"");
        assert_eq!(reached(&other, &["bot"]), None);
        let lost = LOCK.replace("name = \"shared-too\"", "name = \"other\"");
        assert_eq!(reached(&lost, &["backend"]), None);
    }

    #[test]
    fn every_app_of_this_checkout_is_in_its_lock_file() {
        let project = crate::environment::real();
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let lock = std::fs::read_to_string(root.join("Cargo.lock")).unwrap();
        for app in project.apps() {
            assert!(reached(&lock, &[app.package()]).is_some(), "{app}");
        }
    }
}
