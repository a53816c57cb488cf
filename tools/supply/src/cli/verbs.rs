//! `cargo xtask supply …`: the parts of the end-to-end run and the cache they lie in, for people.

use std::path::Path;

use anyhow::{Result, bail};
use supply::cache::{Cache, Lock};
use supply::engine::Engine;
use supply::needs::Group;
use supply::part::Held;
use supply::{Mode, Options, doctor, inventory, pull_test};
use taskkit::lines;

use super::Lines;

/// What parts are looked at with, and moved; nothing is made by it.
const LOOK: &[Group] = &[Group::Containers];
/// What they are made with.
const MAKE: &[Group] = &[Group::Tools, Group::Containers];

/// Builds every part from its recipe.
pub(super) fn build(logs: &Path) -> Result<()> {
    let place = Place::locked(MAKE, true, logs)?;
    let options = Options {
        mode: Mode::Build,
        mirror: None,
        install: true,
        admission: true,
        addons: true,
    };
    supply::supply(&place.cache, &place.engine, &options, &Lines, logs)?;
    place.list(logs)
}

/// Lists what there is. Looking needs no lock: it is asked while a run is under way.
pub(super) fn list(logs: &Path) -> Result<()> {
    Place::found(None, LOOK, false, logs)?.list(logs)
}

/// Removes what no recipe names.
pub(super) fn prune(logs: &Path) -> Result<()> {
    let place = Place::locked(LOOK, false, logs)?;
    inventory::prune(&place.cache, &place.engine, &Lines, logs)?;
    place.list(logs)
}

/// Pulls what this machine serves.
pub(super) fn prove_pull(logs: &Path) -> Result<()> {
    let place = Place::locked(LOOK, true, logs)?;
    let compared = pull_test::prove_pull(&place.cache, &place.engine, true, &Lines, logs)?;
    if compared == 0 {
        bail!("no image was compared, so nothing is proven");
    }
    lines::to_stdout(&format!(
        "{compared} images pulled from a registry on this machine: the same as the built ones"
    ));
    place.list(logs)
}

/// The cache and the engine of this machine, once it has what both need.
struct Place {
    cache: Cache,
    engine: Engine,
    _lock: Option<Lock>,
}

impl Place {
    /// For those who change something.
    fn locked(groups: &[Group], install: bool, logs: &Path) -> Result<Self> {
        let lock = Cache::locate()?.lock()?;
        Self::found(Some(lock), groups, install, logs)
    }

    fn found(lock: Option<Lock>, groups: &[Group], install: bool, logs: &Path) -> Result<Self> {
        let cache = Cache::locate()?;
        doctor::ready(groups, install, &Lines, logs)?;
        let engine = Engine::probe(&cache, logs)?;
        Ok(Self {
            cache,
            engine,
            _lock: lock,
        })
    }

    fn list(&self, logs: &Path) -> Result<()> {
        for part in inventory::list(&self.cache, &self.engine, &Lines, logs)? {
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
            inventory::size_mb(&self.cache, logs)?,
            self.cache.root().display()
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
