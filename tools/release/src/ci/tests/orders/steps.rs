//! What can happen, one thing at a time.

use super::world::{Commit, Gate, Proposal, Run, SOAK, World};
use crate::ci::forge::State;

/// Releases of one order.
const RELEASES: usize = 4;

impl World {
    /// Something happens.
    pub(super) fn step(&mut self) -> Result<(), String> {
        match self.any(32) {
            0 => self.release(),
            1 => self.roll_back(),
            2 => self.wanted = self.any(self.sound.len()),
            3 => self.wanted = self.head().staging,
            // Words, or a merge elsewhere.
            4 => self.commit(self.head()),
            5 | 6 => return self.merge(),
            7 | 8 => self.sync(),
            9..=11 => self.beat(),
            12 | 13 => self.observe(),
            14 => self.report(),
            // The report is lost: the forge was away, or the controller ended.
            15 => self.to_report = None,
            16 if self.any(2) == 0 => self.runs = [Run::default(), Run::default()],
            17 if self.any(10) == 0 => self.runs[0].is_override = true,
            other => self.look(other % 2),
        }
        Ok(())
    }

    /// A release is merged into staging.
    fn release(&mut self) {
        if self.sound.len() < RELEASES {
            let is_sound = self.any(3) > 0;
            self.sound.push(is_sound);
            let staging = self.sound.len() - 1;
            self.commit(Commit {
                staging,
                ..self.head()
            });
        }
    }

    fn roll_back(&mut self) {
        if let Some(staging) = self.head().staging.checked_sub(1) {
            self.commit(Commit {
                staging,
                ..self.head()
            });
        }
    }

    /// A reviewer merges a proposal for production, if Git does.
    fn merge(&mut self) -> Result<(), String> {
        let open = self.open();
        if open.is_empty() {
            return Ok(());
        }
        let at = open[self.any(open.len())];
        let proposal = self.proposals[at].clone();
        if proposal.onto != self.head().production {
            return Ok(());
        }
        self.proposals[at].is_open = false;
        self.commit(Commit {
            production: proposal.release,
            ..self.head()
        });
        if proposal.overridden || self.proven.contains(&proposal.release) {
            return Ok(());
        }
        Err(format!(
            "rule 1: production is given release {}",
            proposal.release
        ))
    }

    /// Argo CD of staging takes up what `master` says.
    fn sync(&mut self) {
        let before = self.master[self.cluster.synced].staging;
        self.cluster.synced = self.master.len() - 1;
        if self.head().staging != before {
            self.cluster.healthy = 0;
            self.cluster.has_failed = false;
        }
    }

    /// Time passes for the pods of staging.
    fn beat(&mut self) {
        let release = self.master[self.cluster.synced].staging;
        let flaps = self.any(5) == 0;
        let cluster = &mut self.cluster;
        if flaps {
            cluster.healthy = 0;
        } else if !self.sound[release] && cluster.healthy + 1 == SOAK {
            cluster.has_failed = true;
            cluster.healthy = 0;
        } else if cluster.healthy < SOAK {
            cluster.healthy += 1;
        }
        if cluster.healthy == SOAK {
            self.proven.insert(release);
        }
    }

    /// The controller looks at what staging has, and writes its report, which may come late.
    fn observe(&mut self) {
        let cluster = &self.cluster;
        let state = match () {
            () if cluster.has_failed => State::Failure,
            () if cluster.healthy == SOAK => State::Success,
            () => State::Pending,
        };
        self.to_report = Some((cluster.synced, state));
    }

    fn report(&mut self) {
        if let Some((commit, state)) = self.to_report.take() {
            self.reports[commit].push(state);
        }
    }

    /// A run of CI goes on: the forge first, then the branches, then one thing is done.
    fn look(&mut self, run: usize) {
        match (&self.runs[run].open, self.runs[run].head) {
            (None, _) => self.runs[run].open = Some(self.open()),
            (_, None) => self.runs[run].head = Some(self.master.len() - 1),
            (Some(open), Some(head)) => {
                let (open, is_override) = (open.clone(), self.runs[run].is_override);
                if self.act(&open, head, is_override) {
                    self.runs[run] = Run::default();
                } else {
                    (self.runs[run].open, self.runs[run].head) = (None, None);
                }
            }
        }
    }

    /// What [`crate::ci::propose`] does with one look; whether nothing is left to do.
    fn act(&mut self, open: &[usize], head: usize, is_override: bool) -> bool {
        let (wanted, production) = (self.wanted, self.master[head].production);
        let is_released = wanted <= production;
        let doubt = self.doubt(head, wanted);
        let let_through = doubt.is_none() || is_override;
        let mut kept = None;
        for at in open {
            let proposal = &self.proposals[*at];
            let may_stay = if proposal.release == wanted {
                !is_released && kept.is_none() && (let_through || proposal.overridden)
            } else {
                let is_newer = proposal.release > wanted && proposal.release > production;
                is_newer && (proposal.overridden || self.doubt(head, proposal.release).is_none())
            };
            if !may_stay {
                self.withdrawn += usize::from(self.proposals[*at].is_open);
                self.proposals[*at].is_open = false;
                return false;
            }
            kept = kept.max(Some(*at));
        }
        if let Some(at) = kept {
            let is_it = self.proposals[at].onto == production;
            if is_it || self.proposals[at].release != wanted {
                return true;
            }
            self.proposals[at].onto = production;
            return false;
        }
        if is_released || !let_through {
            return true;
        }
        // The forge takes one proposal of a branch.
        if !self.open().iter().any(|at| self.proposals[*at].release == wanted) {
            self.proposals.push(Proposal {
                release: wanted,
                onto: production,
                is_open: true,
                overridden: doubt.is_some(),
            });
        }
        false
    }

    /// Everybody comes to an end: staging has synced and settled, the controller has reported, and
    /// the run that this starts ends undisturbed.
    pub(super) fn come_to_rest(&mut self) -> Result<(), String> {
        self.sync();
        while !self.cluster.has_failed && self.cluster.healthy < SOAK {
            self.beat();
        }
        self.observe();
        self.report();
        self.runs = [Run::default(), Run::default()];
        for _ in 0..100 {
            self.look(0);
        }
        self.at_rest()
    }

    fn at_rest(&self) -> Result<(), String> {
        let (head, open) = (self.head(), self.open());
        if open.len() > 1 {
            return Err(format!("rule 3: {} proposals are open", open.len()));
        }
        for proposal in open.iter().map(|at| &self.proposals[*at]) {
            let is_proven = proposal.release == head.staging && !self.cluster.has_failed;
            if self.gate == Gate::Ours && !proposal.overridden && !is_proven {
                return Err(format!("rule 3: release {} is proposed", proposal.release));
            }
            if proposal.onto != head.production && proposal.release == self.wanted {
                return Err("rule 2: the proposal has a conflict".to_owned());
            }
        }
        let is_due = self.wanted == head.staging && self.wanted > head.production && !self.cluster.has_failed;
        if is_due && open.is_empty() {
            return Err(format!("rule 2: release {} is lost", self.wanted));
        }
        Ok(())
    }
}
