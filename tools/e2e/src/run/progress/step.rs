//! One running step: its line, and what it leaves in the records.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use e2e_report::{Kind, Outcome, Requests, StepRecord};
use indicatif::ProgressBar;

use super::{Inner, clock};
use crate::{
    environment::Environment,
    report::recorder::{Traffic, Way},
    run::Step,
};

/// How often a step that changed what it waits for says so where there is no terminal.
const PLAIN_EVERY: Duration = Duration::from_secs(10);
/// Parts of the reasons for which a scenario may be skipped in CI too. They follow from what a run
/// was asked to bring up, or from what a fork has; what the machine lacks is none of them.
const MAY_BE_SKIPPED: &[&str] = &[
    "it takes two nodes", // wing: addons
    "here the forge is the registry",
    "in two repositories here",
];

/// One running step.
#[derive(Clone)]
pub(crate) struct StepHandle(Arc<Line>);

struct Line {
    inner: Arc<Inner>,
    kind: Kind,
    step: Step,
    number: usize,
    start: Instant,
    bar: Option<ProgressBar>,
    now: Mutex<Now>,
}

#[derive(Default)]
struct Now {
    /// Until what it begins with was there.
    waited: Duration,
    words: String,
    said: Option<Instant>,
    measured: BTreeMap<String, f64>,
    evidence: Vec<String>,
    files: Vec<String>,
    requests: Option<Requests>,
    skipped: Option<String>,
    ended: bool,
}

impl StepHandle {
    pub(super) fn begin(inner: Arc<Inner>, kind: Kind, step: Step) -> Self {
        let number = {
            let mut state = inner.state();
            state.begun += 1;
            state.begun
        };
        let last = inner.history.get(step.id).copied();
        let prefix = prefix(&inner, number, &step);
        let bar = if let Some(bars) = &inner.bars {
            let bar = bars.add(ProgressBar::new_spinner());
            bar.set_style(clock::style(step.budget, last));
            bar.set_prefix(prefix);
            bar.enable_steady_tick(Duration::from_millis(120));
            Some(bar)
        } else {
            let hint = last.map_or(String::new(), |last| format!(", last time {last:.0} s"));
            inner.say(&format!("{prefix} …  at most {} s{hint}", step.budget.as_secs()));
            None
        };
        let now = Mutex::new(Now {
            said: Some(Instant::now()),
            ..Now::default()
        });
        Self(Arc::new(Line {
            inner,
            kind,
            step,
            number,
            start: Instant::now(),
            bar,
            now,
        }))
    }

    /// It begins only now: what it had to wait for is there.
    pub(super) fn waited(&self) {
        let line = &self.0;
        line.now().waited = line.start.elapsed();
        if let Some(bar) = &line.bar {
            bar.reset_elapsed();
        }
    }

    /// Shows what is awaited right now.
    pub(crate) fn doing(&self, words: &str) {
        let line = &self.0;
        let words = words.lines().next().unwrap_or_default();
        let mut now = line.now();
        let changed = now.words != words;
        words.clone_into(&mut now.words);
        if let Some(bar) = &line.bar {
            bar.set_message(now.words.clone());
        } else if changed && now.said.is_none_or(|said| said.elapsed() >= PLAIN_EVERY) {
            now.said = Some(Instant::now());
            let elapsed = (line.start + now.waited).elapsed().as_secs();
            line.inner.say(&format!(
                "{} …  {elapsed} s of {} s  {words}",
                line.prefix(),
                line.step.budget.as_secs()
            ));
        }
    }

    /// Adds seconds to this step's record, such as those from a merge to the first answer. Other
    /// numbers are evidence.
    pub(crate) fn measured(&self, what: &str, value: f64) {
        self.0.now().measured.insert(what.to_owned(), value);
    }

    /// Adds requests that somebody outside made meanwhile, and how many of them failed.
    pub(crate) fn requests(&self, asked: usize, failed: usize) {
        let mut now = self.0.now();
        let Requests { asked: a, failed: f } = now.requests.unwrap_or_default();
        now.requests = Some(Requests {
            asked: a + asked,
            failed: f + failed,
        });
    }

