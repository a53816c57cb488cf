//! `cargo xtask bench scale`: what many apps cost Argo CD, the API server and the forge, under our
//! settings and under upstream's.
//!
//! The apps are generated, tiny and without pods, and in a repository of their own. A number of
//! apps is measured under all settings in the same run, one after the other. What does not come to
//! an end in time is a result: the row says what was last seen.

mod bed;
mod figures;
mod generated;
mod page;
mod removal;
mod settings;
mod usage;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::bench::figure_files;
use crate::cluster::Cluster;
use crate::environment::Environment;
use crate::gitops;
use crate::run::progress::Progress;
use crate::run::{Session, Step, StepHandle, Testbed, run_dir};
use bed::Bed;
use figures::{Cost, Row};
use settings::{Pair, Settings};
use usage::Readings;

const BENCH: Step = Step::new("bench", "many apps, measured", 6 * 3600);
const TIDY: Step = Step::new("tidy", "remove the generated apps", 1200);
const STEADY: Duration = Duration::from_mins(5);
/// Changes that touch all apps, for each number of apps.
const CHANGES_OF_ALL: u32 = 2;

/// Settings of `bench-scale`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// How many apps a cluster has, one number after the other
    #[arg(long, value_delimiter = ',', default_values_t = [10, 100], value_parser = clap::value_parser!(u32).range(1..=1000))]
    apps: Vec<u32>,
    /// How many clusters have them at the same time, each with its own Argo CD
    #[arg(long, value_delimiter = ',', default_values_t = [1], value_parser = clap::value_parser!(u32).range(1..=10))]
    clusters: Vec<u32>,
    /// Merges that change one app, for each number of apps
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=50))]
    changes: u32,
    /// Seconds without a change, over which questions to the forge, memory and CPU are counted
    #[arg(long, default_value_t = 180, value_parser = clap::value_parser!(u64).range(30..=900))]
    idle: u64,
    /// Compare ours with this added, too: a key of Argo CD's settings, and its value; may be given
    /// more than once
    #[arg(long, value_name = "KEY=VALUE")]
    with: Vec<Pair>,
    /// Keep the results in docs/benchmark too, for docs/BENCHMARK.md; numbers of apps that are not
    /// measured keep what they have
    #[arg(long)]
    docs: bool,
}

impl Args {
    /// Those that are compared, ours first.
    fn contenders(&self) -> Vec<Settings> {
        let with = (!self.with.is_empty()).then(|| Settings::With(self.with.clone()));
        [Settings::Ours, Settings::Upstream]
            .into_iter()
            .chain(with)
            .collect()
    }
}

/// Measures, prints, and writes it as JSON and as a page.
pub(crate) async fn run(session: &Session, testbed: &Testbed, args: &Args) -> Result<()> {
    ensure!(
        testbed.fleet.is_none(),
        "with a hub no cluster has an Argo CD of its own; bring up the clusters without `--topology hub`"
    );
    let most = testbed.clusters.len();
    for &clusters in &args.clusters {
        ensure!(
            clusters as usize <= most,
            "there are {most} clusters, not {clusters}"
        );
    }
    let progress = &session.progress;
    let rows = progress
        .step(&BENCH, async |step| {
            removal::remove(step, testbed).await?;
            gitops::steady(step, testbed, Environment::all(), STEADY).await?;
            measure(progress, step, testbed, args).await
        })
        .await?;
    if args.docs {
        let folder = run_dir::repo_root()?.join(figure_files::DOCS);
        let earlier = match fs::read_to_string(folder.join("scale.json")) {
            Ok(json) => page::rows(&json)?,
            Err(_) => Vec::new(),
        };
        write(&folder, &figures::merged(earlier, &rows))?;
    }
    Ok(())
}

/// Removes what was made, whatever became of the measurement.
pub(crate) async fn tidy(session: &Session, testbed: &Testbed) -> Result<()> {
    let remove = async |step: &StepHandle| removal::remove(step, testbed).await;
    session.progress.step(&TIDY, remove).await
}

fn write(folder: &Path, rows: &[Row]) -> Result<()> {
    figure_files::keep(folder, "scale", &page::page(rows), &page::json(rows)?).map(drop)
}

fn sorted(rows: &[Row]) -> Vec<Row> {
    figures::merged(Vec::new(), rows)
}

