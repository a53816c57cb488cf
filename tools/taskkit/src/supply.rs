//! The program `supply`, which gets or builds the programs that a task needs: a question on its
//! command line, one line of JSON as the answer.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context as _, Error, Result, anyhow, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use xshell::Shell;

use crate::missing::Missing;
use crate::program;

/// Compiled alone, as the command of this name does it, so that both find the same result.
const PACKAGE: &str = "supply";

/// Where its source is, in a copy of the template that has it.
const FOLDER: &str = "tools/supply";

/// Found once for each run of this program.
static COMPILED: OnceLock<PathBuf> = OnceLock::new();

/// The compiled program.
#[derive(Debug)]
pub struct Program {
    path: PathBuf,
    /// The root of the repository, where it is started.
    root: PathBuf,
}

/// Why it could not do what it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The machine has not got something that it may not be given, or that only a person can.
    Missing,
    /// Something took too long.
    Deadline,
    /// Anything else.
    Other,
}

/// A failure in its own words.
#[derive(Debug, Deserialize, thiserror::Error)]
#[error("{text}")]
struct Failure {
    kind: Kind,
    text: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line<T> {
    Answer(T),
    Error(Failure),
}

/// One that has answered and stays; it ends when this is dropped, and when this process ends in any
/// other way.
#[derive(Debug)]
pub struct Running {
    child: Child,
    input: Option<ChildStdin>,
}

/// What kind of failure of the program this is, if it is one.
pub fn kind(error: &Error) -> Option<Kind> {
    error.downcast_ref().map(|failure: &Failure| failure.kind)
}

impl Program {
    /// Compiles it; what is compiled already costs a moment.
    pub fn compiled(sh: &Shell) -> Result<Self> {
        if Self::is_absent(sh) {
            bail!(Failure {
                kind: Kind::Missing,
                text: format!("this copy has no {FOLDER}, which would get it"),
            });
        }
        let path = match COMPILED.get() {
            Some(path) => path.clone(),
            None => program::compile(sh, PACKAGE)?,
        };
        Ok(Self {
            path: COMPILED.get_or_init(|| path).clone(),
            root: sh.current_dir(),
        })
    }

    /// Whether this copy of the template is without it.
    fn is_absent(sh: &Shell) -> bool {
        !sh.path_exists(FOLDER)
    }

    /// Asks, and waits for its end.
    pub fn ask<T: DeserializeOwned>(&self, question: &[&str], missing: Missing) -> Result<T> {
        let (answer, mut running) = self.start(question, missing)?;
        // It is asked to end only once it has: the pipe is its life line.
        running.child.wait().context("wait for `supply`")?;
        Ok(answer)
    }

    /// Asks, and leaves it running after its answer.
    pub fn start<T: DeserializeOwned>(&self, question: &[&str], missing: Missing) -> Result<(T, Running)> {
        let mut command = Command::new(&self.path);
        command.args(question).arg("--end-with-stdin");
        command.args(missing.flag());
        let mut child = command
            .current_dir(&self.root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("start {}", self.path.display()))?;
        let output = child.stdout.take().context("its output is piped")?;
        let mut running = Running {
            input: child.stdin.take(),
            child,
        };
        let mut line = String::new();
        BufReader::new(output)
            .read_line(&mut line)
            .context("read the answer of `supply`")?;
        if line.is_empty() {
            let status = running.child.wait().context("wait for `supply`")?;
            bail!(
                "`supply {}` ended without an answer ({status})",
                question.join(" ")
            );
        }
        Ok((read(&line)?, running))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// Where kustomize lies, which renders the manifests that are tested.
pub fn kustomize(sh: &Shell, missing: Missing) -> Result<PathBuf> {
    program(sh, "kustomize", "KUSTOMIZE", missing)
}

/// The path of a program: the one that a person names, else the pinned one; in a copy of the
/// template that pins none, the one on PATH.
pub fn program(sh: &Shell, name: &str, variable: &str, missing: Missing) -> Result<PathBuf> {
    if let Some(given) = env::var_os(variable) {
        return Ok(given.into());
    }
    if !Program::is_absent(sh) {
        return get(sh, name, missing);
    }
    let folders = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&folders).map(|folder| folder.join(name));
    found
        .filter(|path| path.is_file())
        .find_map(|path| path.canonicalize().ok())
        .with_context(|| format!("{name} is not on PATH; install it, or name it by {variable}"))
}

/// What one recipe made.
pub fn get<T: DeserializeOwned>(sh: &Shell, recipe: &str, missing: Missing) -> Result<T> {
    let mut found: BTreeMap<String, T> = Program::compiled(sh)?.ask(&["get", recipe], missing)?;
    found
        .remove(recipe)
        .with_context(|| format!("`supply get` did not say where {recipe} lies"))
}

fn read<T: DeserializeOwned>(line: &str) -> Result<T> {
    match serde_json::from_str(line).with_context(|| format!("read the answer of `supply`: {line}"))? {
        Line::Answer(answer) => Ok(answer),
        Line::Error(failure) => Err(anyhow!(failure)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn an_answer_is_read_and_a_failure_keeps_its_kind_and_its_words() {
        let found: BTreeMap<String, PathBuf> = read(r#"{"answer":{"act":"/cache/act"}}"#).unwrap();
        assert_eq!(found["act"], PathBuf::from("/cache/act"));
        let slow = r#"{"error":{"kind":"deadline","text":"`podman info` took longer than 30 s"}}"#;
        let error = read::<PathBuf>(slow).context("use podman's storage").unwrap_err();
        assert_eq!(kind(&error), Some(Kind::Deadline));
        assert_eq!(
            format!("{error:#}"),
            "use podman's storage: `podman info` took longer than 30 s"
        );
        assert_eq!(kind(&anyhow!("no answer on podman.sock")), None);
        assert!(read::<PathBuf>("Segmentation fault").is_err());
    }
}