    /// Adds a sentence to this step's record: what was seen that shows it.
    pub(crate) fn evidence(&self, sentence: String) {
        self.0.now().evidence.push(sentence);
    }

    /// Adds a file of the run's folder in which more can be read.
    pub(crate) fn file(&self, name: String) {
        self.0.now().files.push(name);
    }

    /// Notes why a scenario has nothing to say of what is up. It ends as skipped if it ends well,
    /// which it should at once.
    pub(crate) fn skip(&self, why: &str) {
        self.0.now().skipped = Some(why.to_owned());
    }

    /// An error where it is skipped and nobody would know: of a run in CI only the colour is seen.
    pub(crate) fn may_be_skipped(&self, in_ci: bool) -> Result<()> {
        let is_listed = |why: &String| MAY_BE_SKIPPED.iter().any(|part| why.contains(part));
        match &self.0.now().skipped {
            Some(why) if in_ci && !is_listed(why) => {
                bail!("skipped in CI: {why}; bring about what it needs, or do not choose it")
            }
            _ => Ok(()),
        }
    }

    /// To note how far a commit has come.
    pub(crate) fn way(&self, environment: Environment, commit: &str) -> Way {
        self.0.inner.recorder.way(environment, commit, self.0.step.id)
    }

    /// To note how traffic moves between clusters, and how it is answered.
    pub(crate) fn traffic(&self) -> Traffic {
        self.0.inner.recorder.traffic(self.0.step.id)
    }

    pub(super) fn last_words(&self) -> String {
        let words = self.0.now().words.clone();
        if words.is_empty() {
            "its start".to_owned()
        } else {
            words
        }
    }

    pub(super) fn end(&self, outcome: Outcome) {
        self.0.end(outcome);
    }
}

impl supply::Progress for StepHandle {
    fn doing(&self, what: &str) {
        Self::doing(self, what);
    }

    fn made(&self, part: &supply::work::Made) {
        self.0.inner.recorder.part(part);
    }
}

impl Line {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn prefix(&self) -> String {
        prefix(&self.inner, self.number, &self.step)
    }

    /// Everything noted, the first time that this is asked.
    fn finished(&self) -> Option<Now> {
        let mut now = self.now();
        let ended = Now {
            ended: true,
            ..Now::default()
        };
        (!now.ended).then(|| std::mem::replace(&mut *now, ended))
    }

    fn end(&self, outcome: Outcome) {
        let Some(left) = self.finished() else { return };
        let skipped = left.skipped.filter(|_| outcome == Outcome::Passed);
        let outcome = skipped.map_or(outcome, Outcome::Skipped);
        let start = self.start + left.waited;
        let seconds = start.elapsed().as_secs_f64();
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.inner
            .say(&format!("{} {}", self.prefix(), ending(&outcome, seconds)));
        self.inner.recorder.step(StepRecord {
            began: self.inner.recorder.at(start),
            seconds,
            budget_seconds: self.step.budget.as_secs(),
            last_seconds: self.inner.history.get(self.step.id).copied(),
            measured: left.measured,
            evidence: left.evidence,
            files: left.files,
            requests: left.requests,
            ..StepRecord::new(self.step.id, self.step.title, self.kind, outcome)
        });
    }
}

/// How a step ended, in a few words.
fn ending(outcome: &Outcome, seconds: f64) -> String {
    match outcome {
        Outcome::Passed => format!("ok {seconds:.1} s"),
        // All of it comes last, below every other step.
        Outcome::Failed(cause) => {
            format!(
                "FAILED after {seconds:.1} s: {}",
                cause.lines().next().unwrap_or_default()
            )
        }
        Outcome::Interrupted => format!("interrupted after {seconds:.1} s"),
        Outcome::Skipped(why) => format!("skipped: {why}"),
    }
}

/// A removal after a failure is one step more than was planned.
fn prefix(inner: &Inner, number: usize, step: &Step) -> String {
    format!("{number:>2}/{} {:<24}", inner.total.max(number), step.title)
}

/// A step whose body is dropped has been interrupted; one that has ended stays as it is.
pub(super) struct Unfinished(pub(super) StepHandle);

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.0.end(Outcome::Interrupted);
    }
}
