//! The version that an environment shall have which follows versions: the highest of its range of
//! which nothing is missing. What of a version is not as `cargo xtask ci tag` leaves it is said,
//! and what it no longer is by a tag that was moved ends the verb.

pub(crate) mod history;
mod plan;

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};
use semver::VersionReq;

use crate::ci::git::Git;
use crate::ci::git::remote::Heads;
use crate::ci::registry::tags::Tagged;
use crate::ci::version::Version;
use crate::environment::{apps, main_branch};
use project::App;

/// What the tags of versions begin with.
pub(crate) const START: &str = "v";

/// Where versions are looked for.
pub(crate) struct Versions<'a, 'sh> {
    pub(crate) git: &'a Git<'sh>,
    pub(crate) images: &'a dyn Tagged,
    /// The image of an app, without a tag.
    pub(crate) image: &'a dyn Fn(&str) -> String,
    /// The tags of the application's repository, and their commits.
    pub(crate) tags: &'a Heads,
    /// The tip of the branch that images are built from.
    pub(crate) tip: &'a str,
}

/// A version of which nothing is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(crate) version: Version,
    pub(crate) commit: String,
    /// In the order of the apps. One that was added later has none.
    pub(crate) digests: Vec<Option<String>>,
}

impl Versions<'_, '_> {
    /// The highest version of `range` of which nothing is missing, if there is one.
    pub(crate) fn highest(&self, range: &VersionReq) -> Result<Option<Whole>> {
        for version in self.listed(range)?.into_iter().rev() {
            match self.whole(&version)? {
                Ok(whole) => {
                    self.unmoved(&whole)?;
                    return Ok(Some(whole));
                }
                Err(why) => println!("left out  {version}: {why}"),
            }
        }
        Ok(None)
    }

    /// The versions of `range` that an image has as a tag, the highest last.
    fn listed(&self, range: &VersionReq) -> Result<BTreeSet<Version>> {
        let mut versions = BTreeSet::new();
        for app in apps() {
            for tag in self.images.tags(app.name())? {
                match Version::of_tag(&tag) {
                    Ok(version) if range.matches(&version.0) => {
                        versions.insert(version);
                    }
                    Err(error) if looks_like_one(&tag) => {
                        println!("left out  {}:{tag}: {error}", (self.image)(app.name()));
                    }
                    // Contents, signatures, and versions that are not followed.
                    _ => {}
                }
            }
        }
        Ok(versions)
    }

    /// The version with its commit and images, or what is missing of it.
    fn whole(&self, version: &Version) -> Result<Result<Whole, String>> {
        let Some(commit) = self.tags.get(&version.to_string()) else {
            return Ok(Err("the repository has no such tag".to_owned()));
        };
        if !self.git.is_ancestor(commit, self.tip) {
            let why = format!("its commit {commit} is not on branch {}", main_branch());
            return Ok(Err(why));
        }
        let mut digests = Vec::new();
        for app in apps() {
            let digest = self.images.tagged(app.name(), &version.to_string())?;
            // What the commit does not have is a later app, or one whose folder has moved.
            if digest.is_none() && self.git.has(commit, app)? {
                return Ok(Err(format!("{} does not have it", (self.image)(app.name()))));
            }
            digests.push(digest);
        }
        Ok(Ok(Whole {
            version: version.clone(),
            commit: commit.clone(),
            digests,
        }))
    }

    /// Refuses a version that is not of the images that were built from its commit: one of both
    /// tags was moved.
    fn unmoved(&self, whole: &Whole) -> Result<()> {
        for (app, digest) in apps().iter().zip(&whole.digests) {
            if let Some(digest) = digest
                && self.git.has(&whole.commit, app)?
            {
                self.of_commit(whole, app, digest)?;
            }
        }
        Ok(())
    }

    fn of_commit(&self, Whole { version, commit, .. }: &Whole, app: &App, digest: &str) -> Result<()> {
        let image = (self.image)(app.name());
        let content = self.git.fingerprint(commit, app)?;
        let built = self.images.digest(app.name(), &content)?.with_context(|| {
            format!(
                "the registry has {image}:{version} and not {image}:{content}, the content of its commit {commit}, signed where \
                 SIGNING_KEY is set; run `cargo xtask ci push` for that commit, or tag another version"
            )
        })?;
        if built != digest {
            bail!(
                "{image}:{version} is {digest}, and what was built from commit {commit}, which has that tag, is {built}: one of \
                 both was moved. A version stays what it is: put it back, or delete both and tag the next one"
            );
        }
        Ok(())
    }
}

/// Whether somebody may have meant a version by it.
fn looks_like_one(tag: &str) -> bool {
    let rest = tag.strip_prefix(START);
    rest.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}
