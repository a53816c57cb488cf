//! Reads and replaces the pin of one image in a kustomization, line by line: comments, order and
//! quoting stay as people wrote them.
//!
//! Strict on purpose: a file of another form is refused instead of guessed at. Whether the lines
//! mean what they seem to is asked of a YAML parser, before and after each edit.

mod error;
mod lines;
#[cfg(test)]
mod refusals;
// wing: release-tests
#[cfg(test)]
mod tests;
// end of wing
mod yaml;

pub use error::{Error, Form};
use serde::{Deserialize, Serialize};

/// What an overlay runs of one app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// `sha256:` and the hash.
    pub digest: String,
    /// The commit whose release wrote this, in the comment behind the digest. Tools that write YAML
    /// anew lose comments, so that none may mean a lost one, which the history still has.
    pub commit: Option<String>,
    /// The later commit that was released once and taken back: it and what came before it are not
    /// proposed again.
    pub withdrawn: Option<String>,
}

impl Pin {
    /// Whether its digest is all zeros: an overlay has it until its app is first released there.
    pub fn is_of_no_image(&self) -> bool {
        let hash = self.digest.trim_start_matches("sha256:");
        hash.bytes().all(|byte| byte == b'0')
    }

    /// The same digest of a release that is not known.
    #[must_use]
    pub fn unmarked(self) -> Self {
        Self {
            commit: None,
            withdrawn: None,
            ..self
        }
    }
}

/// Begins the comment behind a digest.
const COMMIT: &str = "# commit ";
/// Goes on with it after a rollback.
const WITHDRAWN: &str = ", withdrawn ";

/// Whether this is the full name of a commit, in a repository of either kind.
pub fn is_commit(name: &str) -> bool {
    matches!(name.len(), 40 | 64) && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What `text` pins `app` to.
pub fn pin(text: &str, app: &str) -> Result<Pin, Error> {
    let pin = read(text, app);
    let document = match (&pin, yaml::parse(text)) {
        (Err(Error::Digests(..)), Err(_)) => return pin,
        (_, document) => document?,
    };
    match (pin, yaml::digest(&document, app)) {
        (Ok(pin), Some(digest)) if pin.digest == digest => Ok(pin),
        (Ok(_), _) => Err(Error::Form(app.to_owned(), Form::Other)),
        // No line is found, and YAML reads a pin all the same: then it is the form that has to be
        // named.
        (Err(Error::NoEntry(_) | Error::Digests(_, 0)), Some(digest)) if !digest.is_empty() => {
            Err(Error::Form(app.to_owned(), Form::Hidden))
        }
        (Err(error), _) => Err(error),
    }
}

/// The same by the lines alone, for what was once in a history and is not edited.
pub fn read(text: &str, app: &str) -> Result<Pin, Error> {
    let lines: Vec<&str> = text.lines().collect();
    let line = lines[lines::digest(&lines, app)?];
    let digest = value(line, app)?;
    let comment = line.split_once(&format!(" {COMMIT}")).map(|(_, comment)| comment);
    let (commit, withdrawn) = comment.map_or((None, None), mark);
    Ok(Pin {
        digest: digest.to_owned(),
        commit,
        withdrawn,
    })
}

/// `text` with `app` pinned to `pin`. Only that line differs, and marks that a tool moved to lines
/// of their own are gone.
///
/// The commit changes with each release, the digest only with the app's content. So two releases
/// always change the same line, and Git refuses to merge the second of two that were made of one
/// state.
pub fn with_pin(text: &str, app: &str, pin: &Pin) -> Result<String, Error> {
    self::pin(text, app)?;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let at = lines::digest(&lines, app)?;
    let block = lines::images(&lines);
    let moved = |(number, line): &(usize, &str)| {
        let alone = line.trim().strip_prefix(COMMIT);
        block.contains(number) && alone.is_some_and(|comment| mark(comment).0.is_some())
    };
    let kept = lines.iter().copied().enumerate().filter(|line| !moved(line));
    let changed: String = kept
        .map(|(number, line)| match number {
            _ if number == at => pinned(line, pin),
            _ => line.to_owned(),
        })
        .collect();
    if yaml::is_that_edit(&yaml::parse(text)?, &yaml::parse(&changed)?, app, &pin.digest) {
        Ok(changed)
    } else {
        Err(Error::Form(app.to_owned(), Form::Shared))
    }
}

/// The line with another digest and mark.
fn pinned(line: &str, pin: &Pin) -> String {
    let value = lines::value(line);
    let quote = line[value.end..]
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\''));
    let mut changed = line[..value.start].to_owned();
    changed.push_str(&pin.digest);
    changed.extend(quote);
    if let Some(commit) = &pin.commit {
        changed.extend([" ", COMMIT, commit]);
        if let Some(withdrawn) = &pin.withdrawn {
            changed.extend([WITHDRAWN, withdrawn]);
        }
    }
    changed.push_str(&line[line.trim_end().len()..]);
    changed
}

/// The commits that a comment names, the word before the first one left out.
fn mark(comment: &str) -> (Option<String>, Option<String>) {
    let commit = |name: &str| is_commit(name).then(|| name.to_owned());
    match comment.trim().split_once(WITHDRAWN) {
        Some((released, withdrawn)) => match (commit(released), commit(withdrawn)) {
            (Some(released), Some(withdrawn)) => (Some(released), Some(withdrawn)),
            _ => (None, None),
        },
        None => (commit(comment.trim()), None),
    }
}

/// The digest in its line, if it is a scalar that begins and ends there.
fn value<'l>(line: &'l str, app: &str) -> Result<&'l str, Error> {
    let value = &line[lines::value(line)];
    let form = match value.chars().next() {
        Some('&') => Form::Anchor,
        Some('*') => Form::Alias,
        Some('|' | '>') => Form::Block,
        Some('!') => Form::Tag,
        Some('[' | '{') => Form::Collection,
        Some('"' | '\'') => Form::Lines,
        _ => return Ok(value),
    };
    Err(Error::Form(app.to_owned(), form))
}
