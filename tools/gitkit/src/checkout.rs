//! A person's checkout, and a view of its commits in which no setting of theirs counts.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

use crate::PROGRAM;
use crate::error::Error;
use crate::git::Git;
use crate::objects::{Object, Reader};
use crate::settings::{Settings, honoured};

/// Where a command is started, and with which changes to the variables of this process.
#[derive(Debug, Clone)]
struct Surroundings {
    folder: PathBuf,
    variables: Vec<(OsString, Option<OsString>)>,
}

impl Surroundings {
    fn command(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        command.current_dir(&self.folder);
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }
}

/// A repository whose settings are a person's. It is only asked what they cannot change.
#[derive(Debug, Clone)]
pub struct Checkout {
    surroundings: Surroundings,
}

impl Checkout {
    /// The checkout that a program started in `folder` would be in.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self::of(Command::new(PROGRAM).current_dir(folder))
    }

    /// The same, with folder and variables of `command`.
    #[must_use]
    pub fn of(command: &Command) -> Self {
        let variables = command.get_envs();
        Self {
            surroundings: Surroundings {
                folder: command.get_current_dir().unwrap_or(Path::new(".")).to_owned(),
                variables: variables
                    .map(|(name, value)| (name.to_owned(), value.map(OsString::from)))
                    .collect(),
            },
        }
    }

    /// The same, if the repository's root is this very folder: files unpacked inside another
    /// repository are not that one's.
    #[must_use]
    pub fn alone(mut self) -> Self {
        let above = self
            .surroundings
            .folder
            .parent()
            .map(|above| above.as_os_str().to_owned());
        self.surroundings
            .variables
            .push(("GIT_CEILING_DIRECTORIES".into(), above));
        self
    }

    fn ask(&self, args: &[&str]) -> Result<String, Error> {
        Git::asking(self.surroundings.command()).args(args).read()
    }

    /// The commit that is checked out.
    ///
    /// # Errors
    /// Fails with Git's own words, also where nothing is committed yet.
    pub fn head(&self) -> Result<String, Error> {
        self.ask(&["rev-parse", "--verify", "HEAD^{commit}"])
    }

    /// The commit that a person means by `name`.
    ///
    /// # Errors
    /// Fails with Git's own words, also where a branch and a tag have this name.
    pub fn commit(&self, name: &str) -> Result<String, Error> {
        let revision = format!("{name}^{{commit}}");
        let args = [
            "-c",
            "core.warnAmbiguousRefs=true",
            "rev-parse",
            "--verify",
            "--end-of-options",
        ];
        let output = Git::asking(self.surroundings.command())
            .args(args)
            .args([&revision])
            .output()?;
        let said = crate::error::one_line(&String::from_utf8_lossy(&output.stderr));
        let ambiguous = said.contains("is ambiguous") && name != "HEAD";
        if output.status.success() && !ambiguous {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        let next = if ambiguous {
            format!("; say which is meant: refs/heads/{name}, refs/tags/{name} or the commit's full name")
        } else {
            String::new()
        };
        Err(Error::Failed {
            command: format!("rev-parse {revision}"),
            said: said + &next,
        })
    }

    /// Values of a setting of Git, wherever it is set: scope and value, the one that counts last.
    ///
    /// # Errors
    /// Fails with Git's own words.
    pub fn setting(&self, key: &str) -> Result<Option<(String, String)>, Error> {
        let args = ["config", "--show-scope", "-z", "--get", key];
        let output = Git::asking(self.surroundings.command()).args(args).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let found = text.trim_end_matches('\0').split_once('\0');
        Ok(found.map(|(scope, value)| (scope.to_owned(), value.to_owned())))
    }

    /// Where Git keeps or looks for something of this repository: an answer of `rev-parse`, by its
    /// option.
    ///
    /// # Errors
    /// Fails with Git's own words.
    pub fn place(&self, option: &[&str]) -> Result<PathBuf, Error> {
        // Not `--path-format=absolute`, which fails for a folder that cannot be, such as
        // `/dev/null` for hooks.
        let place = self.ask(&[&["rev-parse"][..], option].concat())?;
        Ok(self.surroundings.folder.join(place))
    }

    /// What its commits hold, and its remote `remote`, without its settings. The view sees commits
    /// that are made later too.
    ///
    /// # Errors
    /// Fails with Git's own words.
    pub fn view(&self, remote: &str) -> Result<View, Error> {
        let said = self.ask(&[
            "rev-parse",
            "--path-format=absolute",
            "--show-object-format",
            "--git-path",
            "objects",
            "--git-path",
            "shallow",
        ])?;
        let mut lines = said.lines();
        let mut line = || lines.next().unwrap_or_default();
        let (format, objects, shallow) = (line(), Path::new(line()), Path::new(line()));
        let listed = self.ask(&["config", "--list", "--includes", "-z"])?;
        let folder = tempfile::tempdir().map_err(Error::NoFolder)?;
        build(folder.path(), format, objects, shallow).map_err(Error::NoFolder)?;
        Ok(View {
            reader: Mutex::default(),
            folder,
            settings: honoured(&listed, remote),
            surroundings: self.surroundings.clone(),
        })
    }
}

