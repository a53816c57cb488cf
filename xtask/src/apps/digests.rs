//! The lines of overlays that CI writes, which say what was released and nothing else.

/// How such a line begins.
const DIGEST: &str = "digest:";
/// What it says before the first release.
const NONE: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// Also as the first key of an entry.
fn is_digest(line: &str) -> bool {
    let line = line.trim_start();
    let key = line.strip_prefix("- ").unwrap_or(line);
    key.trim_start().starts_with(DIGEST)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// As tools write it that sort the keys, and as the release verbs read it too.
    #[test]
    fn a_digest_may_be_the_first_key_of_an_entry() {
        let released = "images:\n  - digest: sha256:11 # commit 22\n    name: bot\n";
        let none = cleared(released);
        assert_eq!(none, format!("images:\n  - digest: {NONE}\n    name: bot\n"));
        assert!(same(released, &none) && !same(released, &none.replace("bot", "cat")));
    }
}
