//! The version of the template that a copy is from, where no file says so: the one whose files it
//! has most of.

use anyhow::{Result, bail};
use semver::Version;

use super::merge::{Listing, listing};
use super::releases::Releases;

/// The release that the commit `head` is most alike. Of two that are so equally, the older one:
/// what the copy has of the newer one already is merged without a conflict.
pub(super) fn nearest(releases: &Releases, head: &str) -> Result<Version> {
    releases.fetch(releases.versions())?;
    let own = listing(releases, head)?;
    let mut best: Option<(i64, &Version)> = None;
    for version in releases.versions() {
        let files = releases.listing(version)?;
        if let Some(likeness) = likeness(&own, &files)
            && best.is_none_or(|(most, _)| likeness > most)
        {
            best = Some((likeness, version));
        }
    }
    match best {
        Some((_, version)) => Ok(version.clone()),
        None => bail!(
            "it is not known which version of the template this copy is from: it is like none of them; say which it is \
             (`--base VERSION`)"
        ),
    }
}

/// A copy has at least one in so many of the template's files as they are, however much it dropped.
const FEWEST: i64 = 20;

/// How many files both have alike, less those that only the release has so; none if these are few,
/// or most of what both have is different.
fn likeness(own: &Listing, release: &Listing) -> Option<i64> {
    let both = release.keys().filter(|path| own.contains_key(*path)).count();
    let alike = release
        .iter()
        .filter(|(path, entry)| own.get(*path) == Some(entry))
        .count();
    let [alike, both, all] =
        [alike, both, release.len()].map(|count| i64::try_from(count).unwrap_or(i64::MAX));
    (alike * FEWEST >= all && alike * 2 >= both).then_some(alike * 2 - all)
}
