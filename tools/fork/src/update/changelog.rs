//! `CHANGELOG.md` of the template: a section for each version, newest first. A version whose
//! heading ends with `(stop)` may not be skipped.

use std::fmt::Write as _;

use semver::Version;

pub(super) const FILE: &str = "CHANGELOG.md";
const HEADING: &str = "## ";
const STOP: &str = "(stop)";

/// One version.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Section<'t> {
    pub(super) version: Version,
    pub(super) is_stop: bool,
    /// Without the empty lines around it.
    text: &'t str,
}

/// Those of versions after `from`, up to `to`, oldest first.
pub(super) fn between<'t>(text: &'t str, from: &Version, to: &Version) -> Vec<Section<'t>> {
    let parts = text.split("\n## ").skip(1);
    let sections = parts.filter_map(|part| {
        let (heading, text) = part.split_once('\n').unwrap_or((part, ""));
        let (version, rest) = heading.split_once(' ').unwrap_or((heading, ""));
        let version = Version::parse(version).ok()?;
        let is_stop = rest.trim_end().ends_with(STOP);
        let text = text.trim();
        Some(Section {
            version,
            is_stop,
            text,
        })
    });
    let mut sections: Vec<_> = sections
        .filter(|section| *from < section.version && section.version <= *to)
        .collect();
    sections.sort_by(|one, other| one.version.cmp(&other.version));
    sections
}

/// The first version of these, the last of which is meant, that may not be skipped.
pub(super) fn stop<'s>(sections: &'s [Section<'_>], to: &Version) -> Option<&'s Version> {
    let mut stops = sections.iter().filter(|section| section.is_stop);
    stops
        .find(|section| section.version != *to)
        .map(|section| &section.version)
}

/// For people.
pub(super) fn printed(sections: &[Section<'_>]) -> String {
    let mut said = String::new();
    for section in sections {
        // Writing to a string cannot fail.
        let _ = writeln!(said, "\n{HEADING}{}\n\n{}", section.version, section.text);
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Changes\n\nWords.\n\n## Not released\n\n- d\n\n## 1.10.0\n\n- c\n\n## 1.9.0 (stop)\n\n- b\n- bb\n\n## 1.0.0\n\n- a\n";

    fn versions(from: &str, to: &str) -> (String, Option<String>) {
        let version = |text| Version::parse(text).unwrap();
        let sections = between(TEXT, &version(from), &version(to));
        (
            printed(&sections),
            stop(&sections, &version(to)).map(ToString::to_string),
        )
    }

    #[test]
    fn the_versions_after_the_own_one_are_listed_oldest_first() {
        let (said, _) = versions("1.0.0", "1.10.0");
        assert_eq!(said, "\n## 1.9.0\n\n- b\n- bb\n\n## 1.10.0\n\n- c\n");
        assert_eq!(versions("1.10.0", "1.10.0").0, "");
    }

    /// Whoever makes a release writes both, and tags it.
    #[test]
    fn the_newest_version_is_that_of_the_record() {
        let root = taskkit::checkout::root().unwrap();
        let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
        let record = crate::update::record::Record::of_text(&read(crate::update::RECORD)).unwrap();
        let text = read(FILE);
        // A fork may have the changes of its own product there.
        if !text.starts_with("# Changes of the template") {
            return;
        }
        let newest = between(&text, &Version::new(0, 0, 0), &Version::new(u64::MAX, 0, 0)).pop();
        assert_eq!(newest.map(|section| section.version), Some(record.version));
    }

    #[test]
    fn a_version_that_says_so_cannot_be_skipped_but_be_come_to_and_left() {
        assert_eq!(versions("1.0.0", "1.10.0").1.as_deref(), Some("1.9.0"));
        assert_eq!(versions("1.0.0", "1.9.0").1, None);
        assert_eq!(versions("1.9.0", "1.10.0").1, None);
    }
}
