//! Reads and replaces the pin of one image in a kustomization, line by line: comments, order and quoting stay as people wrote them.
//!
//! Strict on purpose: a file of another shape is refused instead of guessed at.

use std::ops::Range;

use thiserror::Error;

#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum Error {
    #[error("has no entry under `images:` whose name ends in /{0}")]
    NoEntry(String),
    #[error("has {1} entries under `images:` whose name ends in /{0}; one is needed")]
    ManyEntries(String, usize),
    #[error("pins the image {0} by {1} `digest:` lines; one is needed (was a merge left unfinished?)")]
    Digests(String, usize),
}

/// What an overlay runs of one app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pin {
    pub(crate) digest: String,
    /// The commit whose release wrote this, in the comment behind the digest; none was released where there is none.
    pub(crate) commit: Option<String>,
    /// The later commit that was released once and taken back: it and what came before it are not proposed again.
    pub(crate) withdrawn: Option<String>,
}

/// Begins the comment behind a digest.
const COMMIT: &str = " # commit ";
/// Goes on with it after a rollback.
const WITHDRAWN: &str = ", withdrawn ";

/// What `text` pins `app` to.
pub(crate) fn pin(text: &str, app: &str) -> Result<Pin, Error> {
    let lines: Vec<&str> = text.lines().collect();
    let line = lines[digest_line(&lines, app)?];
    let value = value_span(line);
    let commit = |name: &str| {
        let is_one = name.len() == 40 && name.chars().all(|c| c.is_ascii_hexdigit());
        is_one.then(|| name.to_owned())
    };
    let comment = line.split_once(COMMIT).map(|(_, comment)| comment.trim());
    let (released, withdrawn) = match comment.map(|comment| comment.split_once(WITHDRAWN)) {
        Some(Some((released, withdrawn))) => (commit(released), commit(withdrawn)),
        _ => (comment.and_then(commit), None),
    };
    Ok(Pin {
        digest: line[value].to_owned(),
        commit: released,
        withdrawn,
    })
}

/// `text` with `app` pinned to `pin`. Only that line differs.
///
/// The commit changes with each release, the digest only with the app's content. So two releases always change the same line, and
/// Git refuses to merge the second of two that were made of one state.
pub(crate) fn with_pin(text: &str, app: &str, pin: &Pin) -> Result<String, Error> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let at = digest_line(&lines, app)?;
    let line = lines[at];
    let value = value_span(line);
    let quote = line[value.end..]
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\''));
    let mut changed: String = lines[..at].concat();
    changed.push_str(&line[..value.start]);
    changed.push_str(&pin.digest);
    changed.extend(quote);
    for (before, commit) in [(COMMIT, &pin.commit), (WITHDRAWN, &pin.withdrawn)] {
        if let Some(commit) = commit {
            changed.push_str(before);
            changed.push_str(commit);
        }
    }
    changed.push_str(&line[line.trim_end().len()..]);
    changed.extend(lines[at + 1..].iter().copied());
    Ok(changed)
}

/// Index of the one `digest:` line in the one `images:` entry of `app`.
fn digest_line(lines: &[&str], app: &str) -> Result<usize, Error> {
    let mine: Vec<_> = entries(lines)
        .into_iter()
        .filter(|entry| names(&lines[entry.clone()], app))
        .collect();
    let entry = match mine.as_slice() {
        [entry] => entry.clone(),
        [] => return Err(Error::NoEntry(app.to_owned())),
        many => return Err(Error::ManyEntries(app.to_owned(), many.len())),
    };
    let found: Vec<_> = entry.filter(|&at| key(lines[at]) == Some("digest")).collect();
    match found.as_slice() {
        [at] => Ok(*at),
        _ => Err(Error::Digests(app.to_owned(), found.len())),
    }
}

