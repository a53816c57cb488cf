//! The rows of docs/CHECKLIST.md, as `cargo xtask security` will write them of the lists that are
//! left.

use std::fmt::Write as _;

use super::claims::NOT_SHOWN;

pub(super) const FILE: &str = "docs/CHECKLIST.md";
const SUM: &str = "Proven: ";

/// How many rows are shown as a whole, in part and not at all.
#[derive(Default)]
struct Counts {
    whole: usize,
    part: usize,
    none: usize,
}

/// `text` without the links of which `is_dead` says that they lead nowhere, and with the new sums.
pub(super) fn pruned(text: &str, is_dead: impl Fn(&str) -> bool) -> String {
    let mut counts = Counts::default();
    let mut left = String::with_capacity(text.len());
    for line in text.lines() {
        let is_sum = line.starts_with(SUM);
        if is_sum {
            let Counts { whole, part, none } = std::mem::take(&mut counts);
            let _ = write!(left, "{SUM}{whole}; partly: {part}; not: {none}.");
        } else {
            left += &row(line, &is_dead, &mut counts).unwrap_or_else(|| line.to_owned());
        }
        left.push('\n');
    }
    left
}

/// A numbered row with the links that lead somewhere.
fn row(line: &str, is_dead: &impl Fn(&str) -> bool, counts: &mut Counts) -> Option<String> {
    let mut cells = line.strip_prefix("| ")?.strip_suffix(" |")?.splitn(4, " | ");
    let (number, holds) = (cells.next()?, cells.next()?);
    let (shown, missing) = (cells.next()?, cells.next()?);
    number.parse::<u8>().ok()?;
    let target = |link: &str| {
        link.rsplit_once("](")
            .map(|(_, rest)| rest.trim_end_matches(')').to_owned())
    };
    let shown: Vec<&str> = shown
        .split("<br>")
        .filter(|link| target(link).is_some_and(|target| !is_dead(&target)))
        .collect();
    let missing = if shown.is_empty() && missing.is_empty() {
        NOT_SHOWN
    } else {
        missing
    };
    match (missing.is_empty(), shown.is_empty()) {
        (true, _) => counts.whole += 1,
        (false, false) => counts.part += 1,
        (false, true) => counts.none += 1,
    }
    Some(format!(
        "| {number} | {holds} | {} | {missing} |",
        shown.join("<br>")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_what_is_left_and_are_counted_anew() {
        let text = "| | what |\n|---|---|\n| 1 | A | [`a`](../a.rs)<br>[b](../tools/b.rs) |  |\n| 2 | B | [b](../tools/b.rs) |  |\n\
            | 3 | C | [`a`](../a.rs)<br>[b](../tools/b.rs) | why |\n| 4 | D |  | why |\n\nProven: 2; partly: 1; not: 1.\n";
        let left = "| | what |\n|---|---|\n| 1 | A | [`a`](../a.rs) |  |\n| 2 | B |  | not tested in this copy |\n\
            | 3 | C | [`a`](../a.rs) | why |\n| 4 | D |  | why |\n\nProven: 1; partly: 1; not: 2.\n";
        assert_eq!(pruned(text, |target| target.contains("tools/")), left);
    }
}
