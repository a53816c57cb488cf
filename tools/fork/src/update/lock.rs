//! `Cargo.lock` of three, package by package: its lines are cargo's, and those of two new packages
//! may stand where Git sees a conflict.

use std::collections::{BTreeMap, BTreeSet};

pub(super) const FILE: &str = "Cargo.lock";
const PACKAGE: &str = "[[package]]\n";

/// The versions of each package, as the file has them.
type Packages<'t> = BTreeMap<&'t str, BTreeSet<&'t str>>;

/// What `own` and `new` have changed since `base`. Where both have, `new` counts: cargo finds what
/// is missing then, and takes out what nobody needs.
pub(super) fn merged(base: &str, own: &str, new: &str) -> String {
    let (head, new) = packages(new);
    let ((_, base), (_, own)) = (packages(base), packages(own));
    let names: BTreeSet<_> = new.keys().chain(own.keys()).collect();
    let mut text = format!("{}\n", head.trim_end());
    for name in names {
        let chosen = if new.get(name) == base.get(name) {
            own.get(name)
        } else {
            new.get(name).or_else(|| own.get(name))
        };
        for package in chosen.into_iter().flatten() {
            text.push('\n');
            text.push_str(PACKAGE);
            text.push_str(package.trim_end());
            text.push('\n');
        }
    }
    text
}

/// What stands before the first package, and all of them by their names.
fn packages(text: &str) -> (&str, Packages<'_>) {
    let mut parts = text.split(PACKAGE);
    let head = parts.next().unwrap_or_default();
    let mut packages = Packages::new();
    for package in parts {
        let name = package.lines().find_map(|line| line.strip_prefix("name = "));
        packages
            .entry(name.unwrap_or_default())
            .or_default()
            .insert(package.trim_end());
    }
    (head, packages)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(packages: &[(&str, &str)]) -> String {
        let entries = packages
            .iter()
            .map(|(name, version)| format!("\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n"));
        format!("# Made by cargo.\nversion = 4\n{}", entries.collect::<String>())
    }

    #[test]
    fn each_package_is_of_whoever_has_changed_it() {
        let base = lock(&[("a", "1.0.0"), ("b", "1.0.0"), ("c", "1.0.0"), ("d", "1.0.0")]);
        // Without `c`, with a newer `b` and an `e` of its own.
        let own = lock(&[("a", "1.0.0"), ("b", "1.1.0"), ("d", "1.2.0"), ("e", "1.0.0")]);
        let new = lock(&[
            ("a", "2.0.0"),
            ("b", "1.0.0"),
            ("c", "1.0.0"),
            ("d", "1.3.0"),
            ("f", "1.0.0"),
        ]);
        let wanted = lock(&[
            ("a", "2.0.0"),
            ("b", "1.1.0"),
            ("d", "1.3.0"),
            ("e", "1.0.0"),
            ("f", "1.0.0"),
        ]);
        assert_eq!(merged(&base, &own, &new), wanted);
    }

    #[test]
    fn what_nobody_has_changed_stays_as_it_is() {
        let lock = lock(&[("a", "1.0.0"), ("a", "2.0.0"), ("b", "1.0.0")]);
        assert_eq!(merged(&lock, &lock, &lock), lock);
    }
}
