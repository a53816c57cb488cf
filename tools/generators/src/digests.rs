//! The lines of overlays that CI writes, which say what was released and nothing else.

/// How such a line begins.
pub(crate) const DIGEST: &str = "digest:";
/// Whether it is one, also as the first key of an entry.
pub(crate) fn is_digest(line: &str) -> bool {
    let line = line.trim_start();
    let key = line.strip_prefix("- ").unwrap_or(line);
    key.trim_start().starts_with(DIGEST)
}

/// Whether the texts are the same but for these lines.
pub(crate) fn same(one: &str, other: &str) -> bool {
    let lines = |text| str::lines(text).map(|line| if is_digest(line) { DIGEST } else { line });
    lines(one).eq(lines(other))
}
