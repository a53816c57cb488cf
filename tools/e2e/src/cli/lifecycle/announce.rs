//! The first lines of a run: what will happen, how long it took last time, what disk it needs.

use anyhow::Result;
use supply::cache::Cache;
use taskkit::lines;

use super::cleanup::DOWN;
use crate::{
    cli::options::Options,
    run::{bring_up, saved_state::Timings},
    scenario::Scenario,
};

/// While everything is built; what is kept afterwards is less.
const DISK: &str = "20 GB while parts are built, 6 GB are kept";

/// Say them. `all`: not only what brings the world up.
pub(super) fn announce(
    all: bool,
    chosen: &[&Scenario],
    cache: &Cache,
    timings: &Timings,
    options: &Options,
) -> Result<()> {
    lines::to_stderr(if all {
        "gitops-loop: the whole loop on this machine"
    } else {
        "gitops-loop: bring the loop up and leave it running"
    });
    for steps in bring_up::everything(options.extent()).rows() {
        let titles: Vec<_> = steps.iter().map(|step| step.title).collect();
        lines::to_stderr(&format!("  {}", titles.join(" ∥ ")));
    }
    if all {
        let scenarios: Vec<_> = chosen.iter().map(|scenario| scenario.step.title).collect();
        lines::to_stderr(&format!("  scenarios: {}", scenarios.join(", ")));
        let end = if options.keep {
            "everything is left running (--keep)"
        } else {
            DOWN.title
        };
        lines::to_stderr(&format!("  {end}"));
    }
    match timings.whole_run_seconds {
        Some(seconds) => lines::to_stderr(&format!("time: {} for all of it last time", minutes(seconds))),
        None => lines::to_stderr(
            "time: no run of all of it has passed here yet; about 35 min where everything has to be built, 12 min after that",
        ),
    }
    let free = cache.free_mb()?;
    lines::to_stderr(&format!(
        "disk: {}; {:.1} GB are free in {}",
        DISK,
        gigabytes(free),
        cache.root().display()
    ));
    Ok(())
}

fn minutes(seconds: f64) -> String {
    format!("{:.1} min", seconds / 60.0)
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn gigabytes(megabytes: u64) -> f64 {
    megabytes as f64 / 1000.0
}
