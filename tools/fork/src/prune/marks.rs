//! What belongs to a wing in a file that belongs to others too.
//!
//! ```text
//! # wing: bench
//! …
//! # end of wing
//! ```
//!
//! or one line that ends with such a mark. The comment may be any of `#`, `//` and `<!-- -->`. A
//! mark may name several wings: what it marks goes with the first of them.

const BEGIN: &str = "wing: ";
const END: &str = "end of wing";
const COMMENTS: &[&str] = &["#", "//", "<!--"];

/// A line, by what it is for this reader.
#[derive(Debug, PartialEq, Eq)]
enum Line<'t> {
    /// Nothing but a mark, with the wings that it names.
    Begin(Vec<&'t str>),
    /// Nothing but the end of what was marked.
    End,
    /// Something, with a mark.
    Marked(Vec<&'t str>),
    /// Nothing to do with wings.
    Plain,
}

/// `text` without what belongs to one of the wings `gone`, or why that cannot be told.
pub(super) fn without(text: &str, gone: &[&str]) -> Result<String, String> {
    let is_gone = |wings: &[&str]| wings.iter().any(|wing| gone.contains(wing));
    let mut kept = String::with_capacity(text.len());
    // The line where the present block began, and whether it goes.
    let mut block: Option<(usize, bool)> = None;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let (was, drops) = (block, block.is_some_and(|(_, drops)| drops));
        let keeps = match (read(line), was) {
            (Line::Begin(_), Some((begun, _))) => {
                return Err(format!(
                    "line {} begins a block inside that of line {}",
                    number + 1,
                    begun + 1
                ));
            }
            (Line::Begin(wings), None) => {
                block = Some((number, is_gone(&wings)));
                !is_gone(&wings)
            }
            (Line::End, None) => return Err(format!("line {} ends no block", number + 1)),
            (Line::End, Some(_)) => {
                block = None;
                !drops
            }
            (Line::Marked(wings), _) => !drops && !is_gone(&wings),
            (Line::Plain, _) => !drops,
        };
        if keeps {
            kept.push_str(line);
        }
    }
    match block {
        Some((begun, _)) => Err(format!("the block that begins in line {} has no end", begun + 1)),
        None => Ok(kept),
    }
}

fn read(line: &str) -> Line<'_> {
    let line = line.trim();
    let line = line.strip_suffix("-->").map_or(line, str::trim_end);
    for comment in COMMENTS {
        let Some(at) = line.rfind(comment) else { continue };
        let (before, said) = (&line[..at], line[at + comment.len()..].trim());
        if said == END && before.is_empty() {
            return Line::End;
        }
        let Some(names) = said.strip_prefix(BEGIN) else {
            continue;
        };
        let wings: Vec<_> = names.split(',').map(str::trim).collect();
        if wings.iter().any(|wing| wing.is_empty() || wing.contains(' ')) {
            continue;
        }
        return if before.is_empty() {
            Line::Begin(wings)
        } else {
            Line::Marked(wings)
        };
    }
    Line::Plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_and_a_marked_line_go_with_their_wing_and_stay_without_it() {
        let text =
            "a\n  # wing: one\n  b\n  # end of wing\nmod c; // wing: two, one\n| d | <!-- wing: two -->\ne\n";
        assert_eq!(
            without(text, &["one"]).unwrap(),
            "a\n| d | <!-- wing: two -->\ne\n"
        );
        assert_eq!(
            without(text, &["two"]).unwrap(),
            "a\n  # wing: one\n  b\n  # end of wing\ne\n"
        );
        assert_eq!(without(text, &["other"]).unwrap(), text);
    }

    #[test]
    fn a_broken_block_is_named_by_its_line() {
        for (text, says) in [
            ("# wing: a\nb\n", "line 1 has no end"),
            ("b\n// end of wing\n", "line 2 ends no block"),
            (
                "# wing: a\n# wing: b\n# end of wing\n",
                "line 2 begins a block inside",
            ),
        ] {
            let error = without(text, &["z"]).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn prose_about_wings_is_no_mark() {
        let text = "//! A wing: some folder of the house.\nlet a = \"wing: b\";\n# The wing: c d\n";
        assert_eq!(without(text, &["some", "b", "c"]).unwrap(), text);
    }
}
