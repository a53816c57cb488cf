//! How far measurements of the same thing lie apart.

use serde::Serialize;

/// One figure over many measurements.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) min: f64,
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// None of no values.
    pub(crate) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        // The least value that so many hundredths of all do not exceed: one that was measured.
        let at = |hundredths: usize| values[(values.len() * hundredths).div_ceil(100) - 1];
        Some(Self {
            min,
            p50: at(50),
            p95: at(95),
            max,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_twenty_values_one_may_be_above_the_95th_hundredth() {
        let spread = Spread::of((1..=20_u32).rev().map(f64::from).collect()).unwrap();
        assert_eq!(
            (spread.min, spread.p50, spread.p95, spread.max),
            (1.0, 10.0, 19.0, 20.0)
        );
        assert!(Spread::of(vec![7.0]).is_some_and(|spread| (spread.p95 - 7.0).abs() < 1e-9));
        assert_eq!(Spread::of(Vec::new()), None);
    }
}
