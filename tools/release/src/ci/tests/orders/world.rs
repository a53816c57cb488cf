//! What there is at one moment: commits on `master`, reports, proposals, staging's cluster.

use std::collections::BTreeSet;

use crate::ci::forge::{State, Status};
use crate::ci::gate::doubt;
use crate::ci::held_back::Why;

/// What staging's controller calls its reports.
const CONTEXT: &str = "verified/staging/app";
/// Moments that a release has to stay healthy for.
pub(super) const SOAK: u32 = 3;

/// Which gate runs ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    Ours,
    /// None at all.
    Open,
    /// Of any commit, whatever staging had with it.
    AnyReport,
}

/// A commit on `master`: the release that each environment has with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Commit {
    pub(super) staging: usize,
    pub(super) production: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Proposal {
    pub(super) release: usize,
    /// What production had where it was made: Git merges it only while that is so.
    pub(super) onto: usize,
    pub(super) is_open: bool,
    /// Somebody did not wait.
    pub(super) overridden: bool,
}

/// What staging's cluster has.
#[derive(Debug, Default)]
pub(super) struct Cluster {
    /// The commit that Argo CD has synced.
    pub(super) synced: usize,
    /// Moments that its release has been healthy for.
    pub(super) healthy: u32,
    pub(super) has_failed: bool,
}

/// What a run of CI has seen so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    pub(super) open: Option<Vec<usize>>,
    pub(super) head: Option<usize>,
    pub(super) is_override: bool,
}

pub(super) struct World {
    pub(super) gate: Gate,
    seed: u64,
    pub(super) master: Vec<Commit>,
    /// Of each commit, newest last.
    pub(super) reports: Vec<Vec<State>>,
    /// Whether a release stays healthy.
    pub(super) sound: Vec<bool>,
    /// Those that were truly healthy in staging for long enough.
    pub(super) proven: BTreeSet<usize>,
    /// What was pushed to production's branch.
    pub(super) wanted: usize,
    pub(super) proposals: Vec<Proposal>,
    pub(super) cluster: Cluster,
    pub(super) runs: [Run; 2],
    /// What the controller is about to report.
    pub(super) to_report: Option<(usize, State)>,
    /// Proposals that a run closed.
    pub(super) withdrawn: usize,
}

impl World {
    pub(super) fn new(seed: u64, gate: Gate) -> Self {
        Self {
            gate,
            seed: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            master: vec![Commit {
                staging: 0,
                production: 0,
            }],
            reports: vec![vec![State::Success]],
            sound: vec![true],
            proven: BTreeSet::from([0]),
            wanted: 0,
            proposals: Vec::new(),
            cluster: Cluster {
                healthy: SOAK,
                ..Cluster::default()
            },
            runs: [Run::default(), Run::default()],
            to_report: None,
            withdrawn: 0,
        }
    }

    /// One of so many, the same ones for the same seed (xorshift).
    pub(super) fn any(&mut self, of: usize) -> usize {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        usize::try_from(self.seed >> 33).expect("31 bits") % of
    }

    pub(super) fn head(&self) -> Commit {
        *self.master.last().expect("there is a first commit")
    }

    pub(super) fn commit(&mut self, commit: Commit) {
        self.master.push(commit);
        self.reports.push(Vec::new());
    }

    /// Why staging has not proven `release`, as far as a run knows that looked at `head`.
    pub(super) fn doubt(&self, head: usize, release: usize) -> Option<Why> {
        if self.gate == Gate::Open {
            return None;
        }
        if self.gate == Gate::Ours && self.master[head].staging != release {
            return Some(Why::Other(None));
        }
        let line = (0..=head).rev();
        let commits: Vec<String> = match self.gate {
            // A state is what staging had, without a break.
            Gate::Ours => line
                .take_while(|at| self.master[*at].staging == release)
                .map(|at| at.to_string())
                .collect(),
            _ => line.map(|at| at.to_string()).collect(),
        };
        let statuses = |commit: &str| {
            let at: usize = commit.parse().expect("a number");
            let status = |state: &State| Status {
                context: CONTEXT.to_owned(),
                state: *state,
                description: String::new(),
            };
            Ok(Some(self.reports[at].last().map(status).into_iter().collect()))
        };
        doubt(&commits, CONTEXT, statuses).expect("this forge answers")
    }

    pub(super) fn open(&self) -> Vec<usize> {
        let open = self.proposals.iter().enumerate();
        open.filter(|(_, one)| one.is_open).map(|(at, _)| at).collect()
    }
}
