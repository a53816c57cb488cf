//! Fills build contexts and builds images from them.

use std::path::Path;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::workshop::{Workshop, minutes};

/// One image to build.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Image<'a> {
    /// Named in the log.
    pub(crate) part: &'a str,
    /// Folder with everything the Containerfile takes.
    pub(crate) context: &'a Path,
    /// The Containerfile's name in that folder.
    pub(crate) file: &'a str,
    /// The stage to build; the last one if none is named.
    pub(crate) stage: Option<&'a str>,
    /// As `name=value`.
    pub(crate) label: Option<&'a str>,
    /// What the image is called.
    pub(crate) tag: &'a str,
}

impl Image<'_> {
    /// Builds it without asking any registry.
    pub(crate) fn build(&self, shop: Workshop<'_>) -> Result<()> {
        let sh = Shell::new().context("open a shell")?;
        shop.progress.doing(&format!("assemble {}", self.tag));
        let mut build = shop
            .engine()?
            .command(&sh, ["build", "--tag", self.tag])
            .args(shop.engine()?.build_flags());
        if let Some(stage) = self.stage {
            build = build.args(["--target", stage]);
        }
        if let Some(label) = self.label {
            build = build.args(["--label", label]);
        }
        build = build
            .arg("--file")
            .arg(self.context.join(self.file))
            .arg(self.context);
        shop.run(&format!("image-{}", self.part), minutes(10), build)
    }
}

/// Copies what is in the folder `from` into the folder `to`, with modes and links.
pub(crate) fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    let sh = Shell::new().context("open a shell")?;
    sh.create_dir(to)
        .with_context(|| format!("create {}", to.display()))?;
    let all = from.join(".");
    cmd!(sh, "cp --archive {all} {to}")
        .quiet()
        .run()
        .with_context(|| format!("copy {} to {}", from.display(), to.display()))
}
