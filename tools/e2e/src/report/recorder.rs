//! Records what happens during a run, as the source of its report. All times are seconds since the
//! run began.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Instant, SystemTime},
};

use e2e_report::{
    Answer, Answers, Image, Kind, Load, Mark, Milestone, Outcome, Part, Report, StepRecord,
    Traffic as TrafficRecord, Visits, Way as WayRecord,
};

mod parts;
mod traffic;

pub(crate) use traffic::Traffic;

use crate::{environment::Environment, run::Step};

/// Everything noted so far. `Clone` is another handle on the same notes.
#[derive(Clone)]
pub(crate) struct Recorder(Arc<Inner>);

struct Inner {
    start: Instant,
    began: SystemTime,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    steps: Vec<StepRecord>,
    skipped: Vec<StepRecord>,
    ways: Vec<WayRecord>,
    visits: Vec<Visits>,
    traffic: Vec<TrafficRecord>,
    images: Vec<Image>,
    parts: Vec<Part>,
    load: Vec<Load>,
}

impl Recorder {
    /// The run begins now.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            start: Instant::now(),
            began: SystemTime::now(),
            notes: Mutex::default(),
        }))
    }

    /// When the run began.
    pub(crate) fn began(&self) -> SystemTime {
        self.0.began
    }

    /// A moment as it stands in the report.
    pub(crate) fn at(&self, moment: Instant) -> f64 {
        moment.saturating_duration_since(self.0.start).as_secs_f64()
    }

    pub(crate) fn now(&self) -> f64 {
        self.at(Instant::now())
    }

    pub(crate) fn step(&self, record: StepRecord) {
        self.notes().steps.push(record);
    }

    /// A scenario that is not run, because…
    pub(crate) fn skip(&self, step: &Step, why: &str) {
        let outcome = Outcome::Skipped(why.to_owned());
        self.notes().skipped.push(StepRecord {
            budget_seconds: step.budget.as_secs(),
            ..StepRecord::new(step.id, step.title, Kind::Scenario, outcome)
        });
    }

    /// To note how far a commit has come.
    pub(crate) fn way(&self, environment: Environment, commit: &str, step: &str) -> Way {
        Way {
            recorder: self.clone(),
            environment,
            commit: commit.to_owned(),
            step: step.to_owned(),
        }
    }

    /// What a site answered to a question that was asked at `asked`. Failures count from the first
    /// answer on: before it, there was no site.
    pub(crate) fn answered(&self, environment: Environment, site: &str, asked: Instant, answer: Answer) {
        let at = self.at(asked);
        let mut notes = self.notes();
        let known = |visits: &Visits| visits.environment == environment.name() && visits.site == site;
        let Some(index) = notes.visits.iter().position(known) else {
            if matches!(answer, Answer::Version(_)) {
                notes.visits.push(Visits {
                    environment: environment.name().to_owned(),
                    site: site.to_owned(),
                    answers: vec![one(at, answer)],
                });
            }
            return;
        };
        let answers = &mut notes.visits[index].answers;
        match answers.last_mut() {
            Some(last) if last.answer == answer => {
                last.to = at;
                last.count += 1;
            }
            _ => answers.push(one(at, answer)),
        }
    }

    pub(crate) fn load(&self, cpu: f64, memory_bytes: u64) {
        let at = self.now();
        self.notes().load.push(Load {
            at,
            cpu,
            memory_bytes,
        });
    }

    /// What has been recorded so far of steps, in order of their ends; skipped ones last.
    pub(crate) fn steps(&self) -> Vec<StepRecord> {
        let notes = self.notes();
        notes.steps.iter().chain(&notes.skipped).cloned().collect()
    }

    /// Everything noted; what else a report says is left as it is by default.
    pub(crate) fn report(&self) -> Report {
        let (seconds, steps) = (self.now(), self.steps());
        let notes = self.notes();
        Report {
            seconds,
            steps,
            ways: notes.ways.clone(),
            visits: notes.visits.clone(),
            traffic: notes.traffic.clone(),
            images: notes.images.clone(),
            parts: notes.parts.clone(),
            load: notes.load.clone(),
            ..Report::default()
        }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn one(at: f64, answer: Answer) -> Answers {
    Answers {
        from: at,
        to: at,
        count: 1,
        answer,
    }
}

/// Notes how far one commit has come in one environment.
pub(crate) struct Way {
    recorder: Recorder,
    environment: Environment,
    commit: String,
    step: String,
}

impl Way {
    /// It is there since `moment`.
    pub(crate) fn mark(&self, milestone: Milestone, moment: Instant) {
        self.note(milestone, self.recorder.at(moment));
    }

    /// The same by the clock on the wall, which is how other processes tell it.
    pub(crate) fn mark_time(&self, milestone: Milestone, time: SystemTime) {
        let since = time.duration_since(self.recorder.began()).unwrap_or_default();
        self.note(milestone, since.as_secs_f64());
    }

    /// CI built this for it.
    pub(crate) fn image(&self, image: Image) {
        self.recorder.notes().images.push(image);
    }

    fn note(&self, milestone: Milestone, at: f64) {
        let mut notes = self.recorder.notes();
        let environment = self.environment.name();
        let ours = |way: &WayRecord| way.commit == self.commit && way.environment == environment;
        let index = notes.ways.iter().position(ours).unwrap_or_else(|| {
            notes.ways.push(WayRecord {
                commit: self.commit.clone(),
                environment: environment.to_owned(),
                step: self.step.clone(),
                marks: Vec::new(),
            });
            notes.ways.len() - 1
        });
        let marks = &mut notes.ways[index].marks;
        marks.retain(|mark| mark.milestone != milestone);
        marks.push(Mark { milestone, at });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_say_the_same_are_counted_and_what_was_before_the_first_is_not() {
        let recorder = Recorder::new();
        let answered = |answer| recorder.answered(Environment::first(), "page", Instant::now(), answer);
        let version = |commit: &str| Answer::Version(commit.to_owned());
        answered(Answer::Error("refused".to_owned()));
        answered(version("a"));
        answered(version("a"));
        answered(Answer::Error("refused".to_owned()));
        answered(version("b"));
        let report = recorder.report();
        let counts: Vec<u64> = report.visits[0].answers.iter().map(|run| run.count).collect();
        assert_eq!((report.visits.len(), counts), (1, vec![2, 1, 1]));
    }

    #[test]
    fn a_commit_has_one_way_in_each_environment() {
        let recorder = Recorder::new();
        for &environment in Environment::all() {
            let way = recorder.way(environment, "abc", "page-change");
            way.mark(Milestone::Pushed, Instant::now());
            way.mark(Milestone::Merged, Instant::now());
            way.mark(Milestone::Merged, Instant::now());
        }
        let ways = recorder.report().ways;
        assert_eq!((ways.len(), ways[0].marks.len()), (2, 2));
    }
}
