//! What is recorded while a run goes on. Every time in it is in seconds since the run began.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Part, StepRecord};

/// The form of `report.json`; a change that older readers would misread makes it one more.
pub const FORMAT: u32 = 2;

/// The whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`FORMAT`] of the code that wrote it.
    pub format: u32,
    /// The run's id: its start, and the name of its folder.
    pub run: String,
    /// Whether everything that was asked for held.
    pub passed: bool,
    /// How long it took.
    pub seconds: f64,
    /// What was tested, and where.
    pub about: About,
    /// Why it did not pass.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub diagnosis: Option<Diagnosis>,
    /// In order of their ends; skipped ones last.
    pub steps: Vec<StepRecord>,
    /// How each commit went live.
    #[serde(default)]
    pub ways: Vec<Way>,
    /// What somebody outside was answered all the while.
    #[serde(default)]
    pub visits: Vec<Visits>,
    /// How traffic moved between clusters.
    #[serde(default)]
    pub traffic: Vec<Traffic>,
    /// What CI built.
    #[serde(default)]
    pub images: Vec<Image>,
    /// What came from outside, in order of their ends.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// How busy the machine was.
    #[serde(default)]
    pub load: Vec<Load>,
}

/// What was tested, and where.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// When the run began: RFC 3339, UTC.
    pub began: String,
    /// The commit under test; empty if none was found.
    pub commit: String,
    /// How many changed or new paths were not committed, and so not tested.
    pub left_out: usize,
    /// The arguments after `cargo xtask e2e`.
    pub arguments: String,
    /// Processor and kernel.
    pub machine: String,
    /// Processors the machine has.
    pub cpus: usize,
    /// Memory the machine has, in bytes.
    pub memory_bytes: u64,
    /// The container engine; empty if none was found.
    pub engine: String,
    /// Whose CI file was carried out.
    pub ci: String,
}

/// Why a run did not pass, and where to look.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The error, its causes and the last lines of what failed.
    pub cause: String,
    /// The command to type next.
    pub next: String,
}

/// How one commit went live in one environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Way {
    /// The commit that was pushed.
    pub commit: String,
    /// Where it went.
    pub environment: String,
    /// The step or scenario it was part of.
    pub step: String,
    /// Where it was when, in no order.
    pub marks: Vec<Mark>,
}

/// One station of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Which.
    pub milestone: Milestone,
    /// When.
    pub at: f64,
}

/// The stations of a commit, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Milestone {
    /// A developer pushed it.
    Pushed,
    /// CI began its run.
    BuildBegan,
    /// CI ended its run.
    BuildEnded,
    /// A reviewer saw a proposal that can be merged.
    Proposed,
    /// The reviewer asked for the merge.
    Merged,
    /// Argo CD began to sync.
    Detected,
    /// The migration began.
    MigrationBegan,
    /// The migration ended.
    MigrationEnded,
    /// Argo CD had applied everything.
    Applied,
    /// Somebody outside got the first answer of the new version.
    FirstAnswer,
    /// From here on nobody got an answer of anything else.
    OnlyNew,
}

impl Milestone {
    /// Whether the time is one that Kubernetes wrote down: in whole seconds.
    pub fn whole_seconds(self) -> bool {
        matches!(
            self,
            Self::Detected | Self::MigrationBegan | Self::MigrationEnded | Self::Applied
        )
    }
}

/// What one site answered to somebody who asked again and again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Visits {
    /// Whose site.
    pub environment: String,
    /// Which part of it: the page or the API.
    pub site: String,
    /// Answers in a row that said the same, in order.
    pub answers: Vec<Answers>,
}

/// Answers in a row that said the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// When the first of them was asked for.
    pub from: f64,
    /// When the last of them was asked for.
    pub to: f64,
    /// How many.
    pub count: u64,
    /// What they said.
    #[serde(flatten)]
    pub answer: Answer,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// The commit that answered.
    Version(String),
    /// There was none, or one that says that something failed.
    Error(String),
}

/// How the traffic of one balancer moved between its clusters during a step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// The step or scenario it was part of.
    pub step: String,
    /// The weights that it had, in order.
    pub weights: Vec<Weights>,
    /// What was answered to who came by it, in order; seconds without an answer are left out.
    pub answers: Vec<Second>,
}

/// What a balancer's weights were from a moment on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// Since when.
    pub at: f64,
    /// Of each cluster, in percent.
    pub of: BTreeMap<String, u64>,
}

/// The answers of one second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// When it began.
    pub at: f64,
    /// How many requests were answered in it, or had waited for too long.
    pub answered: u64,
    /// How many of them badly, or not at all.
    pub failed: u64,
}

/// One image that CI built.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// Its name.
    pub app: String,
    /// The fingerprint of what it was built from.
    pub tag: String,
    /// How large its files are.
    pub megabytes: f64,
}

/// How busy the machine was at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// When.
    pub at: f64,
    /// Share of all processors that was busy since the moment before, 0 to 1.
    pub cpu: f64,
    /// Memory in use, in bytes.
    pub memory_bytes: u64,
}
