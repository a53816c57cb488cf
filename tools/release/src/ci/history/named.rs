//! The commits that an environment's overlays name, now and ever.

use std::collections::BTreeSet;

use anyhow::Result;

use super::ReleaseHistory;
use crate::ci::git::Git;

impl ReleaseHistory {
    /// The commits that the marks of now name, released and taken back. Not those with which an
    /// overlay begins: whoever began it anew has left them behind, and nothing is compared with
    /// them.
    pub(crate) fn named(&self) -> BTreeSet<String> {
        let mut named = BTreeSet::new();
        for (at, (pin, _)) in self.now.iter().enumerate() {
            let mut wrote = self.releases.iter().filter(|release| !release.begins[at]);
            if wrote.any(|release| release.pins[at].as_ref() == Some(pin)) {
                named.extend(pin.commit.iter().chain(&pin.withdrawn).cloned());
            }
        }
        named
    }

    /// The latest commits that were ever released, or taken back.
    pub(crate) fn latest(&self, git: &Git<'_>) -> Result<Vec<String>> {
        let pins = self
            .releases
            .iter()
            .flat_map(|release| release.pins.iter().flatten());
        let named = pins.flat_map(|pin| pin.commit.iter().chain(&pin.withdrawn));
        let named: BTreeSet<_> = named.map(String::as_str).collect();
        let here = named
            .into_iter()
            .filter(|commit| git.commit_named(commit).is_some());
        git.latest_of(&here.collect())
    }
}
