//! What came from outside, what it cost, and how long processors had nothing to do meanwhile.

use serde::{Deserialize, Serialize};

use crate::Report;

/// How it ended that a part was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PartOutcome {
    /// It is there.
    #[default]
    Passed,
    /// It was not to be had.
    Failed,
    /// It was given up, because something else failed or the run was interrupted.
    Interrupted,
}

/// One part that the supply made, had already, or could not make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// What it is called.
    pub name: String,
    /// When it was begun.
    pub began: f64,
    /// How long it took.
    pub seconds: f64,
    /// How it ended; reports of earlier runs do not say.
    #[serde(default)]
    pub outcome: PartOutcome,
    /// The commands that ran for it, in the order of their ends; none for a part that was there.
    pub work: Vec<Work>,
}

/// One command.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// What it was for.
    pub kind: WorkKind,
    /// When it was started.
    pub began: f64,
    /// How long it took.
    pub seconds: f64,
    /// How long processors worked for it, if that is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub processor_seconds: Option<f64>,
}

/// What a command was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkKind {
    /// Something from another machine.
    Download,
    /// A program.
    Compile,
    /// An image, or other files of what is there.
    Pack,
}

impl WorkKind {
    pub(crate) const ALL: [Self; 3] = [Self::Download, Self::Compile, Self::Pack];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Download => "download",
            Self::Compile => "compile",
            Self::Pack => "pack",
        }
    }
}

impl Part {
    /// Whether nothing had to be done for it.
    pub(crate) fn was_there(&self) -> bool {
        self.outcome == PartOutcome::Passed && self.work.is_empty()
    }

    /// Its name, and how it ended if it is not there.
    pub(crate) fn title(&self) -> String {
        match self.outcome {
            PartOutcome::Passed => self.name.clone(),
            PartOutcome::Failed => format!("{}, failed", self.name),
            PartOutcome::Interrupted => format!("{}, interrupted", self.name),
        }
    }

    /// Seconds that processors worked for it, if that is known of anything that ran.
    pub(crate) fn processor_seconds(&self) -> Option<f64> {
        let known = || self.work.iter().filter_map(|work| work.processor_seconds);
        known().next().map(|_| known().sum())
    }

    /// Seconds that commands of this kind took.
    pub(crate) fn seconds_of(&self, kind: WorkKind) -> f64 {
        let of_kind = self.work.iter().filter(|work| work.kind == kind);
        // The sum of no numbers is -0.
        of_kind.map(|work| work.seconds).fold(0.0, |all, one| all + one)
    }
}

impl Report {
    /// Seconds that all processors together had, and how many of them they had nothing to do, as
    /// far as that was looked at between two moments.
    #[expect(clippy::cast_precision_loss, reason = "a machine has few processors")]
    pub(crate) fn idle(&self, from: f64, to: f64) -> (f64, f64) {
        let (mut all, mut idle, mut last) = (0.0, 0.0, 0.0);
        for load in &self.load {
            let seen = (load.at.min(to) - f64::max(last, from)).max(0.0) * self.about.cpus as f64;
            all += seen;
            idle += seen * (1.0 - load.cpu);
            last = load.at;
        }
        (all, idle)
    }
}

#[cfg(test)]
mod tests {
    use crate::sample;

    #[test]
    fn processors_are_idle_where_load_says_so_and_only_as_long_as_it_was_looked_at() {
        // Two processors, 0.9 busy until second 2 and 0.4 until second 4.
        let report = sample::passed();
        let close = |(all, idle): (f64, f64), expected: (f64, f64)| {
            assert!(
                (all - expected.0).abs() < 1e-9 && (idle - expected.1).abs() < 1e-9,
                "{all} {idle}"
            );
        };
        close(report.idle(0.0, 80.0), (8.0, 2.8));
        close(report.idle(1.0, 3.0), (4.0, 1.4));
        close(report.idle(5.0, 80.0), (0.0, 0.0));
    }
}
