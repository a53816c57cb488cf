//! `cargo xtask supply …`: the parts of the end-to-end run and the cache they lie in, for people.

use anyhow::{Result, bail};
use supply::cache::Lock;
use supply::engine::Engine;
use supply::needs::Group;
use supply::part::Held;
use supply::{Mode, Options, Session, doctor, inventory, pull_test};
use taskkit::lines;

/// What parts are looked at with, and moved; nothing is made by it.
const LOOK: &[Group] = &[Group::Containers];
/// What they are made with.
const MAKE: &[Group] = &[Group::Tools, Group::Containers];

/// Builds every part from its recipe.
pub(super) fn build(session: Session<'_>) -> Result<()> {
    let place = Place::locked(session, MAKE)?;
    let options = Options {
        mode: Mode::Build,
        mirror: None,
        admission: true,
        addons: true,
    };
    supply::supply(session, &place.engine, &options)?;
    place.list()
}

/// Lists what there is. Looking needs no lock: it is asked while a run is under way.
pub(super) fn list(session: Session<'_>) -> Result<()> {
    Place::found(session, LOOK, None)?.list()
}

/// Removes what no recipe names.
pub(super) fn prune(session: Session<'_>) -> Result<()> {
    let place = Place::locked(session, LOOK)?;
    inventory::prune(session, &place.engine)?;
    place.list()
}

/// Pulls what this machine serves.
pub(super) fn prove_pull(session: Session<'_>) -> Result<()> {
    let place = Place::locked(session, LOOK)?;
    let compared = pull_test::prove_pull(session, &place.engine)?;
    if compared == 0 {
        bail!("no image was compared, so nothing is proven");
    }
    lines::to_stdout(&format!(
        "{compared} images pulled from a registry on this machine: the same as the built ones"
    ));
    place.list()
}

/// The cache and the engine of this machine, once it has what both need.
struct Place<'s> {
    session: Session<'s>,
    engine: Engine,
    _lock: Option<Lock>,
}

impl<'s> Place<'s> {
    /// For those who change something.
    fn locked(session: Session<'s>, groups: &[Group]) -> Result<Self> {
        let lock = session.cache.lock()?;
        Self::found(session, groups, Some(lock))
    }

    fn found(session: Session<'s>, groups: &[Group], lock: Option<Lock>) -> Result<Self> {
        doctor::ready(session, groups)?;
        let engine = Engine::probe(session.cache, session.logs)?;
        Ok(Self {
            session,
            engine,
            _lock: lock,
        })
    }

    fn list(&self) -> Result<()> {
        for part in inventory::list(self.session, &self.engine)? {
            lines::to_stdout(&format!(
                "{:10} {:60} {:16} {}",
                part.name,
                part.image,
                part.key,
                in_words(part.held)
            ));
        }
        lines::to_stdout(&format!(
            "{} MB in {}",
            inventory::size_mb(self.session)?,
            self.session.cache.root().display()
        ));
        Ok(())
    }
}

fn in_words(held: Held) -> &'static str {
    match held {
        Held::Nothing => "not here",
        Held::Upstream => "pulled",
        Held::Built => "built",
        Held::Stale => "built by an older recipe",
    }
}
