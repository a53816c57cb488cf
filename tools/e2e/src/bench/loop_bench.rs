//! `cargo xtask bench loop`: how long from the merge of a release until only the new version
//! answers, by how Argo CD learns of it.
//!
//! A release switches the backend of staging between two images that are in the registry already,
//! so nothing is built: a proposal is merged, Argo CD runs the migration and replaces the pods.
//! Webhook and annotation take turns, so that other work on the machine affects both; polling comes
//! after them, because it needs Argo CD's processes restarted.

mod before;
mod figures;
mod page;
mod release;
mod twin;

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use taskkit::lines;

use crate::bench::figure_files;
use crate::platform::argocd::Polling;
use crate::platform::verifier; // wing: verifier
use crate::run::progress::Progress;
use crate::run::{Session, Step, StepHandle, Testbed, run_dir};
pub(crate) use before::Before;
use figures::Figures;
use release::Releases;

const TIDY: Step = Step::new("tidy", "put back what releases changed", 900);

/// Seconds until the first release: the gate may have to be brought in.
const BEGUN: u64 = 1800;
/// Seconds for a release of which Argo CD is told.
const TOLD: u64 = 90;
/// Seconds for a release that it has to find.
const FOUND: u64 = 480;

/// Between two polls, as `infra/argocd/settings.yaml` says.
const OURS: Duration = Duration::from_mins(1);
/// The same as upstream ships it: 120 s and up to 60 more, chosen by chance.
const UPSTREAM: Duration = Duration::from_secs(150);

/// Settings of `bench`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// Releases notified by webhook, and as many by annotation
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    releases: u32,
    /// Releases that Argo CD finds by itself, at each of two intervals; one takes up to five
    /// minutes
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=20))]
    polls: u32,
    // wing: verifier
    /// In the place of the annotation: webhook with the gate, against webhook without. Switches the
    /// gate on, and leaves it so
    #[arg(long)]
    gate: bool,
    // end of wing
    /// Keep the results in docs/benchmark too, for docs/BENCHMARK.md
    #[arg(long)]
    docs: bool,
}

#[allow(
    clippy::unused_self,
    reason = "a copy may be without the gate that it asks for"
)]
impl Args {
    /// With the time for as many releases as are asked for.
    fn step(&self) -> Step {
        let [told, found] = [self.releases, self.polls].map(|each| 2 * u64::from(each));
        let seconds = BEGUN + told * TOLD + found * FOUND;
        Step::new("bench", "merge to live, measured", seconds)
    }

    /// What takes turns.
    fn pair(&self) -> [Notice; 2] {
        // wing: verifier
        if self.gate {
            return [Notice::Webhook, Notice::GatedWebhook];
        }
        // end of wing
        [Notice::Webhook, Notice::Annotation]
    }

    /// Of what it writes.
    fn name(&self) -> &'static str {
        // wing: verifier
        if self.gate {
            return "gate";
        }
        // end of wing
        "loop"
    }
}

/// How Argo CD gets to know of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Notice {
    Webhook,
    /// The same, while the verifier looks on and its reports start CI.
    GatedWebhook, // wing: verifier
    /// No webhook; whoever merged annotates the Application.
    Annotation,
    /// Nobody notifies it: it polls, as `infra/argocd/settings.yaml` has it.
    OurPolling,
    /// Nobody notifies it: it polls as upstream ships it.
    DefaultPolling,
}

impl Notice {
    pub(crate) const ALL: &[Self] = &[
        Self::Webhook,
        Self::GatedWebhook, // wing: verifier
        Self::Annotation,
        Self::OurPolling,
        Self::DefaultPolling,
    ];

    fn is_webhook(self) -> bool {
        !matches!(self, Self::Annotation | Self::OurPolling | Self::DefaultPolling)
    }
}

/// Measures, prints a table, and writes it as JSON and as a page. `kept` is for [`tidy`].
pub(crate) async fn run(
    session: &Session,
    testbed: &Testbed,
    args: &Args,
    kept: &OnceCell<Before>,
) -> Result<()> {
    let progress = &session.progress;
    let figures = progress
        .step(&args.step(), async |step| {
            // wing: verifier
            if args.gate {
                verifier::ensure_gate(testbed, step).await?;
            }
            // end of wing
            let before = Before::note(step, testbed).await?;
            let before = kept.get_or_init(|| before);
            let mut releases = Releases::begin(testbed, before).await?;
            let mut figures = Figures::default();
            measure(progress, step, testbed, &mut releases, args, &mut figures).await?;
            Ok(figures)
        })
        .await?;
    lines::to_stdout(&format!("\n{}", page::table(&figures)));
    for folder in folders(args.docs)? {
        for path in keep(&folder, args, &figures)? {
            lines::to_stdout(&format!("written: {}", path.display()));
        }
    }
    Ok(())
}

/// Makes everything again what it was, whatever became of the measurement.
pub(crate) async fn tidy(session: &Session, testbed: &Testbed, before: &Before) -> Result<()> {
    let restore = async |step: &StepHandle| before.restore(step, testbed).await;
    session.progress.step(&TIDY, restore).await
}

fn keep(folder: &Path, args: &Args, figures: &Figures) -> Result<[PathBuf; 2]> {
    figure_files::keep(folder, args.name(), &page::page(figures), &page::json(figures)?)
}

fn folders(docs: bool) -> Result<Vec<PathBuf>> {
    let root = run_dir::repo_root()?;
    let kept = docs.then(|| root.join(figure_files::DOCS));
    Ok(std::iter::once(root.join(figure_files::NEWEST))
        .chain(kept)
        .collect())
}

async fn measure(
    progress: &Progress,
    step: &StepHandle,
    testbed: &Testbed,
    releases: &mut Releases<'_>,
    args: &Args,
    figures: &mut Figures,
) -> Result<()> {
    let newest = run_dir::repo_root()?.join(figure_files::NEWEST);
    let mut measure_one = async |notice: Notice, pause| {
        // wing: verifier
        if args.gate {
            verifier::set_running(testbed, step, notice == Notice::GatedWebhook).await?;
        }
        // end of wing
        let sample = releases.one(step, notice, pause).await?;
        progress.say(&format!("  {}", page::line(notice, &sample)));
        figures.add(notice, sample);
        // What was measured is kept when a later one fails.
        keep(&newest, args, figures).map(drop)
    };
    for round in 0..args.releases {
        let mut pair = args.pair();
        pair.rotate_left(round as usize % 2);
        for notice in pair {
            measure_one(notice, Duration::ZERO).await?;
        }
    }
    // People merge at any moment between two polls.
    let pauses = |interval: Duration| {
        let part = move |index| (f64::from(index) + 0.5) / f64::from(args.polls);
        (0..args.polls).map(move |index| interval.mul_f64(part(index)))
    };
    for pause in pauses(OURS) {
        measure_one(Notice::OurPolling, pause).await?;
    }
    if args.polls == 0 {
        return Ok(());
    }
    Polling::default().set(step, testbed.first().argocd()).await?;
    for pause in pauses(UPSTREAM) {
        measure_one(Notice::DefaultPolling, pause).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_time_for_as_many_releases_as_may_be_asked_for() {
        let args = Args {
            releases: 100,
            polls: 20,
            gate: false, // wing: verifier
            docs: false,
        };
        // One of which Argo CD is told takes half a minute, and one that it finds up to five.
        let taken = Duration::from_secs(30) * 200 + Duration::from_mins(5) * 40;
        assert!(args.step().budget > taken, "{:?}", args.step());
    }
}
