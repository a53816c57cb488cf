//! An action that a role may not take for a while.

use anyhow::{Context as _, Result};
use xshell::Shell;

use crate::actors::Administrator;
use crate::run::Testbed;
use crate::scenarios::undo::Undo;

/// Taken from the role, until this is ended or dropped.
pub(super) struct Denied<'a> {
    administrator: Administrator<'a>,
    role: String,
    undo: Undo,
}

impl<'a> Denied<'a> {
    /// Takes an action from a role.
    pub(super) async fn action(testbed: &'a Testbed, role: String, action: &str) -> Result<Self> {
        let administrator = Administrator::of(testbed);
        let shell = Shell::new().context("open a shell")?;
        let allow = administrator.words_to_allow_again(&role);
        let undo = Undo::by([testbed.harness.engine.command(&shell, allow)]);
        administrator.deny(&role, action).await?;
        Ok(Self {
            administrator,
            role,
            undo,
        })
    }

    /// Gives it back.
    pub(super) async fn end(self) -> Result<()> {
        self.administrator.allow_again(&self.role).await?;
        self.undo.done();
        Ok(())
    }
}
