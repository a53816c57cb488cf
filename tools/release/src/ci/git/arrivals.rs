//! When commits reached the main line. The commit of a proposal has the date of what it releases,
//! so only its merge says when that was released.

use std::collections::{HashMap, HashSet};

use anyhow::{Context as _, Result};

use super::Git;

/// A commit as Git lists it.
struct Listed<'t> {
    /// When it was committed, in seconds since 1970.
    at: u64,
    parents: Vec<&'t str>,
}

impl Git<'_> {
    /// When the main line of `tip` got each of `commits`, which are in its history.
    pub(crate) fn arrivals(&self, tip: &str, commits: &HashSet<&str>) -> Result<HashMap<String, u64>> {
        if commits.is_empty() {
            return Ok(HashMap::new());
        }
        let list = self.read(&["rev-list", "--timestamp", "--parents", tip]);
        let list = list.with_context(|| format!("list the history of {tip} with its times"))?;
        let mut arrivals = arrivals(tip, &list);
        arrivals.retain(|commit, _| commits.contains(commit));
        let owned = arrivals.into_iter().map(|(commit, at)| (commit.to_owned(), at));
        Ok(owned.collect())
    }
}

/// The same of all commits in `list`: on each line a time, a commit and its parents.
fn arrivals<'t>(tip: &'t str, list: &'t str) -> HashMap<&'t str, u64> {
    let listed: HashMap<_, _> = list.lines().filter_map(listed).collect();
    let parents = |commit: &str| listed.get(commit).map_or(&[][..], |one| &one.parents);
    let line = std::iter::successors(Some(tip), |commit| parents(commit).first().copied());
    let mut arrived = HashMap::new();
    for commit in line.collect::<Vec<_>>().into_iter().rev() {
        let at = listed.get(commit).map_or(0, |one| one.at);
        let mut brought = vec![commit];
        while let Some(one) = brought.pop() {
            if !arrived.contains_key(one) {
                arrived.insert(one, at);
                brought.extend(parents(one));
            }
        }
    }
    arrived
}

fn listed(line: &str) -> Option<(&str, Listed<'_>)> {
    let mut words = line.split(' ');
    let at = words.next()?.parse().ok()?;
    let commit = words.next()?;
    let parents = words.collect();
    Some((commit, Listed { at, parents }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_arrives_with_the_merge_that_brought_it() {
        // A proposal of `a` waits on a branch of its own while `b` comes, and so does one in it.
        let list = "90 merge b second\n60 second proposal late\n50 b a\n40 late start\n\
            20 proposal a\n20 a start\n10 start";
        let arrivals = arrivals("merge", list);
        for (commit, at) in [
            ("start", 10),
            ("a", 20),
            ("b", 50),
            ("proposal", 90),
            ("late", 90),
            ("merge", 90),
        ] {
            assert_eq!(arrivals.get(commit), Some(&at), "{commit}");
        }
    }
}
