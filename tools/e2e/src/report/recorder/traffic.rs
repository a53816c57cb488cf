//! How the traffic of a balancer moved between its clusters, and how it was answered meanwhile.

use std::collections::BTreeMap;

use e2e_report::{Second, Traffic as Record, Weights};

use super::Recorder;

/// Notes it for one step. `Clone` is another handle on the same notes.
#[derive(Clone)]
pub(crate) struct Traffic {
    recorder: Recorder,
    step: String,
}

impl Recorder {
    /// To note how traffic moves during a step.
    pub(crate) fn traffic(&self, step: &str) -> Traffic {
        Traffic {
            recorder: self.clone(),
            step: step.to_owned(),
        }
    }
}

impl Traffic {
    /// The balancer has these weights now, in percent by the names of clusters.
    pub(crate) fn weights(&self, of: BTreeMap<String, u64>) {
        let at = self.recorder.now();
        self.note(|record| {
            if record.weights.last().is_none_or(|last| last.of != of) {
                record.weights.push(Weights { at, of });
            }
        });
    }

    /// Somebody has just been answered, well or not, or has given up.
    pub(crate) fn answered(&self, well: bool) {
        let at = self.recorder.now().floor();
        self.note(|record| {
            // Those of the same moment are noted in any order.
            if record.answers.last().is_none_or(|last| last.at < at) {
                record.answers.push(Second {
                    at,
                    answered: 0,
                    failed: 0,
                });
            }
            if let Some(second) = record.answers.last_mut() {
                second.answered += 1;
                second.failed += u64::from(!well);
            }
        });
    }

    fn note(&self, change: impl FnOnce(&mut Record)) {
        let mut notes = self.recorder.notes();
        let ours = |record: &Record| record.step == self.step;
        let index = notes.traffic.iter().position(ours).unwrap_or_else(|| {
            notes.traffic.push(Record {
                step: self.step.clone(),
                ..Record::default()
            });
            notes.traffic.len() - 1
        });
        change(&mut notes.traffic[index]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_noted_when_they_change_and_answers_are_counted() {
        let recorder = Recorder::new();
        let traffic = recorder.traffic("some-step");
        let green = |share: u64| BTreeMap::from([("green".to_owned(), share)]);
        for share in [0, 5, 5, 0] {
            traffic.weights(green(share));
        }
        for well in [true, false, true] {
            traffic.clone().answered(well);
        }
        let report = recorder.report();
        let [record] = &report.traffic[..] else {
            panic!("{:?}", report.traffic)
        };
        assert_eq!(record.step, "some-step");
        let shares: Vec<u64> = record.weights.iter().map(|weights| weights.of["green"]).collect();
        assert_eq!(shares, [0, 5, 0]);
        // A second may have ended between them.
        let sum = |of: fn(&Second) -> u64| record.answers.iter().map(of).sum::<u64>();
        assert_eq!(
            (sum(|second| second.answered), sum(|second| second.failed)),
            (3, 1)
        );
    }
}
