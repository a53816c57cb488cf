//! Makes a root file system of Debian packages as a tar file, for images that need more than one
//! static binary.

use std::path::Path;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::workshop::{Workshop, minutes};

/// A minimal Debian with some packages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DebianRoot<'a> {
    /// Named in the log.
    pub(crate) name: &'a str,
    /// What is installed besides the essential packages.
    pub(crate) packages: &'a [&'a str],
}

impl DebianRoot<'_> {
    /// Installs the packages and writes the tar file; a Containerfile unpacks it with `ADD`.
    pub(crate) fn build(&self, shop: Workshop<'_>, tar: &Path) -> Result<()> {
        self.make(shop, "minbase", tar)
    }

    /// Only unpacks the packages and what they depend on: no shell unless one is asked for, no
    /// maintainer script is run.
    pub(crate) fn extract(&self, shop: Workshop<'_>, tar: &Path) -> Result<()> {
        self.make(shop, "extract", tar)
    }

    fn make(&self, shop: Workshop<'_>, variant: &str, tar: &Path) -> Result<()> {
        let sh = Shell::new().context("open a shell")?;
        let suite = shop.versions.get("debian", "suite")?;
        let include = self.packages.join(",");
        shop.progress
            .doing(&format!("unpack Debian {suite} for {}", self.name));
        let mut make = cmd!(sh, "mmdebstrap --variant={variant} --include={include}");
        for unread in ["doc/*", "man/*", "info/*", "locale/*", "lintian/*"] {
            make = make.arg(format!("--dpkgopt=path-exclude=/usr/share/{unread}"));
        }
        // A root that a crash leaves half done is made again anyway.
        make = make.arg("--dpkgopt=force-unsafe-io");
        make = make.arg(suite).arg(tar);
        // A machine of the same suite may have mirrors of its own.
        let sources = Path::new("/etc/apt/sources.list.d/debian.sources");
        let same =
            |line: &str| line.starts_with("Suites:") && line.split_whitespace().any(|word| word == suite);
        if sh.read_file(sources).is_ok_and(|text| text.lines().any(same)) {
            make = make.arg(sources);
        }
        shop.run(&format!("debian-{}", self.name), minutes(10), make)
    }
}
