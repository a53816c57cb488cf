//! The files that an environment has to itself, copied from those of the environment before it with
//! the name exchanged: nothing but names and digests differs at first.

use anyhow::{Result, ensure};

use super::Names;
use crate::digests::{DIGEST, is_digest};
use crate::worktree::{HEAD, Worktree};

/// What an overlay says before the first release.
const NONE: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// Where they lie.
const FOLDER: &str = "infra";

/// Path and text of each that `environment` has, as the last commit has them.
pub(super) fn originals(worktree: &Worktree, environment: &str) -> Result<Vec<(String, String)>> {
    let mut files = worktree.below(HEAD, FOLDER)?;
    files.retain(|path| is_of(path, environment));
    ensure!(
        !files.is_empty(),
        "{FOLDER}/ has no overlay of {environment}; run this where the manifests are"
    );
    worktree.all_at(HEAD, files)
}

/// What the new one has in the place of these.
pub(super) fn of(originals: Vec<(String, String)>, names: Names<'_>) -> Vec<(String, String)> {
    let copied = |(path, original): (String, String)| {
        let path = place(&path, names.after, names.name);
        (path, text(&original, names))
    };
    originals.into_iter().map(copied).collect()
}

/// What the new one's file says where the file of the environment before it says `text`.
pub(super) fn text(text: &str, names: Names<'_>) -> String {
    cleared(&exchanged(text, names.after, names.name))
}

/// Where the file of another environment lies for which there is this one.
pub(super) fn place(path: &str, from: &str, to: &str) -> String {
    let part = |part: &str| match part.split_once('.') {
        Some((stem, rest)) if stem == from => format!("{to}.{rest}"),
        None if part == from => to.to_owned(),
        _ => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Whether a file below `infra/` belongs to one environment: it, or a folder above it, has the
/// environment's name.
pub(super) fn is_of(path: &str, environment: &str) -> bool {
    path.starts_with(&format!("{FOLDER}/")) && place(path, environment, "") != path
}

/// Whether the text has the word.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    words(text, word).next().is_some()
}

/// Every `old` that is a word, as in `messages-old`, is `new`.
fn exchanged(text: &str, old: &str, new: &str) -> String {
    let (mut result, mut from) = (String::with_capacity(text.len()), 0);
    for at in words(text, old) {
        result.push_str(&text[from..at]);
        result.push_str(new);
        from = at + old.len();
    }
    result + &text[from..]
}

/// Where the word stands: no letter or digit before and behind it.
fn words<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
    let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(word).map(|(at, _)| at).filter(move |at| {
        ends(text[..*at].chars().next_back()) && ends(text[at + word.len()..].chars().next())
    })
}

/// The text as it was before anything was released.
pub(super) fn cleared(text: &str) -> String {
    let line = |line: &str| match line.find(DIGEST) {
        Some(indent) if is_digest(line) => format!("{}{DIGEST} {NONE}\n", &line[..indent]),
        _ => line.to_owned(),
    };
    text.split_inclusive('\n').map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digests::same;

    /// As tools write it that sort the keys, and as the release verbs read it too.
    #[test]
    fn a_digest_may_be_the_first_key_of_an_entry() {
        let released = "images:\n  - digest: sha256:11 # commit 22\n    name: bot\n";
        let none = cleared(released);
        assert_eq!(none, format!("images:\n  - digest: {NONE}\n    name: bot\n"));
        assert!(same(released, &none) && !same(released, &none.replace("bot", "cat")));
    }
}
