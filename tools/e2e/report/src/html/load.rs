//! How busy the machine was, as two curves on the axis of the steps, and how large what CI built
//! is.

use std::fmt::Write as _;

use super::words;
use crate::Report;

/// The height of a curve in its own units; the page stretches it.
const HEIGHT: f64 = 100.0;
const WIDTH: f64 = 1000.0;

#[derive(Default)]
pub(super) struct Load {
    pub(super) curves: Vec<Curve>,
    pub(super) images: Vec<(String, String, String)>,
}

pub(super) struct Curve {
    pub(super) name: &'static str,
    pub(super) class: &'static str,
    /// What its upper edge stands for.
    pub(super) top: String,
    pub(super) summary: String,
    /// The outline from first to last, as points of an SVG path.
    pub(super) line: String,
    /// The same, closed along the bottom.
    pub(super) area: String,
}

impl Load {
    pub(super) fn of(report: &Report) -> Self {
        let images = report.images.iter().map(|image| {
            let tag = words::short(&image.tag);
            (image.app.clone(), tag, format!("{:.1} MB", image.megabytes))
        });
        let images = images.collect();
        if report.load.len() < 2 {
            return Self {
                images,
                ..Self::default()
            };
        }
        Self {
            curves: vec![cpu(report), memory(report)],
            images,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "drawn")]
fn cpu(report: &Report) -> Curve {
    let shares = || report.load.iter().map(|load| load.cpu);
    let mean = shares().sum::<f64>() / report.load.len() as f64;
    let (line, area) = curve(report, report.load.iter().map(|load| (load.at, load.cpu)));
    Curve {
        name: "Processors",
        class: "cpu",
        top: format!("{} CPUs", report.about.cpus.max(1)),
        summary: format!("{:.0} % busy on average", mean * 100.0),
        line,
        area,
    }
}

#[expect(clippy::cast_precision_loss, reason = "drawn")]
fn memory(report: &Report) -> Curve {
    let most = report
        .load
        .iter()
        .map(|load| load.memory_bytes)
        .max()
        .unwrap_or(0);
    let all = report.about.memory_bytes.max(most).max(1);
    let shares = report
        .load
        .iter()
        .map(|load| (load.at, load.memory_bytes as f64 / all as f64));
    let (line, area) = curve(report, shares);
    Curve {
        name: "Memory",
        class: "memory",
        top: words::bytes(all),
        summary: format!("{} at most", words::bytes(most)),
        line,
        area,
    }
}

fn curve(report: &Report, points: impl Iterator<Item = (f64, f64)>) -> (String, String) {
    let end = report.seconds.max(1.0);
    let mut line = String::new();
    let (mut first, mut last) = (None, 0.0);
    for (at, share) in points {
        let x = (at / end).clamp(0.0, 1.0) * WIDTH;
        let y = (1.0 - share.clamp(0.0, 1.0)) * HEIGHT;
        let _ = write!(line, "{}{x:.1} {y:.1}", if first.is_none() { "M" } else { "L" });
        first.get_or_insert(x);
        last = x;
    }
    let area = format!("{line}L{last:.1} {HEIGHT}L{:.1} {HEIGHT}Z", first.unwrap_or(0.0));
    (line, area)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn curves_are_drawn_on_the_scale_of_the_machine() {
        let load = Load::of(&sample::passed());
        assert_eq!(load.curves[0].line, "M25.0 10.0L50.0 60.0");
        assert_eq!(load.curves[1].area, "M25.0 62.5L50.0 56.2L50.0 100L25.0 100Z");
        assert_eq!(load.curves[0].summary, "65 % busy on average");
        assert_eq!(load.images[0].2, "13.3 MB");
    }
}
