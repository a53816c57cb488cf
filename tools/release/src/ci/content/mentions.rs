//! The files that a source names: what the compiler reads for it besides itself.
//!
//! Only paths that stand there as text are found. The build of an image compares what it takes for
//! content with all that the compiler did read, so a path that is put together is refused there,
//! and not overlooked.

use super::tree::{folder_of, resolved};

/// What stands before a path that is taken from the source's own folder.
const FROM_SOURCE: &[&str] = &["include_str!", "include_bytes!", "include!", "#[path"];
/// What a build script prints before a path, which is taken from its package's folder.
const FROM_PACKAGE: &[&str] = &["cargo:rerun-if-changed=", "cargo::rerun-if-changed="];

/// The paths, from the top of the repository, that `text` names; it is the source at `path`, of the
/// package in `package`.
pub(crate) fn of(text: &str, path: &str, package: &str) -> Vec<String> {
    let mut found = Vec::new();
    for after in FROM_SOURCE.iter().flat_map(|word| behind(text, word)) {
        let after =
            after.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '(' | '=' | '[' | '{'));
        found.extend(match manifest_folder(after) {
            Some(after) => literal(after).and_then(|named| resolved(package, named.trim_start_matches('/'))),
            None => literal(after).and_then(|named| resolved(folder_of(path), named)),
        });
    }
    for after in FROM_PACKAGE.iter().flat_map(|word| behind(text, word)) {
        let named = after.split(['"', '\\', '\n']).next();
        found.extend(named.and_then(|named| resolved(package, named.trim())));
    }
    found
}

/// What follows each `word` in `text`.
fn behind<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = &'t str> {
    text.match_indices(word)
        .map(move |(at, _)| &text[at + word.len()..])
}

/// What follows `concat!(env!("CARGO_MANIFEST_DIR"),` at the beginning of `text`.
fn manifest_folder(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("concat!")?.trim_start_matches(['(', '[', '{']);
    let rest = rest.trim_start().strip_prefix("env!(\"CARGO_MANIFEST_DIR\")")?;
    Some(rest.trim_start().strip_prefix(',')?.trim_start())
}

/// The string at the beginning of `text`. One with an escape names no path that anybody writes.
fn literal(text: &str) -> Option<&str> {
    let raw = text.trim_start_matches('r').trim_start_matches('#');
    let (named, _) = raw.strip_prefix('"')?.split_once('"')?;
    (!named.contains('\\')).then_some(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_name_a_file_is_found() {
        let cases = [
            (
                r#"const A: &str = include_str!("../../../shared/a.json");"#,
                "shared/a.json",
            ),
            (r##"include_bytes!(r#"logo.svg"#)"##, "apps/bot/src/logo.svg"),
            ("include!(\n    \"generated.rs\"\n)", "apps/bot/src/generated.rs"),
            (
                r#"#[path = "../other/mod.rs"] mod other;"#,
                "apps/bot/other/mod.rs",
            ),
            (r#"#![doc = include_str!("../README.md")]"#, "apps/bot/README.md"),
            (
                r#"include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../words.txt"))"#,
                "apps/words.txt",
            ),
            (r#"println!("cargo:rerun-if-changed=../proto");"#, "apps/proto"),
            (
                r#"println!("cargo::rerun-if-changed=proto\n");"#,
                "apps/bot/proto",
            ),
        ];
        for (text, path) in cases {
            assert_eq!(of(text, "apps/bot/src/main.rs", "apps/bot"), [path], "{text}");
        }
    }

    #[test]
    fn what_is_no_path_is_left_to_the_build_to_refuse() {
        for text in [
            "include_str!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"))",
            "include!(PATH)",
            "include_str!(\"../../../../outside\")",
            "// include_str!",
        ] {
            assert!(of(text, "apps/bot/src/main.rs", "apps/bot").is_empty(), "{text}");
        }
    }
}
