//! The template's releases: tags `template-vX.Y.Z`, fetched into a repository that is gone with
//! this program. The copy itself gets nothing but the branch.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use gitkit::{Checkout, Git, View};
use semver::Version;

use super::merge::{self, Listing};
use crate::tree::{File, Paths, regular};

/// How the tags begin.
const TAG: &str = "template-v";

/// The template, and what was fetched of it.
#[derive(Debug)]
pub(super) struct Releases {
    view: View,
    address: String,
    versions: BTreeSet<Version>,
}

/// The name of a release's tag.
fn tag(version: &Version) -> String {
    format!("refs/tags/{TAG}{version}")
}

impl Releases {
    /// Which ones there are at `address`, for the copy at `root`.
    pub(super) fn listed(root: &Path, address: &str) -> Result<Self> {
        let view = Checkout::at(root).view("")?;
        let tags = format!("refs/tags/{TAG}*");
        let listed = view.git(&["ls-remote", "--quiet", "--end-of-options", address, &tags]);
        let listed = listed.read().with_context(|| {
            format!(
                "the template cannot be reached at {address}; say where it lies (`--from ADDRESS`, or `address` in {})",
                super::RECORD
            )
        })?;
        let versions: BTreeSet<_> = listed.lines().filter_map(release).collect();
        ensure!(
            !versions.is_empty(),
            "there is no release at {address}, which would be a tag {TAG}1.2.0; is this the template? Say where it lies \
             (`--from ADDRESS`)"
        );
        let address = address.to_owned();
        Ok(Self {
            view,
            address,
            versions,
        })
    }

    /// Fetches these, without their history.
    pub(super) fn fetch<'v>(&self, versions: impl IntoIterator<Item = &'v Version>) -> Result<()> {
        let tags = versions.into_iter().map(tag).map(|tag| format!("+{tag}:{tag}"));
        let tags: Vec<_> = tags.collect();
        self.git(&[
            "fetch",
            "--quiet",
            "--no-tags",
            "--depth=1",
            "--end-of-options",
            &self.address,
        ])
        .args(tags)
        .run()
        .with_context(|| format!("fetch the template from {}", self.address))
    }

    /// A command in the repository that has the releases and what the copy has.
    pub(super) fn git(&self, args: &[&str]) -> Git {
        self.view.git(args)
    }

    /// All that there are.
    pub(super) fn versions(&self) -> &BTreeSet<Version> {
        &self.versions
    }

    /// The newest one; one that is called a preview only if there is nothing else.
    pub(super) fn newest(&self) -> Result<&Version> {
        let whole = self.versions.iter().rfind(|version| version.pre.is_empty());
        let newest = whole.or_else(|| self.versions.last());
        newest.context("the template has no release")
    }

    /// An error if there is no such version.
    pub(super) fn check(&self, version: &Version) -> Result<()> {
        let known: Vec<_> = self.versions.iter().map(ToString::to_string).collect();
        ensure!(
            self.versions.contains(version),
            "the template has no version {version}; it has {}",
            known.join(", ")
        );
        Ok(())
    }

    /// Every file of a release that was fetched, links too.
    pub(super) fn listing(&self, version: &Version) -> Result<Listing> {
        merge::listing(self, &tag(version))
    }

    /// The files of a release that was fetched.
    pub(super) fn files(&self, version: &Version) -> Result<Paths> {
        let listed = self.git(&["ls-tree", "-r", "-z", &tag(version)]).text()?;
        let entries = regular(&listed)?;
        let contents = self.view.contents(entries.iter().map(|entry| entry.object))?;
        let mut files = Paths::new();
        for (entry, content) in entries.into_iter().zip(contents) {
            let content = content.with_context(|| format!("read {} of {}", entry.path, tag(version)))?;
            files.insert(
                PathBuf::from(entry.path),
                File::new(content, entry.is_executable()),
            );
        }
        Ok(files)
    }
}

/// The version of a line: a tag that is an object of its own has a second one.
fn release(line: &str) -> Option<Version> {
    let (_, name) = line.split_once("\trefs/tags/")?;
    Version::parse(name.strip_prefix(TAG)?).ok()
}
