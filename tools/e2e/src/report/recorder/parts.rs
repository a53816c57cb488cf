//! What the supply tells of the parts it made, as it stands in the report.

use e2e_report::{Part, PartOutcome, Work, WorkKind};
use supply::work::{Kind, Made, Outcome};

use super::Recorder;

impl Recorder {
    /// A part is there, or was not to be had.
    pub(crate) fn part(&self, made: &Made) {
        let work = made.ran.iter().map(|ran| Work {
            kind: match ran.kind {
                Kind::Download => WorkKind::Download,
                Kind::Compile => WorkKind::Compile,
                Kind::Pack => WorkKind::Pack,
            },
            began: self.at(ran.began),
            seconds: (ran.ended - ran.began).as_secs_f64(),
            processor_seconds: ran.processor.map(|time| time.as_secs_f64()),
        });
        let part = Part {
            name: made.name.to_owned(),
            began: self.at(made.began),
            seconds: (made.ended - made.began).as_secs_f64(),
            outcome: match made.outcome {
                Outcome::Made => PartOutcome::Passed,
                Outcome::Failed => PartOutcome::Failed,
                Outcome::Cancelled => PartOutcome::Interrupted,
            },
            work: work.collect(),
        };
        self.notes().parts.push(part);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use supply::work::Ran;

    use super::*;

    #[test]
    fn moments_of_the_supply_become_seconds_of_the_run() {
        let recorder = Recorder::new();
        let began = Instant::now() + Duration::from_mins(1);
        let ended = began + Duration::from_secs(3);
        let ran = |kind, processor| Ran {
            kind,
            began,
            ended,
            processor,
        };
        recorder.part(&Made {
            name: "forge",
            began,
            ended,
            outcome: Outcome::Failed,
            ran: vec![
                ran(Kind::Download, None),
                ran(Kind::Compile, Some(Duration::from_secs(5))),
            ],
        });
        let part = &recorder.report().parts[0];
        assert_eq!(part.outcome, PartOutcome::Failed);
        assert!(part.began >= 60.0 && (part.seconds - 3.0).abs() < 1e-9);
        let kinds: Vec<_> = part
            .work
            .iter()
            .map(|work| (work.kind, work.processor_seconds))
            .collect();
        assert_eq!(
            kinds,
            [(WorkKind::Download, None), (WorkKind::Compile, Some(5.0))]
        );
        assert!((part.work[0].began - part.began).abs() < 1e-9);
    }
}
