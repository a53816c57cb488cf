//! One row of the report: a step or a scenario, and how it ended.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What kind of row a step is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Bringing up or removing.
    #[default]
    Step,
    /// A scenario: it proves something.
    #[serde(rename = "story")]
    Scenario,
}

/// How one step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "outcome", content = "cause")]
pub enum Outcome {
    /// All of it held.
    Passed,
    /// The first thing that did not hold.
    Failed(String),
    /// Dropped half-way, by Ctrl-C or by the failure of another step.
    Interrupted,
    /// Never begun, because…
    Skipped(String),
}

impl Outcome {
    /// One word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::Interrupted => "interrupted",
            Self::Skipped(_) => "skipped",
        }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Stable; keys of timings and reports.
    pub id: String,
    /// What a reader sees.
    pub title: String,
    /// Whether it proves something or prepares.
    #[serde(default)]
    pub kind: Kind,
    /// When it began; what a scenario had to wait for was before.
    pub began: f64,
    /// How long it took.
    pub seconds: f64,
    /// How long it may take.
    pub budget_seconds: u64,
    /// How long it took the last time it passed here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_seconds: Option<f64>,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Seconds the step measured itself, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub measured: BTreeMap<String, f64>,
    /// What was seen that shows it, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub evidence: Vec<String>,
    /// Files that show it, relative to the folder of the run.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub files: Vec<String>,
    /// What a steady load asked meanwhile, if the step put one on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub requests: Option<Requests>,
    /// The scenarios it belongs to: `main`, `failures`, `posture`; empty for a preparing step.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub suite: String,
    /// What it is about, if that is something that goes wrong.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failure: Option<Failure>,
}

/// What somebody to whom it happens wants to know, in sentences; words to type stand between
/// backticks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What is done, or what breaks.
    pub cause: String,
    /// What then happens by itself.
    pub effect: String,
    /// The bound that is proved.
    pub within: String,
    /// What to do about it.
    pub way_out: String,
}

/// Requests of a steady load.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// How many were made.
    pub asked: usize,
    /// How many of them got no answer, or one that says it failed.
    pub failed: usize,
}

impl StepRecord {
    /// A step that took no time and left nothing but its outcome; the rest is named where it is
    /// known.
    pub fn new(id: &str, title: &str, kind: Kind, outcome: Outcome) -> Self {
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            kind,
            began: 0.0,
            seconds: 0.0,
            budget_seconds: 0,
            last_seconds: None,
            outcome,
            measured: BTreeMap::new(),
            evidence: Vec::new(),
            files: Vec::new(),
            requests: None,
            suite: String::new(),
            failure: None,
        }
    }

    /// Whether all of it held.
    pub fn passed(&self) -> bool {
        self.outcome == Outcome::Passed
    }
}
