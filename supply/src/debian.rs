//! Makes a root file system of Debian packages as a tar file, for images that need more than one static binary.

use std::path::Path;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::workshop::{Workshop, minutes};

/// A minimal Debian with some packages.
#[derive(Debug, Clone, Copy)]
pub struct DebianRoot<'a> {
    /// Named in the log.
    pub name: &'a str,
    /// What is installed besides the essential packages.
    pub packages: &'a [&'a str],
}

impl DebianRoot<'_> {
    /// Writes the tar file; a Containerfile unpacks it with `ADD`.
    pub fn build(&self, shop: Workshop<'_>, tar: &Path) -> Result<()> {
        let sh = Shell::new().context("open a shell")?;
        let suite = shop.versions.get("debian", "suite")?;
        let include = self.packages.join(",");
        shop.progress
            .doing(&format!("unpack Debian {suite} for {}", self.name));
        let mut make = cmd!(sh, "mmdebstrap --variant=minbase --include={include}");
        for unread in ["doc/*", "man/*", "info/*", "locale/*", "lintian/*"] {
            make = make.arg(format!("--dpkgopt=path-exclude=/usr/share/{unread}"));
        }
        make = make.arg(suite).arg(tar);
        // A machine of the same suite may have mirrors of its own.
        let sources = Path::new("/etc/apt/sources.list.d/debian.sources");
        if sh.read_file(sources).is_ok_and(|text| {
            text.lines()
                .any(|line| line.starts_with("Suites:") && line.contains(suite))
        }) {
            make = make.arg(sources);
        }
        shop.run(&format!("debian-{}", self.name), minutes(10), make)
    }
}
