//! Comments are wrapped, so that they can be read beside a diff.

use crate::{files_of, none};

/// Columns that a line of comment may have, its indentation included.
const MAX_WIDTH: usize = 100;

/// Lines of comment that are too wide. A row of a table and a single word, as an address, cannot be
/// wrapped.
fn too_wide(name: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let (start, width) = (line.trim_start(), line.chars().count());
        let words = start.trim_start_matches(['/', '!']).trim();
        let can_be_wrapped = words.contains(' ') && !words.starts_with('|');
        if start.starts_with("//") && can_be_wrapped && width > MAX_WIDTH {
            found.push(format!(
                "{name}:{}: {width} columns, {MAX_WIDTH} are allowed",
                number + 1
            ));
        }
    }
    found
}

#[test]
fn comments_are_wrapped() {
    let wide: Vec<_> = files_of("rs")
        .flat_map(|(name, text)| too_wide(&name, &text))
        .collect();
    none(&wide);
}

#[test]
fn a_comment_that_is_too_wide_is_found() {
    let words = "word ".repeat(20);
    for line in [
        format!("// {words}"),
        format!("    /// {words}"),
        format!("//! - {words}"),
    ] {
        assert_eq!(too_wide("a.rs", &line).len(), 1, "{line}");
    }
    let address = "a".repeat(120);
    for line in [
        format!("//! | {words} |"),
        format!("/// <https://{address}>"),
        format!("let words = \"{words}\";"),
        format!("// {}", &words[..96]),
    ] {
        assert_eq!(too_wide("a.rs", &line), Vec::<String>::new());
    }
}
