//! Statistics over rounds: the median and the spread.

use crate::load::Sample;
use crate::workload::{Contender, Workload};

/// All samples, in the order of their rounds.
#[derive(Debug, Default)]
pub(crate) struct Rounds(Vec<(Workload, Contender, Sample)>);

impl Rounds {
    pub(crate) fn add(&mut self, workload: Workload, contender: Contender, sample: Sample) {
        self.0.push((workload, contender, sample));
    }

    /// One figure of every round.
    pub(crate) fn figures(
        &self,
        workload: Workload,
        contender: Contender,
        figure: impl Fn(&Sample) -> f64,
    ) -> Vec<f64> {
        self.0
            .iter()
            .filter(|(of, who, _)| {
                (of.request, of.connections, *who) == (workload.request, workload.connections, contender)
            })
            .map(|(_, _, sample)| figure(sample))
            .collect()
    }

    /// Two contenders compared round by round.
    pub(crate) fn compared(
        &self,
        workload: Workload,
        [one, other]: [Contender; 2],
        figure: impl Fn(&Sample) -> f64,
        compare: impl Fn(f64, f64) -> f64,
    ) -> Spread {
        let one = self.figures(workload, one, &figure);
        let other = self.figures(workload, other, &figure);
        Spread::of(
            one.into_iter()
                .zip(other)
                .map(|(one, other)| compare(one, other))
                .collect(),
        )
    }
}

/// A figure over all rounds.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// Of a figure that there is once.
    pub(crate) fn exactly(value: f64) -> Self {
        Self::of(vec![value])
    }

    /// Of at least one value.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let (min, max) = (values[0], values[values.len() - 1]);
        let (low, high) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
        Self {
            median: f64::midpoint(low, high),
            min,
            max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_an_even_number_lies_between_the_two() {
        let spread = Spread::of(vec![4.0, 1.0, 3.0, 2.0]);
        assert_eq!(
            spread,
            Spread {
                median: 2.5,
                min: 1.0,
                max: 4.0
            }
        );
        assert_eq!(
            Spread::of(vec![7.0]),
            Spread {
                median: 7.0,
                min: 7.0,
                max: 7.0
            }
        );
    }
}