/// Makes a bare repository in `folder` that shares `objects`.
fn build(folder: &Path, format: &str, objects: &Path, shallow: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder.join("objects/info"))?;
    fs::create_dir(folder.join("refs"))?;
    fs::write(folder.join("HEAD"), "ref: refs/heads/none\n")?;
    // Nothing in here outlives the program, so nothing has to survive a power cut.
    let mut config =
        "[core]\n\tbare = true\n\trepositoryFormatVersion = 1\n\tfsync = none\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n"
            .to_owned();
    if format != "sha1" {
        config.push_str("[extensions]\n\tobjectFormat = ");
        config.push_str(format);
    }
    fs::write(folder.join("config"), config)?;
    let mut path = objects.as_os_str().to_owned();
    path.push("\n");
    fs::write(folder.join("objects/info/alternates"), path.as_encoded_bytes())?;
    if shallow.exists() {
        fs::copy(shallow, folder.join("shallow"))?;
    }
    Ok(())
}

/// A repository of ours with the objects of a checkout. It has no branches, tags, settings, hooks,
/// attributes or replacements: commits are named in full. What is fetched or made here is gone with
/// it, unless it was pushed.
#[derive(Debug)]
pub struct View {
    /// Started at the first question; it ends before its folder goes.
    reader: Mutex<Option<Reader>>,
    folder: TempDir,
    settings: Settings,
    surroundings: Surroundings,
}

impl View {
    /// A command in it. It stands in the checkout's folder, from which addresses of remotes may be
    /// relative.
    #[must_use]
    pub fn git(&self, args: &[&str]) -> Git {
        let git = Git::closing(self.surroundings.command()).env("GIT_DIR", self.folder.path());
        let given = self.settings.iter().cloned();
        given
            .fold(git, |git, (key, value)| git.setting(key, value))
            .args(args)
    }

    /// What it has under `name`, what came since the last question too; none where it has nothing.
    ///
    /// # Errors
    /// Fails with Git's own words, or if its answer ends early.
    pub fn object(&self, name: &str) -> Result<Option<Object>, Error> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let mut asked = match reader.take() {
            Some(started) => started,
            None => Reader::start(self.git(&[]))?,
        };
        // One that failed is not asked again.
        let answer = asked.ask(name)?;
        *reader = Some(asked);
        Ok(answer)
    }

    /// What it has under each of these names, in their order.
    ///
    /// # Errors
    /// Fails with Git's own words, or if its answer ends early.
    pub fn contents<'n>(
        &self,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let content = |name| Ok(self.object(name)?.map(|object| object.content));
        names.into_iter().map(content).collect()
    }

    /// Whether the checkout has the remote.
    #[must_use]
    pub fn has_remote(&self, name: &str) -> bool {
        let key = format!("remote.{name}.url");
        self.settings.iter().any(|(known, _)| *known == key)
    }
}
