//! A stretch of time as a percentage of the page's width.

/// Below this a bar could not be seen.
const THINNEST: f64 = 0.25;
/// More labels than this run into each other on a telephone.
const MOST_TICKS: f64 = 7.0;

/// From when to when, in seconds since the run began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    from: f64,
    to: f64,
}

/// A bar on a scale, in percent of its width.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bar {
    pub(super) x: String,
    pub(super) width: String,
}

/// A label on a scale.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) x: String,
    pub(super) label: String,
}

impl Scale {
    pub(super) fn new(from: f64, to: f64) -> Self {
        Self {
            from,
            // A scale of no length would divide by nothing.
            to: to.max(from + 1.0),
        }
    }

    fn percent(&self, at: f64) -> f64 {
        ((at - self.from) / (self.to - self.from) * 100.0).clamp(0.0, 100.0)
    }

    /// Where a moment is.
    pub(super) fn x(&self, at: f64) -> String {
        format!("{:.2}", self.percent(at))
    }

    /// The bar from one moment to another; never too thin to be seen.
    pub(super) fn bar(&self, from: f64, to: f64) -> Bar {
        let x = self.percent(from).min(100.0 - THINNEST);
        Bar {
            x: format!("{x:.2}"),
            width: format!("{:.2}", (self.percent(to) - x).max(THINNEST)),
        }
    }

    /// Round moments, few enough to be read.
    pub(super) fn ticks(&self) -> Vec<Tick> {
        let length = self.to - self.from;
        let steps = [
            1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 3600.0,
        ];
        let step = steps
            .into_iter()
            .find(|step| length / step <= MOST_TICKS)
            .unwrap_or((length / MOST_TICKS / 3600.0).ceil() * 3600.0);
        let mut ticks = Vec::new();
        let mut at = (self.from / step).ceil() * step;
        // One at the very end would stick out.
        while at <= self.to - length * 0.03 {
            let label = if step < 60.0 && self.to < 120.0 {
                format!("{at:.0} s")
            } else {
                format!("{:.0}:{:02.0}", (at / 60.0).floor(), at % 60.0)
            };
            ticks.push(Tick { x: self.x(at), label });
            at += step;
        }
        ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stay_inside_and_can_be_seen() {
        let scale = Scale::new(100.0, 200.0);
        let bar = |from, to| {
            let bar = scale.bar(from, to);
            (bar.x, bar.width)
        };
        assert_eq!(bar(110.0, 160.0), ("10.00".to_owned(), "50.00".to_owned()));
        assert_eq!(bar(150.0, 150.0), ("50.00".to_owned(), "0.25".to_owned()));
        assert_eq!(bar(200.0, 900.0), ("99.75".to_owned(), "0.25".to_owned()));
    }

    #[test]
    fn ticks_are_round_and_few() {
        let labels = |from, to| -> Vec<String> {
            let ticks = Scale::new(from, to).ticks();
            ticks.into_iter().map(|tick| tick.label).collect()
        };
        assert_eq!(
            labels(0.0, 486.0),
            ["0:00", "2:00", "4:00", "6:00"].map(str::to_owned)
        );
        assert_eq!(
            labels(3.0, 9.0),
            ["3 s", "4 s", "5 s", "6 s", "7 s", "8 s"].map(str::to_owned)
        );
        assert!(labels(0.0, 1e7).len() <= 8);
        assert!(!labels(0.0, 0.0).is_empty());
    }
}
