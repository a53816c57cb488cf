//! `cargo xtask e2e crash-test`: the bring-up is killed at random moments; after each kill, `down`
//! has to leave nothing behind and both clusters have to come up again.

mod page;
mod victim;

use std::{
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use supply::{cache::Cache, engine::Engine};
use taskkit::lines;
use tokio::process::Command;

use self::page::Round;
use crate::{
    host::interrupt::Interrupt,
    run::{leftovers, run_dir::RunDir},
};

const DOWN: Duration = Duration::from_mins(2);
const CLUSTERS: Duration = Duration::from_mins(5);
const PAGE: &str = "crash-test.md";

/// How often and when.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// How often the bring-up is killed
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    rounds: u32,
    /// The moments follow from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The last moment, in seconds after the machine is ready; by then clusters are up
    #[arg(long, default_value_t = 45)]
    within: u32,
}

/// Kills, removes and brings up as often as was asked for; an error if any round left something
/// behind or did not come up.
pub(crate) async fn run(args: &Args) -> Result<()> {
    let (run, cache) = (RunDir::create()?, Cache::locate()?);
    let interrupt = Interrupt::listen()?;
    let rounds = interrupt.bound(rounds(args, &run, &cache)).await;
    // Whatever became of them, nothing stays up.
    let removed = itself("down", &run.log("down"), DOWN).await;
    let rounds = rounds?;
    removed.context("remove what the last round brought up")?;
    let page = page::page(args, &rounds);
    lines::to_stdout(&format!("\n{page}"));
    let path = run.file(PAGE);
    fs::write(&path, &page).with_context(|| format!("write {}", path.display()))?;
    lines::to_stderr(&format!("written: {}", path.display()));
    let failed = rounds.iter().filter(|round| round.outcome.is_err()).count();
    ensure!(
        failed == 0,
        "{failed} of {} rounds failed; logs: {}",
        rounds.len(),
        run.logs().display()
    );
    Ok(())
}

async fn rounds(args: &Args, run: &RunDir, cache: &Cache) -> Result<Vec<Round>> {
    let engine = Engine::probe(cache, &run.logs()).context("find a container engine that works")?;
    let mut random = fastrand::Rng::with_seed(args.seed);
    let mut rounds = Vec::new();
    for number in 1..=args.rounds {
        let moment = Duration::from_secs(args.within.into()).mul_f64(random.f64());
        let round = round(number, moment, run, cache, &engine).await;
        lines::to_stderr(&round.line());
        rounds.push(round);
    }
    Ok(rounds)
}

async fn round(number: u32, moment: Duration, run: &RunDir, cache: &Cache, engine: &Engine) -> Round {
    let mut round = Round {
        number,
        moment,
        ..Round::default()
    };
    round.outcome = carry_out(&mut round, run, cache, engine)
        .await
        .map_err(|error| format!("{error:#}"));
    round
}

async fn carry_out(round: &mut Round, run: &RunDir, cache: &Cache, engine: &Engine) -> Result<()> {
    let log = |what: &str| run.log(&format!("{:02}-{what}", round.number));
    let (up, down, clusters) = (log("up"), log("down"), log("clusters"));
    round.during = victim::killed_after(round.moment, &up).await?;
    let begun = Instant::now();
    itself("down", &down, DOWN)
        .await
        .context("`down` after the kill")?;
    round.down = begun.elapsed();
    let left = leftovers::left(run, engine, cache).await?;
    ensure!(left.is_empty(), "`down` has left behind: {}", left.join(", "));
    let begun = Instant::now();
    itself("clusters", &clusters, CLUSTERS)
        .await
        .context("the bring-up after `down`")?;
    round.clusters = begun.elapsed();
    Ok(())
}

/// Runs a command of this very program to its end.
async fn itself(command: &str, log: &Path, within: Duration) -> Result<()> {
    let file = fs::File::create(log).with_context(|| format!("create {}", log.display()))?;
    let mut child = Command::new("/proc/self/exe")
        .arg(command)
        .stdin(Stdio::null())
        .stdout(file.try_clone().context("share the log")?)
        .stderr(file)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("start `{command}`"))?;
    let Ok(status) = tokio::time::timeout(within, child.wait()).await else {
        bail!(
            "`{command}` takes longer than {} s; log: {}",
            within.as_secs(),
            log.display()
        );
    };
    let status = status.with_context(|| format!("wait for `{command}`"))?;
    if status.success() {
        return Ok(());
    }
    let text = fs::read_to_string(log).unwrap_or_default();
    let why = text
        .lines()
        .find(|line| line.starts_with("error: "))
        .unwrap_or_default();
    bail!("`{command}` failed ({status}): {why}; log: {}", log.display())
}
