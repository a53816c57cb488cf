//! `cargo xtask supply`: the parts of the end-to-end run, and the cache they lie in. The work itself is the crate `supply`.

use anyhow::{Result, bail};
use supply::cache::Cache;
use supply::engine::Engine;
use supply::needs::Group;
use supply::part::Held;
use supply::{Mode, Options, doctor, proof, stock};
use xshell::Shell;

use crate::flags::{self, SupplyVerb};
use crate::supplies::{Lines, logs};

impl flags::Supply {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let logs = logs(sh);
        let cache = Cache::locate()?;
        // Looking needs no lock: it is asked while a run is under way.
        let changes = !matches!(self.verb, SupplyVerb::List);
        let _lock = changes.then(|| cache.lock()).transpose()?;
        let install = matches!(self.verb, SupplyVerb::Build | SupplyVerb::ProvePull);
        doctor::ready(&[Group::Tools, Group::Containers], install, &Lines, &logs)?;
        let engine = Engine::probe(&cache, &logs)?;
        match self.verb {
            SupplyVerb::Build => {
                let options = Options {
                    mode: Mode::Build,
                    mirror: None,
                    install,
                    admission: true,
                };
                supply::supply(&cache, &engine, &options, &Lines, &logs)?;
            }
            SupplyVerb::List => {}
            SupplyVerb::Prune => stock::prune(&cache, &engine, &Lines, &logs)?,
            SupplyVerb::ProvePull => {
                let compared = proof::prove_pull(&cache, &engine, install, &Lines, &logs)?;
                if compared == 0 {
                    bail!("no image was compared, so nothing is proven");
                }
                println!(
                    "{compared} images pulled from a registry on this machine: the same as the built ones"
                );
            }
        }
        for part in stock::list(&cache, &engine, &Lines, &logs)? {
            println!(
                "{:10} {:60} {:16} {}",
                part.name,
                part.image,
                part.key,
                in_words(part.held)
            );
        }
        println!(
            "{} MB in {}",
            stock::size_mb(&cache, &logs)?,
            cache.root().display()
        );
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
