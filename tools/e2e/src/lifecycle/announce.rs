//! The first lines of a run (what will happen, how long it took last time, what disk it needs), and
//! the last ones of a bring-up.

use anyhow::Result;
use supply::cache::Cache;

use super::cleanup::DOWN;
use crate::{
    bring_up, environment::Environment, options::Options, scenario::Scenario, session::Session,
    state::Timings, testbed::Testbed,
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
    eprintln!(
        "gitops-loop: {}",
        if all {
            "the whole loop on this machine"
        } else {
            "bring the loop up and leave it running"
        }
    );
    for steps in bring_up::everything(options.extent()).rows() {
        let titles: Vec<_> = steps.iter().map(|step| step.title).collect();
        eprintln!("  {}", titles.join(" ∥ "));
    }
    if all {
        let scenarios: Vec<_> = chosen.iter().map(|scenario| scenario.step.title).collect();
        eprintln!("  scenarios: {}", scenarios.join(", "));
        eprintln!(
            "  {}",
            if options.keep {
                "everything is left running (--keep)"
            } else {
                DOWN.title
            }
        );
    }
    match timings.whole_run_seconds {
        Some(seconds) => eprintln!("time: {} for all of it last time", minutes(seconds)),
        None => eprintln!(
            "time: no run of all of it has passed here yet; about 35 min where everything has to be built, 12 min after that"
        ),
    }
    let free = cache.free_mb()?;
    eprintln!(
        "disk: {}; {:.1} GB are free in {}",
        DISK,
        gigabytes(free),
        cache.root().display()
    );
    Ok(())
}

/// The last lines of a bring-up: where everything is.
pub(super) fn say_where(session: &Session, testbed: &Testbed) {
    for cluster in &testbed.clusters {
        session
            .progress
            .say(&format!("{}: {}", cluster.environment, cluster.page()));
        session
            .progress
            .say(&format!("  export KUBECONFIG={}", cluster.kubeconfig.display()));
    }
    let forge = &testbed.world.forge;
    session.progress.say(&format!(
        "forge: {} (user {}, password {})",
        forge.host_url, forge.user, forge.password
    ));
    let remote = testbed.world.layout.application().remote(&forge.host_url);
    let with_rights = remote.replacen("://", &format!("://{}:{}@", forge.user, forge.password), 1);
    session.progress.say(&format!("  git clone {with_rights}"));
    session.progress.say(&format!(
        "  CI builds what is pushed to `{}` there and opens a pull request, until `down`; its logs: {}",
        Environment::first().branch(),
        testbed.harness.run.file("ci").display()
    ));
    session
        .progress
        .say("next: `cargo xtask e2e run`, `logs` or `down`");
}

fn minutes(seconds: f64) -> String {
    format!("{:.1} min", seconds / 60.0)
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn gigabytes(megabytes: u64) -> f64 {
    megabytes as f64 / 1000.0
}
