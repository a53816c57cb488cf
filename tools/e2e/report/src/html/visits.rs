//! What somebody outside was answered, as coloured bars: one colour a version, failures in red
//! above.

use std::collections::BTreeSet;

use super::scale::{Bar, Scale, Tick};
use super::words;
use crate::{Answer, Milestone, Report};

/// How many colours the style sheet has for versions.
const COLOURS: usize = 6;
/// Enough to see what went wrong; all of it is in the JSON.
const MOST_ERRORS: usize = 8;

#[derive(Default)]
pub(super) struct Visits {
    pub(super) lanes: Vec<Lane>,
    pub(super) ticks: Vec<Tick>,
    pub(super) versions: Vec<Version>,
    pub(super) errors: Vec<String>,
    pub(super) more_errors: usize,
}

pub(super) struct Lane {
    pub(super) environment: String,
    pub(super) site: String,
    pub(super) asked: String,
    pub(super) failed: String,
    pub(super) bad: bool,
    pub(super) bars: Vec<Coloured>,
    pub(super) failures: Vec<Coloured>,
    /// Where something was merged for this environment.
    pub(super) merges: Vec<String>,
}

/// A bar, its colour, and what it says when pointed at.
pub(super) struct Coloured {
    pub(super) bar: Bar,
    pub(super) colour: usize,
    pub(super) title: String,
}

pub(super) struct Version {
    pub(super) commit: String,
    pub(super) colour: usize,
}

impl Visits {
    pub(super) fn of(report: &Report) -> Self {
        let answers = || report.visits.iter().flat_map(|visits| &visits.answers);
        let from = answers().map(|run| run.from).fold(f64::INFINITY, f64::min);
        let to = answers().map(|run| run.to).fold(0.0, f64::max);
        if !from.is_finite() {
            return Self::default();
        }
        let scale = Scale::new(from, to);
        let versions = versions(report);
        let mut errors = errors(report);
        let more_errors = errors.len().saturating_sub(MOST_ERRORS);
        errors.truncate(MOST_ERRORS);
        let lane = |visits: &crate::Visits| lane(report, visits, scale, &versions);
        Self {
            lanes: report.visits.iter().map(lane).collect(),
            ticks: scale.ticks(),
            versions: versions
                .iter()
                .enumerate()
                .map(|(index, commit)| Version {
                    commit: words::short(commit),
                    colour: index % COLOURS,
                })
                .collect(),
            errors,
            more_errors,
        }
    }
}

/// Every version that answered, in order of its first answer.
fn versions(report: &Report) -> Vec<String> {
    let mut runs: Vec<_> = report.visits.iter().flat_map(|visits| &visits.answers).collect();
    runs.sort_by(|a, b| a.from.total_cmp(&b.from));
    let mut seen = BTreeSet::new();
    runs.into_iter()
        .filter_map(|run| match &run.answer {
            Answer::Version(commit) => seen.insert(commit).then(|| commit.clone()),
            Answer::Error(_) => None,
        })
        .collect()
}

fn lane(report: &Report, visits: &crate::Visits, scale: Scale, versions: &[String]) -> Lane {
    let (mut asked, mut failed) = (0, 0);
    let (mut bars, mut failures) = (Vec::new(), Vec::new());
    for (index, run) in visits.answers.iter().enumerate() {
        asked += run.count;
        // Until the next answer: between two questions the site was no other.
        let until = visits.answers.get(index + 1).map_or(run.to, |next| next.from);
        let span = format!(
            "{} – {}: {} ×",
            words::seconds(run.from),
            words::seconds(run.to),
            run.count
        );
        match &run.answer {
            Answer::Version(commit) => bars.push(Coloured {
                bar: scale.bar(run.from, until),
                colour: versions.iter().position(|known| known == commit).unwrap_or(0) % COLOURS,
                title: format!("{span} {}", words::short(commit)),
            }),
            Answer::Error(error) => {
                failed += run.count;
                failures.push(Coloured {
                    bar: scale.bar(run.from, run.to),
                    colour: 0,
                    title: format!("{span} {error}"),
                });
            }
        }
    }
    let ways = report
        .ways
        .iter()
        .filter(|way| way.environment == visits.environment);
    let marks = ways.flat_map(|way| &way.marks);
    Lane {
        environment: visits.environment.clone(),
        site: visits.site.clone(),
        asked: words::count(asked),
        failed: words::count(failed),
        bad: failed > 0,
        bars,
        failures,
        merges: marks
            .filter(|mark| mark.milestone == Milestone::Merged)
            .map(|mark| scale.x(mark.at))
            .filter(|x| x != "0.00")
            .collect(),
    }
}

fn errors(report: &Report) -> Vec<String> {
    let mut errors = Vec::new();
    for visits in &report.visits {
        for run in &visits.answers {
            if let Answer::Error(error) = &run.answer {
                let breaking: Vec<_> = report
                    .breaking_at(run.from)
                    .map(|step| format!(", in “{}”", step.title))
                    .collect();
                errors.push(format!(
                    "{} {}, after {}{}: {} × {error}",
                    visits.environment,
                    visits.site,
                    words::seconds(run.from),
                    breaking.concat(),
                    run.count
                ));
            }
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn requests_and_failures_are_counted_and_versions_coloured_in_order() {
        let visits = Visits::of(&sample::passed());
        let lane = &visits.lanes[0];
        assert_eq!(
            (lane.asked.as_str(), lane.failed.as_str(), lane.bad),
            ("200", "1", true)
        );
        let commits: Vec<&str> = visits
            .versions
            .iter()
            .map(|version| version.commit.as_str())
            .collect();
        assert_eq!(commits, ["e82f968720", "3460d86af6"]);
        assert_eq!((lane.bars[0].colour, lane.bars[1].colour), (0, 1));
        assert_eq!(
            lane.bars[1].bar,
            Bar {
                x: "63.75".to_owned(),
                width: "36.25".to_owned()
            }
        );
        assert_eq!(
            visits.errors,
            ["staging page, after 1 min 05 s: 1 × connection refused"]
        );
        assert_eq!(lane.merges, ["53.75"]);
    }
}
