//! Which commit of the user's repository is released, and what of the work tree is not.

use std::path::Path;

use anyhow::{Context, Result};

use crate::git::{Git, short};

/// What of the user's repository is released.
#[derive(Debug)]
pub(crate) struct Seed {
    /// HEAD of the user's repository.
    pub(crate) head: String,
    /// How many paths differ from it and are left out.
    pub(crate) left_out: usize,
}

impl Seed {
    pub(crate) async fn of(repo: &Path) -> Result<Self> {
        let git = Git::at(repo);
        let head = git
            .run(&["rev-parse", "HEAD^{commit}"])
            .await
            .context("find the commit to release")?;
        // Optional locks off: even refreshing the user's index would be a write.
        let status = git.run(&["--no-optional-locks", "status", "--porcelain"]).await?;
        Ok(Self {
            head,
            left_out: status.lines().count(),
        })
    }

    /// One line for the person who started the run.
    pub(crate) fn sentence(&self) -> String {
        let head = short(&self.head);
        match self.left_out {
            0 => format!("releases HEAD ({head})"),
            n => format!("releases HEAD ({head}); {n} changed or new paths are not committed and left out"),
        }
    }
}
