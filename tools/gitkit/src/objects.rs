//! What a repository has under many names, read by one process.

use crate::{Error, Git};

impl Git {
    /// What Git has under each of these names, in their order; none where it has nothing. For a
    /// command that has no arguments yet.
    ///
    /// # Errors
    /// Fails with Git's own words, or if its answer ends early.
    pub fn objects<'n>(
        self,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let names: Vec<_> = names.into_iter().collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let git = self.args(["cat-file", "--batch"]);
        let command = git.words();
        let answer = git.input(names.join("\n")).bytes()?;
        let mut rest = answer.as_slice();
        let objects = names.iter().map(|name| {
            next(&mut rest).ok_or_else(|| Error::Failed {
                command: command.clone(),
                said: format!("its answer has no content for {name}"),
            })
        });
        objects.collect()
    }
}

/// Takes the next object from an answer, which may say that there is none; nothing where the answer
/// cannot be read.
#[expect(
    clippy::option_option,
    reason = "no object is an answer, and no answer is a fault"
)]
fn next(rest: &mut &[u8]) -> Option<Option<Vec<u8>>> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (line, after) = rest.split_at(end);
    let line = String::from_utf8_lossy(line).into_owned();
    *rest = &after[1..];
    if line.ends_with(" missing") || line.ends_with(" ambiguous") {
        return Some(None);
    }
    let size: usize = line.rsplit(' ').next()?.parse().ok()?;
    let object = rest.get(..size)?.to_vec();
    *rest = rest.get(size + 1..)?;
    Some(Some(object))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_taken_whole_what_is_missing_is_none_and_a_cut_answer_a_fault() {
        let answer = b"c0ffee blob 3\na\nb\nnothing missing\nbeef blob 0\n\n";
        let mut rest = answer.as_slice();
        assert_eq!(next(&mut rest), Some(Some(b"a\nb".to_vec())));
        assert_eq!(next(&mut rest), Some(None));
        assert_eq!(next(&mut rest), Some(Some(Vec::new())));
        assert_eq!(next(&mut rest), None);
        assert_eq!(next(&mut b"c0ffee blob 9\nshort\n".as_slice()), None);
    }
}
