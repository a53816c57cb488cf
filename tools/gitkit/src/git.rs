//! One command of Git, closed to everything that it is not given.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use crate::PROGRAM;
use crate::environment::{KeptSettings, shut_out};
use crate::error::{Error, one_line};

/// What Git is told in place of a person's settings. The first three are read from the home folder
/// even where no setting names them, or run a program.
const SETTINGS: &[(&str, &str)] = &[
    ("core.attributesFile", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("core.fsmonitor", "false"),
    // A closed command works in repositories of ours, or lists the files of the one this program
    // was compiled from.
    ("safe.directory", "*"),
];

const VARIABLES: &[(&str, &str)] = &[
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_PAGER", "cat"),
    ("GIT_TERMINAL_PROMPT", "0"),
    // Its words are read.
    ("LC_ALL", "C"),
];

/// A command of Git that reads no settings but those it is given.
#[derive(Debug)]
pub struct Git {
    command: Command,
    settings: Vec<(String, String)>,
    input: Option<Vec<u8>>,
}

impl Git {
    /// In `folder`.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        let mut command = Command::new(PROGRAM);
        command.current_dir(folder);
        Self::closing(command)
    }

    /// With folder and variables of `command`, which starts [`PROGRAM`].
    #[must_use]
    pub fn closing(mut command: Command) -> Self {
        shut_out(&mut command, None);
        command.envs(VARIABLES.iter().copied());
        let settings = SETTINGS.iter();
        Self {
            command,
            settings: settings
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            input: None,
        }
    }

    /// With a person's settings, where they cannot change the answer.
    pub(crate) fn asking(mut command: Command) -> Self {
        shut_out(&mut command, Some(KeptSettings::Caller));
        command.envs([("GIT_NO_REPLACE_OBJECTS", "1"), ("LC_ALL", "C")]);
        Self {
            command,
            settings: Vec::new(),
            input: None,
        }
    }

    /// With arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    /// With a variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// With a setting. It goes by the environment: a command line is for everybody to read.
    #[must_use]
    pub fn setting(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((key.into(), value.into()));
        self
    }

    /// Without the settings for which `is_out` holds, of those it was given.
    #[must_use]
    pub fn without(mut self, is_out: impl Fn(&str, &str) -> bool) -> Self {
        self.settings.retain(|(key, value)| !is_out(key, value));
        self
    }

    /// Committing as somebody who does not exist.
    #[must_use]
    pub fn as_somebody(self) -> Self {
        self.setting("user.name", "dev")
            .setting("user.email", "dev@example.invalid")
    }

    /// With `input` on stdin.
    #[must_use]
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = Some(input.into());
        self
    }

    /// For those who start it in their own way.
    #[must_use]
    pub fn into_command(self) -> Command {
        let mut command = self.command;
        if self.settings.is_empty() {
            return command;
        }
        command.env("GIT_CONFIG_COUNT", self.settings.len().to_string());
        for (at, (key, value)) in self.settings.into_iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{at}"), key);
            command.env(format!("GIT_CONFIG_VALUE_{at}"), value);
        }
        command
    }

    /// Runs it, however it ends.
    ///
    /// # Errors
    /// Fails if there is no Git.
    pub fn output(mut self) -> Result<Output, Error> {
        let input = self.input.take();
        let mut command = self.into_command();
        let stdin = if input.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        };
        let child = command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        finish(child.map_err(Error::NotStarted)?, input).map_err(Error::NotStarted)
    }

    /// Runs it and gives what it printed.
    ///
    /// # Errors
    /// Fails with Git's own words.
    pub fn bytes(self) -> Result<Vec<u8>, Error> {
        let command = self.words();
        let output = self.output()?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = match one_line(&String::from_utf8_lossy(&output.stderr)) {
            said if said.is_empty() => output.status.to_string(),
            said => said,
        };
        Err(Error::Failed { command, said })
    }

    /// Runs it and gives the text that it printed, as it is.
    ///
    /// # Errors
    /// Fails with Git's own words.
    pub fn text(self) -> Result<String, Error> {
        let command = self.words();
        String::from_utf8(self.bytes()?).map_err(|_| Error::NotText(command))
    }

    /// Runs it and gives the text that it printed, without the newline at its end.
    ///
    /// # Errors
    /// Fails with Git's own words.
    pub fn read(self) -> Result<String, Error> {
        let mut text = self.text()?;
        if text.ends_with('\n') {
            text.pop();
        }
        Ok(text)
    }

    /// Runs it.
    ///
    /// # Errors
    /// Fails with Git's own words.
    pub fn run(self) -> Result<(), Error> {
        self.bytes().map(drop)
    }

    pub(crate) fn words(&self) -> String {
        let words: Vec<_> = self.command.get_args().map(OsStr::to_string_lossy).collect();
        words.join(" ")
    }
}

/// What differs from the last commit in the work tree at `folder`, staged or not, by paths from its
/// root. What Git does not track is nobody's business.
///
/// # Errors
/// Fails with Git's own words.
pub fn uncommitted(folder: &Path) -> Result<Vec<String>, Error> {
    let status = [
        "status",
        "--porcelain",
        "-z",
        "--no-renames",
        "--untracked-files=no",
    ];
    let status = Git::at(folder).args(status).text()?;
    // Two letters and a space, then the path.
    let paths = status.split_terminator('\0').filter_map(|entry| entry.get(3..));
    Ok(paths.map(ToOwned::to_owned).collect())
}

/// The files of the repository at `folder` by path, new ones included, ignored ones not. Only its
/// own `.gitignore` files count.
///
/// # Errors
/// Fails with Git's own words.
pub fn files(folder: &Path) -> Result<Vec<String>, Error> {
    let listed = Git::at(folder)
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-per-directory=.gitignore",
        ])
        .text()?;
    Ok(listed.split_terminator('\0').map(str::to_owned).collect())
}

/// Writes and reads at the same time, or both would wait for each other.
fn finish(mut child: Child, input: Option<Vec<u8>>) -> std::io::Result<Output> {
    let writer = child.stdin.take().zip(input).map(|(mut stdin, input)| {
        // Git may end before it has read everything; its words say why.
        thread::spawn(move || stdin.write_all(&input))
    });
    let output = child.wait_with_output();
    if let Some(writer) = writer {
        let _ = writer.join();
    }
    output
}
