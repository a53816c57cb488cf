//! Which share of the traffic each target has.

use std::collections::BTreeMap;
use std::fmt;

use crate::fault::Fault;

/// All of the traffic.
pub(crate) const WHOLE: u32 = 100;

/// A share for each target, in percent. They add up to the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Weights(BTreeMap<String, u32>);

impl Weights {
    /// An error unless they add up: a share of something else would be moved by guess.
    pub(crate) fn new(shares: BTreeMap<String, u32>) -> Result<Self, Fault> {
        let sum: u64 = shares.values().map(|share| u64::from(*share)).sum();
        if sum == u64::from(WHOLE) {
            return Ok(Self(shares));
        }
        let found = shown(&shares);
        Err(Fault::DoNotAddUp { found, sum })
    }

    /// The share of a target, if there is such a one.
    pub(crate) fn of(&self, target: &str) -> Option<u32> {
        self.0.get(target).copied()
    }

    /// Every target with its share.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.0.iter().map(|(name, share)| (name.as_str(), *share))
    }

    /// The same with this share for `target`; the others keep what is left in the proportion that
    /// they have.
    pub(crate) fn with(&self, target: &str, share: u32) -> Self {
        let others = || self.0.iter().filter(|(name, _)| *name != target);
        let had: u32 = others().map(|(_, share)| share).sum();
        let left = WHOLE.saturating_sub(share);
        if had == 0 {
            return self.clone();
        }
        let mut shares: BTreeMap<String, u32> = others()
            .map(|(name, share)| (name.clone(), share * left / had))
            .collect();
        // What rounding has left goes to those that lost most by it.
        let mut lost: Vec<_> = others().map(|(name, share)| (share * left % had, name)).collect();
        lost.sort_by(|one, other| other.cmp(one));
        let given: u32 = shares.values().sum();
        for (_, name) in lost.into_iter().take((left - given) as usize) {
            shares.entry(name.clone()).and_modify(|share| *share += 1);
        }
        shares.insert(target.to_owned(), WHOLE - left);
        Self(shares)
    }

    /// As a claim carries it: `blue:90+green:10`.
    pub(crate) fn packed(&self) -> String {
        let shares = self.0.iter().map(|(name, share)| format!("{name}:{share}"));
        shares.collect::<Vec<_>>().join("+")
    }

    /// What [`packed`](Self::packed) wrote.
    pub(crate) fn unpacked(text: &str) -> Option<Self> {
        let share = |text: &str| {
            let (name, share) = text.split_once(':')?;
            Some((name.to_owned(), share.parse().ok()?))
        };
        let shares: Option<_> = text.split('+').map(share).collect();
        Self::new(shares?).ok()
    }
}

impl fmt::Display for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.0))
    }
}

fn shown(shares: &BTreeMap<String, u32>) -> String {
    let shares = shares.iter().map(|(name, share)| format!("{name} {share}"));
    shares.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::tests::Random;

    fn weights(shares: &[(&str, u32)]) -> Weights {
        let shares = shares.iter().map(|(name, share)| ((*name).to_owned(), *share));
        Weights::new(shares.collect()).unwrap()
    }

    #[test]
    fn what_is_left_is_shared_as_before() {
        let before = weights(&[("blue", 60), ("green", 0), ("red", 40)]);
        assert_eq!(before.with("green", 10).to_string(), "blue 54, green 10, red 36");
        assert_eq!(before.with("green", 100).to_string(), "blue 0, green 100, red 0");
    }

    #[test]
    fn whatever_is_moved_adds_up_and_nobody_else_gets_more() {
        let mut random = Random(7);
        for _ in 0..20_000 {
            let cuts = [random.below(101), random.below(101)];
            let (low, high) = (cuts[0].min(cuts[1]), cuts[0].max(cuts[1]));
            let before = weights(&[("a", low), ("b", high - low), ("c", 100 - high)]);
            let share = before.of("a").unwrap() + random.below(101 - low);
            let after = before.with("a", share);
            assert_eq!(after.iter().map(|(_, share)| share).sum::<u32>(), WHOLE);
            for other in ["b", "c"] {
                assert!(after.of(other) <= before.of(other), "{before}: {after}");
            }
            assert_eq!(Weights::unpacked(&after.packed()), Some(after));
        }
    }

    #[test]
    fn weights_that_do_not_add_up_are_none() {
        let shares = [("blue".to_owned(), 1), ("green".to_owned(), 1)];
        let error = Weights::new(shares.into()).unwrap_err();
        assert!(error.to_string().contains("blue 1, green 1"), "{error}");
        assert_eq!(Weights::unpacked("blue:50"), None);
    }
}
