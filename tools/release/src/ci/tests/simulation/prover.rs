//! Who reports what staging has proven: health that flaps, reports that come late or never, images
//! that are no good.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use shuttle::rand::{Rng as _, thread_rng};
use shuttle::thread;

use super::{Protocol, Simulation};
use crate::ci::forge::State;
use crate::ci::gate::Gate;
use crate::ci::git::Git;
use crate::environment::{Environment, apps, project};

/// What is known of images, by their digests.
#[derive(Clone, Default)]
pub(in crate::ci::tests) struct Health {
    /// Whether one is any good: decided when it is first looked at.
    sound: Arc<Mutex<BTreeMap<String, bool>>>,
    /// Those that were seen to be.
    proven: Arc<Mutex<BTreeSet<String>>>,
}

impl Protocol {
    pub(in crate::ci::tests) fn has_proofs(self) -> bool {
        matches!(self, Self::Gated | Self::Ungated)
    }

    /// What the promoter has to ask.
    pub(super) fn gate(self) -> Option<Gate> {
        matches!(self, Self::Gated).then(|| Gate {
            before: project().first(),
            unverified: None,
        })
    }
}

impl Simulation {
    /// Looks and reports until the last run has ended.
    pub(super) fn prove(&self) {
        while *self.running.lock().unwrap() > 0 {
            thread::yield_now();
            self.door.others_first();
            let sound = |digest: &str| {
                let mut sound = self.health.sound.lock().unwrap();
                let decided = || thread_rng().gen_bool(0.7);
                *sound.entry(digest.to_owned()).or_insert_with(decided)
            };
            self.report(|digest| match sound(digest) {
                false => Some(State::Failure),
                true if thread_rng().gen_bool(0.3) => Some(State::Pending),
                true if thread_rng().gen_bool(0.3) => None,
                true => Some(State::Success),
            });
        }
    }

    /// Everything was looked into, and is well.
    pub(in crate::ci::tests) fn prove_all(&self) {
        self.report(|_| Some(State::Success));
    }

    /// Reports what `state` makes of each image that staging has with the commit at the tip of
    /// `master`.
    fn report(&self, state: impl Fn(&str) -> Option<State>) {
        let sh = self.shell();
        let git = Git::remembering(&sh, self.memory.clone());
        let (master, first) = (self.master(&git), project().first());
        for app in apps() {
            let text = git.file(&master, &app.overlay(first)).unwrap();
            let digest = overlay::pin(&text, app.name()).unwrap().digest;
            let Some(state) = state(&digest) else {
                continue;
            };
            if state == State::Success {
                self.health.proven.lock().unwrap().insert(digest);
            }
            // By then, others may have gone on.
            self.door.others_first();
            self.forge.report(&master, &first.report_on(app.name()), state);
        }
    }

    /// Whether an environment behind the first has only what was proven.
    pub(super) fn is_proven(&self, environment: Environment) -> bool {
        let proven = self.health.proven.lock().unwrap();
        let mut pins = self.pins(environment).into_iter();
        !self.protocol.has_proofs() || pins.all(|pin| proven.contains(&pin.digest))
    }
}
