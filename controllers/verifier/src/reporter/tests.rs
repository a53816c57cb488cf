//! What a forge is told that is away meanwhile, and by a process that comes after another.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use anyhow::ensure;

use super::*;
use crate::soak::{Checks, Sight};

const SOAK: Duration = Duration::from_secs(5);

/// Remembers what it was told of one commit, while it is there.
#[derive(Default)]
struct Memory {
    is_away: Cell<bool>,
    asked: Cell<u32>,
    told: RefCell<Vec<Word>>,
    runs: Cell<u32>,
}

impl Memory {
    fn answers(&self) -> Result<()> {
        self.asked.set(self.asked.get() + 1);
        ensure!(!self.is_away.get(), "the forge is away");
        Ok(())
    }
}

impl Forge for Memory {
    fn told(&self, _: &str, _: &str) -> Result<Option<Word>> {
        self.answers()?;
        Ok(self.told.borrow().last().cloned())
    }

    fn tell(&self, _: &str, _: &str, word: &Word) -> Result<()> {
        self.answers()?;
        self.told.borrow_mut().push(word.clone());
        Ok(())
    }

    fn start_ci(&self) -> Result<()> {
        self.answers()?;
        self.runs.set(self.runs.get() + 1);
        Ok(())
    }
}

fn reporter() -> Reporter {
    Reporter::of("board", "verified/staging")
}

/// What a healthy release looks like.
fn healthy() -> Seen {
    Seen {
        revision: "c0ffee".to_owned(),
        identity: "7d4".to_owned(),
        ends: BTreeMap::new(),
        sight: Sight::Healthy("2 pods".to_owned()),
        checks: Checks::default(),
    }
}

fn success() -> Word {
    Word::Success("2 pods for 5 s".to_owned())
}

#[test]
fn a_forge_that_is_away_is_asked_less_and_less_and_told_everything_after() {
    let (forge, mut reporter, start) = (Memory::default(), reporter(), Instant::now());
    let mut round = |second: u64| {
        let now = start + Duration::from_secs(second);
        reporter.judge(&forge, SOAK, now, &healthy()).is_ok()
    };
    assert!(round(0));
    forge.is_away.set(true);
    forge.asked.set(0);
    let failed = (1..=600).filter(|second| !round(*second)).count();
    // The time went on meanwhile; what is not asked does not fail.
    assert_eq!(u32::try_from(failed).unwrap(), forge.asked.get());
    assert!((10..20).contains(&failed), "{failed}");
    forge.is_away.set(false);
    (601..=660).for_each(|second| assert!(round(second)));
    assert_eq!(forge.told.borrow().last(), Some(&success()));
    assert_eq!((forge.told.borrow().len(), forge.runs.get()), (2, 1));
}

/// The commit could not be synced; then it was reverted, and nothing of what runs has changed.
#[test]
fn a_process_that_begins_after_a_failed_sync_does_not_take_it_for_a_fault_of_what_runs() {
    let forge = Memory::default();
    let failed = Word::Failure(format!("{SYNC_FAILED}a hook has failed"));
    forge.told.borrow_mut().push(failed);
    let (mut reporter, now) = (reporter(), Instant::now());
    for second in 0..2 {
        let now = now + SOAK * second;
        reporter.judge(&forge, SOAK, now, &healthy()).unwrap();
    }
    assert!(matches!(forge.told.borrow().last(), Some(Word::Success(_))));
}

#[test]
fn a_process_that_ended_before_it_started_ci_is_made_up_for() {
    let forge = Memory::default();
    forge.told.borrow_mut().push(success());
    let (mut reporter, now) = (reporter(), Instant::now());
    for _ in 0..3 {
        reporter.judge(&forge, SOAK, now, &healthy()).unwrap();
    }
    assert_eq!((forge.told.borrow().len(), forge.runs.get()), (1, 1));
}