/// The list items under the top-level key `images`, as ranges of lines.
fn entries(lines: &[&str]) -> Vec<Range<usize>> {
    let Some(start) = lines.iter().position(|line| line.trim_end() == "images:") else {
        return Vec::new();
    };
    // A list may stand at the indentation of its key; the next top-level key ends it.
    let ends = |line: &&str| line.starts_with(|c: char| !c.is_whitespace() && c != '-' && c != '#');
    let end = lines[start + 1..]
        .iter()
        .position(ends)
        .map_or(lines.len(), |offset| start + 1 + offset);
    let mut starts: Vec<usize> = (start + 1..end)
        .filter(|&at| lines[at].trim_start().starts_with("- "))
        .collect();
    starts.push(end);
    starts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

fn names(entry: &[&str], app: &str) -> bool {
    let is_app = |name: &str| name == app || name.rsplit_once('/').is_some_and(|(_, last)| last == app);
    entry
        .iter()
        .any(|line| key(line) == Some("name") && is_app(&line[value_span(line)]))
}

/// The key of `key: value` or `- key: value`.
fn key(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("- ").unwrap_or(line).trim_start();
    line.split_once(": ")
        .map(|(key, _)| key)
        .filter(|key| !key.starts_with('#'))
}

/// Where the value of `key: value` lies, without quotes and without the comment behind it.
fn value_span(line: &str) -> Range<usize> {
    let after_key = line.find(": ").map_or(line.len(), |at| at + 2);
    let comment = line[after_key..]
        .find(" #")
        .map_or(line.len(), |at| after_key + at);
    let field = &line[after_key..comment];
    let start = after_key + (field.len() - field.trim_start().len());
    let value = field.trim();
    let quoted = value.len() >= 2 && value.starts_with(['"', '\'']) && value.ends_with(['"', '\'']);
    if quoted {
        start + 1..start + value.len() - 1
    } else {
        start..start + value.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OVERLAY: &str = "\
# What staging runs.
resources: [../../base]
images:
  # Written by CI only.
  - name: 000000000000.dkr.ecr.eu-central-1.amazonaws.com/gitops-loop/frontend
    digest: sha256:ffff
  - name: 000000000000.dkr.ecr.eu-central-1.amazonaws.com/gitops-loop/backend
    digest: \"sha256:1111\" # release 1
configMapGenerator:
  - name: backend
    literals: [digest=x]
";

    const COMMIT: &str = "0123456789012345678901234567890123456789";

    fn digest(text: &str, app: &str) -> Result<String, Error> {
        pin(text, app).map(|pin| pin.digest)
    }

    fn released(digest: &str) -> Pin {
        Pin {
            digest: digest.to_owned(),
            commit: Some(COMMIT.to_owned()),
            withdrawn: None,
        }
    }

    #[test]
    fn the_pin_of_the_right_image_is_read() {
        assert_eq!(digest(OVERLAY, "backend").as_deref(), Ok("sha256:1111"));
        assert_eq!(digest(OVERLAY, "frontend").as_deref(), Ok("sha256:ffff"));
        for app in ["backend", "frontend"] {
            assert_eq!(pin(OVERLAY, app).expect("an entry is there").commit, None);
        }
    }

    #[test]
    fn one_line_changes_and_nothing_else() {
        let first = with_pin(OVERLAY, "backend", &released("sha256:2222")).expect("an entry is there");
        let line = format!("\"sha256:2222\" # commit {COMMIT}");
        assert_eq!(first, OVERLAY.replace("\"sha256:1111\" # release 1", &line));
        let second = with_pin(&first, "frontend", &released("sha256:3333")).expect("an entry is there");
        assert_eq!(
            second,
            first.replace("sha256:ffff", &format!("sha256:3333 # commit {COMMIT}"))
        );
        assert_eq!(pin(&second, "backend"), Ok(released("sha256:2222")));
    }

    #[test]
    fn a_pin_written_twice_is_the_same() {
        let once = with_pin(OVERLAY, "backend", &released("sha256:2222")).expect("an entry is there");
        assert_eq!(
            with_pin(&once, "backend", &released("sha256:2222")),
            Ok(once.clone())
        );
    }

    #[test]
    fn what_was_withdrawn_stands_behind_the_commit() {
        let later = COMMIT.replace('0', "a");
        let back = Pin {
            withdrawn: Some(later.clone()),
            ..released("sha256:2222")
        };
        let text = with_pin(OVERLAY, "backend", &back).expect("an entry is there");
        assert!(
            text.contains(&format!("\" # commit {COMMIT}, withdrawn {later}\n")),
            "{text}"
        );
        assert_eq!(pin(&text, "backend"), Ok(back));
        let forward = with_pin(&text, "backend", &released("sha256:3333")).expect("an entry is there");
        assert!(!forward.contains("withdrawn"), "{forward}");
    }

    #[test]
    fn a_list_at_the_indentation_of_its_key_is_read() {
        let text = "images:\n- digest: sha256:aa\n  name: repo/backend\nkind: Kustomization\n";
        assert_eq!(digest(text, "backend").as_deref(), Ok("sha256:aa"));
        assert_eq!(
            with_pin(text, "backend", &released("sha256:bb")),
            Ok(text.replace("aa", &format!("bb # commit {COMMIT}")))
        );
    }

    #[test]
    fn a_digest_still_empty_is_filled_in() {
        let text = "images:\n  - name: repo/backend\n    digest: \"\"\n";
        assert_eq!(
            with_pin(text, "backend", &released("sha256:bb")),
            Ok(format!(
                "images:\n  - name: repo/backend\n    digest: \"sha256:bb\" # commit {COMMIT}\n"
            ))
        );
    }

    #[test]
    fn an_overlay_left_in_the_middle_of_a_merge_is_refused() {
        let text = "images:\n  - name: repo/backend\n<<<<<<< ours\n    digest: a\n=======\n    digest: b\n>>>>>>> theirs\n";
        let error = digest(text, "backend").expect_err("which one is it?");
        assert!(error.to_string().contains("left unfinished"), "{error}");
    }

    #[test]
    fn other_shapes_are_refused() {
        let bare = "images:\n  - name: a/backend\n    digest:\n";
        assert_eq!(
            digest(bare, "backend"),
            Err(Error::Digests("backend".to_owned(), 0))
        );
        assert_eq!(
            digest("resources: []\n", "backend"),
            Err(Error::NoEntry("backend".to_owned()))
        );
        let twice = "images:\n  - name: a/backend\n    digest: x\n  - name: b/backend\n    digest: y\n";
        assert_eq!(
            digest(twice, "backend"),
            Err(Error::ManyEntries("backend".to_owned(), 2))
        );
        let tag = "images:\n  - name: a/backend\n    newTag: v1\n";
        assert_eq!(
            digest(tag, "backend"),
            Err(Error::Digests("backend".to_owned(), 0))
        );
    }

    #[test]
    fn an_image_whose_name_only_ends_alike_is_another() {
        let text = "images:\n  - name: repo/my-backend\n    digest: x\n";
        assert_eq!(digest(text, "backend"), Err(Error::NoEntry("backend".to_owned())));
    }
}
