//! How traffic moved between clusters, a chart for each scenario that moves it: the share of each
//! cluster as steps, and on the same axis what was answered.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::scale::{Bar, Scale, Tick};
use super::words;
use crate::{Report, Second, Traffic};

pub(super) struct Chart {
    pub(super) scenario: String,
    pub(super) targets: Vec<Target>,
    /// While there were answers.
    pub(super) answered: Vec<Bar>,
    /// Seconds with answers that were bad, each with what it says when pointed at.
    pub(super) failures: Vec<(Bar, String)>,
    pub(super) all: String,
    pub(super) failed: String,
    pub(super) bad: bool,
    pub(super) ticks: Vec<Tick>,
}

pub(super) struct Target {
    pub(super) name: String,
    /// One after the other: `0 → 5 → 0 %`.
    pub(super) shares: String,
    /// The same with times, for who does not see the curve.
    pub(super) told: String,
    /// Points of an SVG path, in percent of both axes, from the top down.
    pub(super) line: String,
    /// The same, closed along the bottom.
    pub(super) area: String,
}

pub(super) fn charts(report: &Report) -> Vec<Chart> {
    let charts = report.traffic.iter();
    charts.filter_map(|traffic| chart(report, traffic)).collect()
}

/// Nothing where nothing was recorded.
fn chart(report: &Report, traffic: &Traffic) -> Option<Chart> {
    let weights = traffic.weights.iter().map(|weights| weights.at);
    let begins = traffic.answers.iter().map(|second| second.at);
    let from = weights.clone().chain(begins.clone()).reduce(f64::min)?;
    let to = weights.chain(begins.map(|at| at + 1.0)).reduce(f64::max)?;
    let scale = Scale::new(from, to);
    let names: BTreeSet<&String> = traffic.weights.iter().flat_map(|all| all.of.keys()).collect();
    let failed: u64 = traffic.answers.iter().map(|second| second.failed).sum();
    let scenario = report.steps.iter().find(|step| step.id == traffic.step);
    Some(Chart {
        scenario: scenario.map_or_else(|| traffic.step.clone(), |step| step.title.clone()),
        targets: names
            .into_iter()
            .map(|name| target(name, traffic, scale, to))
            .collect(),
        answered: answered(&traffic.answers, scale),
        failures: failures(&traffic.answers, scale),
        all: words::count(traffic.answers.iter().map(|second| second.answered).sum()),
        failed: words::count(failed),
        bad: failed > 0,
        ticks: scale.ticks(),
    })
}

fn target(name: &str, traffic: &Traffic, scale: Scale, end: f64) -> Target {
    // The others' may have changed while its own was the same.
    let mut shares: Vec<(f64, u64)> = traffic
        .weights
        .iter()
        .map(|weights| (weights.at, weights.of.get(name).copied().unwrap_or_default()))
        .collect();
    shares.dedup_by_key(|(_, share)| *share);
    let (mut line, mut told) = (String::new(), Vec::new());
    for (at, share) in &shares {
        let (x, y) = (scale.x(*at), 100 - (*share).min(100));
        let _ = if line.is_empty() {
            write!(line, "M{x} {y}")
        } else {
            write!(line, "H{x}V{y}")
        };
        told.push(format!("{share} % from {}", words::seconds(*at)));
    }
    let _ = write!(line, "H{}", scale.x(end));
    let first = shares.first().map_or(0.0, |(at, _)| *at);
    let shown: Vec<_> = shares.iter().map(|(_, share)| share.to_string()).collect();
    Target {
        name: name.to_owned(),
        shares: format!("{} %", shown.join(" → ")),
        told: told.join(", "),
        area: format!("{line}V100H{}Z", scale.x(first)),
        line,
    }
}

/// One bar for all seconds in a row.
fn answered(answers: &[Second], scale: Scale) -> Vec<Bar> {
    let mut spans: Vec<(f64, f64)> = Vec::new();
    for second in answers {
        let end = second.at + 1.0;
        match spans.last_mut() {
            // A second in which nothing happened to be answered is no pause.
            Some((_, until)) if second.at <= *until + 1.0 => *until = end,
            _ => spans.push((second.at, end)),
        }
    }
    spans.into_iter().map(|(from, to)| scale.bar(from, to)).collect()
}

fn failures(answers: &[Second], scale: Scale) -> Vec<(Bar, String)> {
    let bad = answers.iter().filter(|second| second.failed > 0);
    bad.map(|second| {
        let title = format!(
            "{}: {} of {} failed",
            words::seconds(second.at),
            second.failed,
            second.answered
        );
        (scale.bar(second.at, second.at + 1.0), title)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn weights_are_steps_over_the_answers_of_the_same_time() {
        let charts = charts(&sample::passed());
        let [chart] = &charts[..] else {
            panic!("{} charts", charts.len())
        };
        assert_eq!(chart.scenario, "page change");
        let [blue, green] = &chart.targets[..] else {
            panic!("not two")
        };
        assert_eq!((&*blue.name, &*green.name), ("blue", "green"));
        assert_eq!(green.line, "M0.00 100H25.00V95H50.00V100H100.00");
        assert_eq!(green.area, "M0.00 100H25.00V95H50.00V100H100.00V100H0.00Z");
        assert_eq!(blue.shares, "100 → 95 → 100 %");
        assert_eq!(green.told, "0 % from 40 s, 5 % from 45 s, 0 % from 50 s");
        let bar = |x: &str, width: &str| Bar {
            x: x.to_owned(),
            width: width.to_owned(),
        };
        assert_eq!(chart.answered, [bar("0.00", "10.00"), bar("95.00", "5.00")]);
        assert_eq!(
            chart.failures[0],
            (bar("5.00", "5.00"), "41 s: 2 of 60 failed".to_owned())
        );
        assert_eq!((&*chart.failed, &*chart.all, chart.bad), ("3", "180", true));
    }

    #[test]
    fn where_no_traffic_was_recorded_there_is_no_chart() {
        let mut report = sample::passed();
        report.traffic = vec![Traffic::default()];
        assert!(charts(&report).is_empty());
    }
}
