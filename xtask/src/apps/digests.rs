//! The lines of overlays that CI writes, which say what was released and nothing else.

/// How such a line begins.
const DIGEST: &str = "digest:";
/// What it says before the first release.
const NONE: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

fn is_digest(line: &str) -> bool {
    line.trim_start().starts_with(DIGEST)
}

/// Whether the texts are the same but for these lines.
pub(crate) fn same(one: &str, other: &str) -> bool {
    let lines = |text| str::lines(text).map(|line| if is_digest(line) { DIGEST } else { line });
    lines(one).eq(lines(other))
}

/// The text as it was before anything was released.
pub(crate) fn cleared(text: &str) -> String {
    let line = |line: &str| match line.find(DIGEST) {
        Some(indent) if is_digest(line) => format!("{}{DIGEST} {NONE}\n", &line[..indent]),
        _ => line.to_owned(),
    };
    text.split_inclusive('\n').map(line).collect()
}
