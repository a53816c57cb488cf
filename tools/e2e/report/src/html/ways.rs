//! Each commit's way from the push to the visitor, as a track with stations.

use super::words;
use crate::{Mark, Milestone, Report, Way};

pub(super) struct Track {
    pub(super) commit: String,
    pub(super) environment: String,
    pub(super) scenario: String,
    /// From the merge to only new answers, or what it reached instead.
    pub(super) summary: String,
    pub(super) arrived: bool,
    pub(super) stations: Vec<Station>,
}

pub(super) struct Station {
    pub(super) name: &'static str,
    /// Seconds since the station before; empty at the first.
    pub(super) gap: String,
    /// Whose the stretch before is: people's, CI's, Argo CD's or the visitors'.
    pub(super) class: &'static str,
    /// How much of the track the stretch before takes, as a weight.
    pub(super) weight: String,
}

pub(super) fn tracks(report: &Report) -> Vec<Track> {
    report.ways.iter().map(|way| track(report, way)).collect()
}

fn track(report: &Report, way: &Way) -> Track {
    let marks = in_order(&way.marks);
    let at = |milestone| {
        marks
            .iter()
            .find(|mark| mark.milestone == milestone)
            .map(|mark| mark.at)
    };
    let live = at(Milestone::Merged).zip(at(Milestone::OnlyNew));
    let summary = match (live, marks.first(), marks.last()) {
        (Some((merged, only)), ..) => {
            format!("{} from merge to only new answers", words::seconds(only - merged))
        }
        (None, Some(first), Some(last)) => {
            let took = words::seconds(last.at - first.at);
            format!(
                "{took} from {} to {}",
                name(first.milestone),
                name(last.milestone)
            )
        }
        (None, ..) => "nothing was recorded".to_owned(),
    };
    let mut before: Option<&Mark> = None;
    let stations = marks.iter().map(|mark| {
        let gap = before.map(|before| mark.at - before.at);
        let coarse =
            mark.milestone.whole_seconds() || before.is_some_and(|before| before.milestone.whole_seconds());
        before = Some(mark);
        Station {
            name: name(mark.milestone),
            gap: match gap {
                None => String::new(),
                Some(gap) if coarse => format!("≈ {}", words::seconds(gap.round())).replace(".0 s", " s"),
                Some(gap) => words::seconds(gap),
            },
            class: whose(mark.milestone),
            // By the root, so that a second beside two minutes can be seen.
            weight: format!("{:.2}", gap.map_or(0.0, |gap| 1.0 + gap.max(0.0).sqrt())),
        }
    });
    let stations = stations.collect();
    let scenario = report.steps.iter().find(|step| step.id == way.step);
    Track {
        commit: words::short(&way.commit),
        environment: way.environment.clone(),
        scenario: scenario.map_or_else(|| way.step.clone(), |step| step.title.clone()),
        summary,
        arrived: live.is_some(),
        stations,
    }
}

/// By time. A time in whole seconds may seem to lie before the merge that caused it: it is moved
/// there.
fn in_order(marks: &[Mark]) -> Vec<Mark> {
    let merged = marks
        .iter()
        .find(|mark| mark.milestone == Milestone::Merged)
        .map(|mark| mark.at);
    let mut marks: Vec<Mark> = marks
        .iter()
        .map(|mark| match merged {
            Some(merged) if mark.milestone.whole_seconds() => Mark {
                at: mark.at.max(merged),
                ..*mark
            },
            _ => *mark,
        })
        .collect();
    marks.sort_by(|a, b| a.at.total_cmp(&b.at).then(a.milestone.cmp(&b.milestone)));
    marks
}

fn name(milestone: Milestone) -> &'static str {
    match milestone {
        Milestone::Pushed => "push",
        Milestone::BuildBegan => "CI start",
        Milestone::BuildEnded => "CI end",
        Milestone::Proposed => "proposal",
        Milestone::Merged => "merge",
        Milestone::Detected => "detected",
        Milestone::MigrationBegan => "migration start",
        Milestone::MigrationEnded => "migration end",
        Milestone::Applied => "applied",
        Milestone::FirstAnswer => "first answer",
        Milestone::OnlyNew => "only new",
    }
}

fn whose(milestone: Milestone) -> &'static str {
    match milestone {
        Milestone::Pushed | Milestone::Proposed | Milestone::Merged => "git",
        Milestone::BuildBegan | Milestone::BuildEnded => "ci",
        Milestone::Detected | Milestone::MigrationBegan | Milestone::MigrationEnded | Milestone::Applied => {
            "argo"
        }
        Milestone::FirstAnswer | Milestone::OnlyNew => "visitor",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn stations_are_in_order_with_the_seconds_between() {
        let tracks = tracks(&sample::passed());
        let stations: Vec<(&str, &str)> = tracks[0]
            .stations
            .iter()
            .map(|station| (station.name, station.gap.as_str()))
            .collect();
        assert_eq!(
            stations,
            [
                ("push", ""),
                ("CI start", "0.3 s"),
                ("CI end", "20 s"),
                ("proposal", "0.2 s"),
                ("merge", "0.3 s"),
                ("detected", "≈ 0 s"),
                ("first answer", "≈ 4 s"),
                ("only new", "0.9 s"),
            ]
        );
        assert_eq!(tracks[0].summary, "4.9 s from merge to only new answers");
        assert_eq!(tracks[0].scenario, "page change");
    }

    #[test]
    fn a_way_that_ends_half_way_says_where() {
        let mut report = sample::passed();
        report.ways[0]
            .marks
            .retain(|mark| mark.milestone < Milestone::Proposed);
        let tracks = tracks(&report);
        assert!(!tracks[0].arrived);
        assert_eq!(tracks[0].summary, "20 s from push to CI end");
    }
}