async fn measure(progress: &Progress, step: &StepHandle, testbed: &Testbed, args: &Args) -> Result<Vec<Row>> {
    let mut bed = Bed::begin(testbed).await?;
    let mut rows = Vec::new();
    for &clusters in &args.clusters {
        let clusters = &testbed.clusters[..clusters as usize];
        for settings in args.contenders() {
            for cluster in clusters {
                settings.set(step, testbed, cluster).await?;
            }
            for &apps in &args.apps {
                bed.hold(apps, clusters).await?;
                let config = Config {
                    clusters,
                    apps,
                    settings: &settings,
                };
                let row = one(step, testbed, &mut bed, &config, args).await?;
                progress.say(&format!("  {}", page::line(&row)));
                rows.push(row);
                // What was measured is kept when a later one fails.
                write(&run_dir::repo_root()?.join(figure_files::NEWEST), &sorted(&rows))?;
                for cluster in clusters {
                    removal::clear(step, cluster).await?;
                }
            }
        }
    }
    Ok(sorted(&rows))
}

/// A number of apps on some clusters, under settings.
struct Config<'a> {
    clusters: &'a [Cluster],
    apps: u32,
    settings: &'a Settings,
}

/// One of them, from no apps until all that is asked of it was measured, or was not to be had.
async fn one(
    step: &StepHandle,
    testbed: &Testbed,
    bed: &mut Bed<'_>,
    config: &Config<'_>,
    args: &Args,
) -> Result<Row> {
    let first = &config.clusters[0];
    let mut row = Row {
        clusters: u32::try_from(config.clusters.len()).context("more clusters than can be")?,
        apps: config.apps,
        settings: config.settings.name(),
        ..Row::default()
    };
    let restarts = usage::restarts(first).await?;
    let before = usage::read(step, &testbed.harness, first).await?;
    row.synced = row.noted(bed.create(step, config.settings).await);
    if row.synced.is_some() {
        let quiet = quiet(step, testbed, first, &before, args.idle).await;
        if let Some((asked, parts)) = row.noted(quiet) {
            (row.asked_a_minute, row.parts) = (Some(asked), parts);
        }
        for _ in 0..args.changes {
            let Some(seconds) = row.noted(bed.change_one(step).await) else {
                break;
            };
            row.one.push(seconds);
        }
        for _ in 0..CHANGES_OF_ALL {
            let Some(seconds) = row.noted(bed.change_all(step).await) else {
                break;
            };
            row.all.push(seconds);
        }
    }
    row.broke
        .extend(restarted(&restarts, &usage::restarts(first).await?));
    Ok(row)
}

/// While nothing changes: looks at the forge in a minute, and what each part used; with what it
/// used until then.
async fn quiet(
    step: &StepHandle,
    testbed: &Testbed,
    cluster: &Cluster,
    before: &Readings,
    seconds: u64,
) -> Result<(f64, BTreeMap<String, Cost>)> {
    let harness = &testbed.harness;
    let begin = usage::read(step, harness, cluster).await?;
    let (asked, since) = (usage::asked(harness).await?, Instant::now());
    step.doing(&format!("{seconds} s without a change"));
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let minutes = since.elapsed().as_secs_f64() / 60.0;
    let asked = usage::asked(harness).await?.saturating_sub(asked);
    let asked = u32::try_from(asked).context("more questions than can be")?;
    let end = usage::read(step, harness, cluster).await?;
    Ok((f64::from(asked) / minutes, figures::costs(before, &begin, &end)))
}

impl Row {
    /// The figure; what was in its way is said in the row.
    fn noted<T>(&mut self, found: Result<T>) -> Option<T> {
        found.map_err(|error| self.broke.push(format!("{error:#}"))).ok()
    }
}

type Restarts = BTreeMap<String, (i32, String)>;

/// Which containers were restarted between two looks.
fn restarted(before: &Restarts, after: &Restarts) -> Vec<String> {
    let more = after.iter().filter_map(|(container, (count, reason))| {
        let more = count - before.get(container).map_or(0, |(count, _)| *count);
        (more > 0).then(|| format!("{container} was restarted {more} times ({reason})"))
    });
    more.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_restarts_since_the_first_look_are_told() {
        let looks =
            [0, 2].map(|count| Restarts::from([("redis".to_owned(), (count, "OOMKilled".to_owned()))]));
        let [first, second] = &looks;
        assert_eq!(
            restarted(first, second),
            ["redis was restarted 2 times (OOMKilled)"]
        );
        assert!(restarted(second, second).is_empty());
    }
}
