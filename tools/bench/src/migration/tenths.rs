//! Rates over a long way, tenth by tenth.

use std::time::Duration;

/// Messages a second in each tenth of a way.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub(super) struct Tenths(pub(super) [f64; 10]);

impl Tenths {
    /// Of a way of `whole` messages, from how many were done at some moments since its begin, the
    /// last of them its end; between two moments as if at one speed.
    pub(super) fn of(whole: u32, moments: &[(Duration, u32)]) -> Self {
        let at = |wanted: f64| {
            let mut before = (0.0, 0.0);
            for (since, done) in moments {
                let after = (since.as_secs_f64(), f64::from(*done));
                if after.1 >= wanted {
                    let part = (wanted - before.1) / (after.1 - before.1).max(1.0);
                    return before.0 + part * (after.0 - before.0);
                }
                before = after;
            }
            before.0
        };
        let tenth = f64::from(whole) / 10.0;
        Self(std::array::from_fn(|number| {
            let ends = [number, number + 1].map(|end| at(tenth * u32::try_from(end).map_or(0.0, f64::from)));
            tenth / (ends[1] - ends[0])
        }))
    }

    /// Over the whole way.
    pub(super) fn overall(&self) -> f64 {
        10.0 / self.0.iter().map(|rate| 1.0 / rate).sum::<f64>()
    }

    /// The last tenth by the first.
    pub(super) fn last_by_first(&self) -> f64 {
        self.0[9] / self.0[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_that_slows_down_is_seen_tenth_by_tenth() {
        let seconds = Duration::from_secs;
        let found = Tenths::of(1000, &[(seconds(1), 300), (seconds(2), 500), (seconds(12), 1000)]);
        let near = |left: f64, right: f64| assert!((left - right).abs() < 1e-6, "{left} for {right}");
        for (tenth, rate) in [(0, 300.0), (2, 300.0), (3, 200.0), (5, 50.0), (9, 50.0)] {
            near(found.0[tenth], rate);
        }
        near(found.overall(), 1000.0 / 12.0);
        near(found.last_by_first(), 1.0 / 6.0);
    }
}
