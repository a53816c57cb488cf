//! What a scenario changes outside of Git is undone when it ends, however it ends: Ctrl-C drops it
//! at any point.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use xshell::Cmd;

/// Commands that undo a change. They run when this is dropped, and nothing waits for their success:
/// whoever needs to know runs the same as a tool first, and calls [`Undo::done`].
#[must_use = "dropped at once, it undoes the change at once"]
pub(crate) struct Undo(Vec<Command>);

impl Undo {
    pub(crate) fn by<'sh>(commands: impl IntoIterator<Item = Cmd<'sh>>) -> Self {
        Self(commands.into_iter().map(Command::from).collect())
    }

    /// The change is undone: nothing is left to do.
    pub(crate) fn done(mut self) {
        self.0.clear();
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        for command in &mut self.0 {
            // The scenario has failed already, or was interrupted; what is left shows in the next
            // one.
            let _ = command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                // Another Ctrl-C must not end it half way.
                .process_group(0)
                .status();
        }
    }
}

#[cfg(test)]
mod tests {
    use xshell::{Shell, cmd};

    use super::*;

    #[test]
    fn a_change_is_undone_by_a_drop_and_only_once() {
        let folder = tempfile::tempdir().unwrap();
        let (shell, file) = (Shell::new().unwrap(), folder.path().join("undone"));
        Undo::by([cmd!(shell, "touch {file}")]).done();
        assert!(!file.exists());
        drop(Undo::by([cmd!(shell, "touch {file}")]));
        assert!(file.exists());
    }
}
