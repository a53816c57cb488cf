//! Builds chosen parts by their recipes: `cargo run -p supply --example part -- forge aws`.

use anyhow::{Result, bail};
use supply::cache::Cache;
use supply::engine::Engine;
use supply::recipe::Output;
use supply::recipes;
use supply::versions::Versions;
use supply::{Missing, Progress, Session, Workshop};

struct Lines;

impl Progress for Lines {
    fn doing(&self, what: &str) {
        println!("  {what}");
    }
}

fn main() -> Result<()> {
    let cache = Cache::locate()?;
    let logs = cache.root().join("logs");
    let versions = Versions::load()?;
    let engine = Engine::probe(&cache, &logs)?;
    let session = Session {
        cache: &cache,
        missing: Missing::Name,
        progress: &Lines,
        logs: &logs,
    };
    let shop = Workshop::new(session, &engine, &versions);
    for name in std::env::args().skip(1) {
        let Output::Image(image) = &recipes::named(&name)?.output else {
            bail!("{name} is no image");
        };
        let part = &image.part;
        let started = std::time::Instant::now();
        part.build(shop)?;
        println!(
            "{name}: {:?} after {} s",
            part.held(shop)?,
            started.elapsed().as_secs()
        );
    }
    Ok(())
}
