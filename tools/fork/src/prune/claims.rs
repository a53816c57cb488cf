//! The lists behind docs/SECURITY.md and docs/CHECKLIST.md without what is shown by a file that is
//! gone.
//!
//! They are strict about what they name, so a row goes now, once, and none is forgiven later.

use std::collections::BTreeSet;
use std::path::Path;

use crate::tree::{File, Paths};

const CLAIMS: &str = "xtask/src/security/claims.rs";
const POINTS: &str = "xtask/src/security/points.rs";
/// What is said of a point that nothing shows any more.
pub(super) const NOT_SHOWN: &str = "not tested in this copy";

pub(super) fn prune(files: &mut Paths) {
    if let Some(text) = super::text(files, CLAIMS) {
        let rest = claims(text, |path| files.contains_key(Path::new(path)));
        super::put(files, CLAIMS, rest);
    }
    if let Some(text) = super::text(files, POINTS) {
        let sources: Vec<&str> = sources(files).collect();
        let shown = |sign: &str| sources.iter().any(|source| source.contains(sign));
        let rest = points(text, shown);
        super::put(files, POINTS, rest);
    }
}

/// The texts of Rust but for the lists themselves.
fn sources(files: &Paths) -> impl Iterator<Item = &str> {
    let of_rust = files.iter().filter(|(path, _)| {
        path.extension().is_some_and(|ending| ending == "rs") && path.as_path() != Path::new(POINTS)
    });
    of_rust.filter_map(|(_, file)| File::text(file))
}

/// The constants that name a file that is gone go, and the rows that end with one.
fn claims(text: &str, is_there: impl Fn(&str) -> bool) -> String {
    let constant = |line: &'_ str| -> Option<(String, String)> {
        let (name, path) = line.strip_prefix("const ")?.split_once(": &str = \"")?;
        let path = path.trim_end().strip_suffix("\";")?;
        Some((name.to_owned(), path.to_owned()))
    };
    let gone: BTreeSet<String> = text
        .lines()
        .filter_map(constant)
        .filter(|(_, path)| path.contains('/') && !is_there(path))
        .map(|(name, _)| name)
        .collect();
    let keeps = |line: &&str| {
        let last = line
            .trim_end()
            .strip_suffix("),")
            .and_then(|row| row.rsplit(", ").next());
        let named = constant(line).map(|(name, _)| name);
        !named
            .iter()
            .map(String::as_str)
            .chain(last)
            .any(|name| gone.contains(name))
    };
    text.split_inclusive('\n').filter(keeps).collect()
}

/// A test or scenario that no file has any more goes from its row.
fn points(text: &str, shown: impl Fn(&str) -> bool) -> String {
    text.split_inclusive('\n')
        .map(|line| point(line, &shown).unwrap_or_else(|| line.to_owned()))
        .collect()
}

/// A row with what is left to show it; none if this line is no row.
fn point(line: &str, shown: &impl Fn(&str) -> bool) -> Option<String> {
    line.trim_start().strip_prefix("point(")?;
    let (before, rest) = line.split_once("&[")?;
    let (list, missing) = rest.split_once("], ")?;
    let is_there = |item: &&str| {
        let name = item.split('"').nth(1).unwrap_or_default();
        let sign = if item.starts_with("scenario(") {
            format!("Step::new(\"{name}\"")
        } else {
            format!("fn {name}(")
        };
        shown(&sign)
    };
    let left: Vec<&str> = list
        .split_inclusive(')')
        .map(|item| item.trim_start_matches(", "))
        .filter(is_there)
        .collect();
    let missing = if left.is_empty() && missing.starts_with("\"\")") {
        missing.replacen("\"\"", &format!("\"{NOT_SHOWN}\""), 1)
    } else {
        missing.to_owned()
    };
    Some(format!("{before}&[{}], {missing}", left.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_goes_with_the_file_that_shows_it() {
        let text = "const KEPT: &str = \"a/b.rs\";\nconst GONE: &str = \"tools/c.rs\";\n    claim(\"x\", \"y\", KEPT),\n    \
            claim(\"x, GONE\", \"y\", GONE),\n";
        assert_eq!(
            claims(text, |path| path == "a/b.rs"),
            "const KEPT: &str = \"a/b.rs\";\n    claim(\"x\", \"y\", KEPT),\n"
        );
    }

    #[test]
    fn a_point_keeps_what_still_shows_it() {
        let text = "    point(1, \"A [b]\", &[test(\"one\"), scenario(\"two\"), test(\"three\")], \"\"),\n    \
            point(2, \"B\", &[scenario(\"two\")], \"\"),\n    point(3, \"C\", &[test(\"three\")], \"a reason\"),\n    \
            point(4, \"D\", &[], \"a reason\"),\n";
        let left = points(text, |sign| sign == "fn one(");
        assert_eq!(
            left,
            "    point(1, \"A [b]\", &[test(\"one\")], \"\"),\n    point(2, \"B\", &[], \"not tested in this copy\"),\n    \
             point(3, \"C\", &[], \"a reason\"),\n    point(4, \"D\", &[], \"a reason\"),\n"
        );
    }
}
