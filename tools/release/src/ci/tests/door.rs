//! Doors around all that a run asks or tells others: there another run may go first, and there a
//! run may be cut off.

use std::sync::Arc;

use anyhow::{Result, bail};
use shuttle::rand::{Rng as _, thread_rng};
use shuttle::sync::atomic::{AtomicUsize, Ordering};

use crate::ci::forge::{self, Forge, Open, Proposal, Status};
use crate::ci::git::remote::{self, Heads, Remote, Update};
use crate::ci::registry::{self, Images};

/// One in so many doors cuts a run off, as long as the simulation's number of such faults is not
/// used up.
const RARELY: u32 = 15;

#[derive(Clone)]
pub(super) struct Door {
    faults_left: Option<Arc<AtomicUsize>>,
}

impl Door {
    /// Lets everything through at once.
    pub(super) fn open() -> Self {
        Self { faults_left: None }
    }

    /// Cuts runs off, this many times.
    pub(super) fn failing(times: Arc<AtomicUsize>) -> Self {
        Self {
            faults_left: Some(times),
        }
    }

    /// Others may go first.
    pub(super) fn others_first(&self) -> usize {
        self.faults_left
            .as_ref()
            .map_or(0, |left| left.load(Ordering::SeqCst))
    }

    /// Others may go first, and perhaps the run never gets through.
    pub(super) fn pass(&self) -> Result<()> {
        let cut = self.others_first() > 0 && thread_rng().gen_ratio(1, RARELY) && self.take_fault();
        if cut {
            bail!("cut off");
        }
        Ok(())
    }

    /// Another run may have met the last one meanwhile.
    fn take_fault(&self) -> bool {
        let one_less = |left: usize| left.checked_sub(1);
        self.faults_left.as_ref().is_some_and(|left| {
            left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
                .is_ok()
        })
    }
}

/// Something asked through a door.
pub(super) struct Gated<'a, T>(pub(super) &'a T, pub(super) &'a Door);

impl<T: Remote> Remote for Gated<'_, T> {
    fn heads(&self, patterns: &[String]) -> Result<Heads> {
        self.1.pass()?;
        self.0.heads(patterns)
    }

    fn bring(&self, branches: &[&str]) -> Result<()> {
        self.0.bring(branches)
    }

    fn bring_commit(&self, commit: &str) -> Result<bool> {
        self.0.bring_commit(commit)
    }

    fn update(&self, update: &Update<'_>) -> Result<(), remote::Error> {
        let cut = |error: anyhow::Error| remote::Error::Unreachable("remote".to_owned(), error.to_string());
        self.1.pass().map_err(cut)?;
        self.0.update(update)?;
        self.1.pass().map_err(cut)
    }
}

impl<T: Images> Images for Gated<'_, T> {
    fn digest(&self, app: &str, tag: &str) -> Result<Option<String>, registry::Error> {
        let cut = |error: anyhow::Error| registry::Error::Unreachable(app.to_owned(), error.to_string());
        self.1.pass().map_err(cut)?;
        self.0.digest(app, tag)
    }
}

impl<T: Forge> Forge for Gated<'_, T> {
    fn statuses(&self, commit: &str) -> Result<Option<Vec<Status>>> {
        self.1.pass()?;
        self.0.statuses(commit)
    }

    fn open_proposals(&self, prefix: &str) -> Result<Vec<Open>> {
        self.1.pass()?;
        self.0.open_proposals(prefix)
    }

    fn open(&self, proposal: &Proposal) -> Result<(), forge::Error> {
        let cut = |error: anyhow::Error| forge::Error::Unreachable("forge".to_owned(), error.to_string());
        self.1.pass().map_err(cut)?;
        self.0.open(proposal)?;
        self.1.pass().map_err(cut)
    }

    fn close(&self, proposal: &Open, reason: &str) -> Result<()> {
        self.1.pass()?;
        self.0.close(proposal, reason)?;
        self.1.pass()
    }
}
