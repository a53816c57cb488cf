//! What a repository has under names, read by one process that answers as long as it is asked.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use crate::error::one_line;
use crate::{Error, Git};

/// Something that Git keeps: a commit, a tree, or the content of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its full name.
    pub id: String,
    /// All of it, without Git's header.
    pub content: Vec<u8>,
}

/// The process. It ends with this value.
#[derive(Debug)]
pub(crate) struct Reader {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// What it printed to stderr. A pipe that nobody reads might stop it.
    said: File,
    command: String,
}

impl Reader {
    /// Of the repository of `git`, which has no arguments yet.
    pub(crate) fn start(git: Git) -> Result<Self, Error> {
        let git = git.args(["cat-file", "--batch"]);
        let command = git.words();
        let said = tempfile::tempfile().map_err(Error::NoFolder)?;
        let stderr = said.try_clone().map_err(Error::NoFolder)?;
        let mut child = git
            .into_command()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .map_err(Error::NotStarted)?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::NotStarted(io::Error::other("it has no pipes")));
        };
        Ok(Self {
            child,
            questions,
            answers: BufReader::new(answers),
            said,
            command,
        })
    }

    /// What Git has under `name`; none where it has nothing, or several things.
    pub(crate) fn ask(&mut self, name: &str) -> Result<Option<Object>, Error> {
        if name.contains('\n') {
            // It would be two questions, and nothing has such a name.
            return Ok(None);
        }
        let asked = writeln!(self.questions, "{name}");
        let answer = asked.and_then(|()| next(&mut self.answers));
        answer.map_err(|error| self.failed(name, &error))
    }

    fn failed(&mut self, name: &str, error: &io::Error) -> Error {
        self.end();
        let mut said = String::new();
        // Whatever of it can be had.
        let _ = self.said.rewind();
        let _ = self.said.read_to_string(&mut said);
        let said = match one_line(&said) {
            said if said.is_empty() => format!("no answer to {name}: {error}"),
            said => said,
        };
        Error::Failed {
            command: self.command.clone(),
            said,
        }
    }

    fn end(&mut self) {
        // It only reads, so it may end at any moment; perhaps it has.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads one answer.
fn next(answers: &mut impl io::BufRead) -> io::Result<Option<Object>> {
    let mut line = String::new();
    answers.read_line(&mut line)?;
    let line = line.strip_suffix('\n').ok_or(io::ErrorKind::UnexpectedEof)?;
    let (start, last) = line.rsplit_once(' ').ok_or(io::ErrorKind::InvalidData)?;
    if matches!(last, "missing" | "ambiguous" | "submodule") {
        return Ok(None);
    }
    let size: usize = last.parse().map_err(|_| io::ErrorKind::InvalidData)?;
    let mut content = vec![0; size + 1];
    answers.read_exact(&mut content)?;
    content.pop();
    let id = start.split(' ').next().unwrap_or_default().to_owned();
    Ok(Some(Object { id, content }))
}

// wing: release-tests
#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn objects_are_taken_whole_what_is_missing_is_none_and_a_cut_answer_a_fault() {
        let mut answers = b"c0ffee blob 3\na\nb\nnothing missing\nbeef blob 0\n\n".as_slice();
        let object = |id: &str, content: &str| {
            let (id, content) = (id.to_owned(), content.into());
            Some(Object { id, content })
        };
        assert_eq!(next(&mut answers).unwrap(), object("c0ffee", "a\nb"));
        assert_eq!(next(&mut answers).unwrap(), None);
        assert_eq!(next(&mut answers).unwrap(), object("beef", ""));
        assert!(next(&mut answers).is_err());
        assert!(next(&mut b"c0ffee blob 9\nshort\n".as_slice()).is_err());
    }

    fn git(folder: &Path, args: &[&str]) -> String {
        Git::at(folder).as_somebody().args(args).read().unwrap()
    }

    #[test]
    fn what_comes_later_is_found_by_the_process_that_missed_it() {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "--quiet"]);
        let mut reader = Reader::start(Git::at(folder.path())).unwrap();
        assert_eq!(reader.ask("HEAD^{commit}").unwrap(), None);
        git(
            folder.path(),
            &["commit", "--quiet", "--allow-empty", "-m", "one"],
        );
        let commit = git(folder.path(), &["rev-parse", "HEAD"]);
        let found = |reader: &mut Reader, name: &str| reader.ask(name).unwrap().map(|object| object.id);
        let short = format!("{}^{{commit}}", &commit[..10]);
        assert_eq!(found(&mut reader, &short).as_ref(), Some(&commit));
        assert_eq!(found(&mut reader, "HEAD\nHEAD"), None);
        git(
            folder.path(),
            &["commit", "--quiet", "--allow-empty", "-m", "two"],
        );
        git(folder.path(), &["repack", "--quiet", "-a", "-d"]);
        let commit = git(folder.path(), &["rev-parse", "HEAD"]);
        assert_eq!(found(&mut reader, &commit[..10]), Some(commit));
    }

    #[test]
    fn a_process_that_ends_says_why_and_no_process_is_a_fault_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = Git::at(folder.path()).env("GIT_DIR", folder.path());
        let failed = Reader::start(nowhere).and_then(|mut reader| reader.ask("HEAD"));
        let failed = failed.unwrap_err().to_string();
        assert!(failed.contains("not a git repository"), "{failed}");
        let none = Git::at(&folder.path().join("none"));
        assert!(matches!(Reader::start(none), Err(Error::NotStarted(_))));
    }
}
// end of wing
