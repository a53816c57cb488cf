//! Every step as a bar: when it ran, how long it might have taken, how long it took last time.
//! Among them the parts that were made: what they were made by, when.

use super::scale::{Bar, Scale, Tick};
use super::words;
use crate::part::WorkKind;
use crate::{Kind, Outcome, Part, Report, StepRecord};

pub(super) struct Timeline {
    pub(super) ticks: Vec<Tick>,
    pub(super) rows: Vec<Row>,
    /// The colours of a part's work, where there is such a part.
    pub(super) kinds: Vec<&'static str>,
}

pub(super) struct Row {
    pub(super) title: String,
    /// `passed`, `failed`, `interrupted`, and whether it is a scenario; or `part`.
    pub(super) class: String,
    pub(super) bar: Bar,
    /// The time it might have taken.
    pub(super) budget: Option<Bar>,
    /// What a part was made by, with its kind.
    pub(super) work: Vec<(&'static str, Bar)>,
    /// Where it ended last time, if that is on the scale.
    pub(super) last: Option<String>,
    pub(super) took: String,
    pub(super) of: String,
}

impl Timeline {
    pub(super) fn of(report: &Report) -> Self {
        let scale = Scale::new(0.0, report.seconds);
        let steps = report.steps.iter();
        let steps = steps
            .filter(|step| !matches!(step.outcome, Outcome::Skipped(_)))
            .map(|step| (step.began, row(step, scale, report.seconds)));
        let made: Vec<&Part> = report.parts.iter().filter(|part| !part.was_there()).collect();
        let parts = made.iter().map(|part| (part.began, row_of_part(part, scale)));
        let mut rows: Vec<(f64, Row)> = steps.chain(parts).collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let kinds = if made.is_empty() { &[][..] } else { &WorkKind::ALL };
        Self {
            ticks: scale.ticks(),
            rows: rows.into_iter().map(|(_, row)| row).collect(),
            kinds: kinds.iter().map(|kind| kind.word()).collect(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "budgets are minutes")]
fn row(step: &StepRecord, scale: Scale, end: f64) -> Row {
    let budget = step.budget_seconds as f64;
    let kind = match step.kind {
        Kind::Step => "step",
        Kind::Scenario => "scenario",
    };
    let last_end = step.last_seconds.map(|last| step.began + last);
    let of = match step.last_seconds {
        Some(last) => format!(
            "last {} · of {}",
            words::seconds(last),
            whole(step.budget_seconds)
        ),
        None => format!("of {}", whole(step.budget_seconds)),
    };
    Row {
        title: step.title.clone(),
        class: format!("{kind} {}", step.outcome.word()),
        bar: scale.bar(step.began, step.began + step.seconds),
        budget: Some(scale.bar(step.began, step.began + budget)),
        work: Vec::new(),
        last: last_end.filter(|at| *at <= end).map(|at| scale.x(at)),
        took: words::seconds(step.seconds),
        of,
    }
}

fn row_of_part(part: &Part, scale: Scale) -> Row {
    let work = part.work.iter().map(|work| {
        let bar = scale.bar(work.began, work.began + work.seconds);
        (work.kind.word(), bar)
    });
    Row {
        title: part.title(),
        class: "part".to_owned(),
        bar: scale.bar(part.began, part.began + part.seconds),
        budget: None,
        work: work.collect(),
        last: None,
        took: words::seconds(part.seconds),
        of: part.processor_seconds().map_or_else(String::new, |seconds| {
            format!("{} of processors", words::seconds(seconds))
        }),
    }
}

/// `45 s`, `5 min`: budgets are round.
fn whole(seconds: u64) -> String {
    if seconds >= 60 && seconds.is_multiple_of(60) {
        format!("{} min", seconds / 60)
    } else {
        format!("{seconds} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_part_that_was_made_is_drawn_with_its_work_below_the_step_that_made_it() {
        let timeline = Timeline::of(&sample::passed());
        let titles: Vec<&str> = timeline.rows.iter().map(|row| row.title.as_str()).collect();
        assert_eq!(titles, ["forge and AWS", "node", "forge", "page change"]);
        let node = &timeline.rows[1];
        let bar = |x: &str, width: &str| Bar {
            x: x.to_owned(),
            width: width.to_owned(),
        };
        assert_eq!(node.bar, bar("2.50", "25.00"));
        let work = [
            ("download", bar("2.50", "2.50")),
            ("compile", bar("6.25", "17.50")),
        ];
        assert_eq!(node.work, work);
        assert_eq!(
            (node.took.as_str(), node.of.as_str()),
            ("20 s", "26 s of processors")
        );
        assert_eq!(timeline.kinds, ["download", "compile", "pack"]);
    }

    #[test]
    fn a_run_that_found_every_part_has_steps_alone() {
        let mut report = sample::passed();
        report.parts.retain(|part| part.work.is_empty());
        let timeline = Timeline::of(&report);
        assert_eq!((timeline.rows.len(), timeline.kinds.len()), (2, 0));
    }

    #[test]
    fn steps_are_in_order_of_their_begin_and_skipped_ones_left_out() {
        let mut report = sample::failed();
        report.parts.clear();
        report.steps.swap(0, 1);
        let timeline = Timeline::of(&report);
        let rows: Vec<(&str, &str, &str)> = timeline
            .rows
            .iter()
            .map(|row| (row.class.as_str(), row.bar.x.as_str(), row.of.as_str()))
            .collect();
        assert_eq!(
            rows,
            [
                ("step passed", "1.25", "last 20 s · of 10 min"),
                ("scenario failed", "50.00", "last 20 s · of 10 min"),
            ]
        );
    }
}
