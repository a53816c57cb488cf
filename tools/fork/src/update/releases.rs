//! The template's releases: tags `template-vX.Y.Z`, fetched into a repository that is gone with
//! this program. The copy itself gets nothing but the branch.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use gitkit::{Checkout, Git, View};
use semver::Version;

use crate::tree::{File, Paths, entries};

/// How the tags begin.
const TAG: &str = "template-v";

/// The template as far as it was fetched.
#[derive(Debug)]
pub(super) struct Releases {
    view: View,
    commits: BTreeMap<Version, String>,
}

/// The name of a release's tag.
pub(super) fn tag(version: &Version) -> String {
    format!("{TAG}{version}")
}

impl Releases {
    /// All releases that lie at `address`, for the copy at `root`.
    pub(super) fn fetched(root: &Path, address: &str) -> Result<Self> {
        let view = Checkout::at(root).view("")?;
        let tags = format!("+refs/tags/{TAG}*:refs/tags/{TAG}*");
        let fetch = ["fetch", "--quiet", "--no-tags", "--depth=1", "--end-of-options"];
        view.git(&[&fetch[..], &[address, &tags]].concat())
            .run()
            .with_context(|| {
                format!(
                    "the template cannot be fetched from {address}; say where it lies (`--from ADDRESS`, or `address` in {})",
                    super::RECORD
                )
            })?;
        let format = "--format=%(refname:strip=2) %(objectname) %(*objectname)";
        let listed = view.git(&["for-each-ref", format, "refs/tags"]).read()?;
        let commits: BTreeMap<_, _> = listed.lines().filter_map(release).collect();
        ensure!(
            !commits.is_empty(),
            "there is no release at {address}, which would be a tag {TAG}1.2.0; is this the template? Say where it lies \
             (`--from ADDRESS`)"
        );
        Ok(Self { view, commits })
    }

    /// A command in the repository that has the releases and what the copy has.
    pub(super) fn git(&self, args: &[&str]) -> Git {
        self.view.git(args)
    }

    /// In the order of their versions.
    pub(super) fn versions(&self) -> impl DoubleEndedIterator<Item = &Version> {
        self.commits.keys()
    }

    /// The newest one; one that is called a preview only if there is nothing else.
    pub(super) fn newest(&self) -> Result<&Version> {
        let whole = self.versions().rev().find(|version| version.pre.is_empty());
        let newest = whole.or_else(|| self.versions().next_back());
        newest.context("the template has no release")
    }

    /// The commit of a release.
    pub(super) fn commit(&self, version: &Version) -> Result<&str> {
        if let Some(commit) = self.commits.get(version) {
            return Ok(commit);
        }
        let known: Vec<_> = self.versions().map(ToString::to_string).collect();
        bail!(
            "the template has no version {version}; it has {}",
            known.join(", ")
        )
    }

    /// The files of a release.
    pub(super) fn files(&self, version: &Version) -> Result<Paths> {
        let listed = self.git(&["ls-tree", "-r", "-z", self.commit(version)?]).text()?;
        let entries: Vec<_> = entries(&listed)?;
        let mut names = String::new();
        for entry in &entries {
            names.push_str(entry.object);
            names.push('\n');
        }
        let bytes = self.git(&["cat-file", "--batch"]).input(names).bytes()?;
        let mut rest = bytes.as_slice();
        let mut files = Paths::new();
        for entry in entries {
            let (content, after) =
                next_object(rest).with_context(|| format!("read {} of {}", entry.path, tag(version)))?;
            files.insert(
                PathBuf::from(entry.path),
                File::new(content.to_vec(), entry.is_executable),
            );
            rest = after;
        }
        Ok(files)
    }
}

/// Version and commit of a line: a tag may be an object of its own, before what it names.
fn release(line: &str) -> Option<(Version, String)> {
    let (name, objects) = line.trim_end().split_once(' ')?;
    let version = Version::parse(name.strip_prefix(TAG)?).ok()?;
    Some((version, objects.rsplit(' ').next()?.to_owned()))
}

/// Content of the first object that `git cat-file --batch` printed, and what comes after it.
fn next_object(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let about = std::str::from_utf8(&bytes[..end]).ok()?;
    let length: usize = about.rsplit(' ').next()?.parse().ok()?;
    let content = bytes.get(end + 1..end + 1 + length)?;
    Some((content, bytes.get(end + 2 + length..)?))
}
