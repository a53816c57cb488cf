//! Every step as a bar: when it ran, how long it might have taken, how long it took last time.

use super::scale::{Bar, Scale, Tick};
use super::words;
use crate::{Kind, Outcome, Report, StepRecord};

pub(super) struct Timeline {
    pub(super) ticks: Vec<Tick>,
    pub(super) rows: Vec<Row>,
}

pub(super) struct Row {
    pub(super) title: String,
    /// `passed`, `failed`, `interrupted`; and whether it is a scenario.
    pub(super) class: String,
    pub(super) bar: Bar,
    /// The time it might have taken.
    pub(super) budget: Bar,
    /// Where it ended last time, if that is on the scale.
    pub(super) last: Option<String>,
    pub(super) took: String,
    pub(super) of: String,
}

impl Timeline {
    pub(super) fn of(report: &Report) -> Self {
        let scale = Scale::new(0.0, report.seconds);
        let mut steps: Vec<&StepRecord> = report
            .steps
            .iter()
            .filter(|step| !matches!(step.outcome, Outcome::Skipped(_)))
            .collect();
        steps.sort_by(|a, b| a.began.total_cmp(&b.began));
        Self {
            ticks: scale.ticks(),
            rows: steps
                .into_iter()
                .map(|step| row(step, scale, report.seconds))
                .collect(),
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
        budget: scale.bar(step.began, step.began + budget),
        last: last_end.filter(|at| *at <= end).map(|at| scale.x(at)),
        took: words::seconds(step.seconds),
        of,
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
    fn steps_are_in_order_of_their_begin_and_skipped_ones_left_out() {
        let mut report = sample::failed();
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
