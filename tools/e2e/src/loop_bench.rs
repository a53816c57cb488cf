//! `cargo xtask bench loop`: how long from the merge of a release until only the new version
//! answers, by how Argo CD learns of it.
//!
//! A release switches the backend of staging between two images that are in the registry already,
//! so nothing is built: a proposal is merged, Argo CD runs the migration and replaces the pods.
//! Webhook and annotation take turns, so that other work on the machine affects both; polling comes
//! after them, because it needs Argo CD's processes restarted.

mod figures;
mod page;
mod release;
mod twin;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use crate::argocd::Polling;
use crate::kept_figures;
use crate::progress::{Progress, StepHandle};
use crate::run_dir;
use crate::session::Session;
use crate::step::Step;
use crate::testbed::Testbed;
use crate::verifier; // wing: verifier
use figures::Figures;
use release::Releases;

const BENCH: Step = Step::new("bench", "merge to live, measured", 7200);

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

/// Measures, prints a table, and writes it as JSON and as a page.
pub(crate) async fn run(session: &Session, testbed: &Testbed, args: &Args) -> Result<()> {
    let progress = &session.progress;
    let figures = progress
        .step(&BENCH, async |step| {
            let mut figures = Figures::default();
            // wing: verifier
            if args.gate {
                verifier::ensure_gate(testbed, step).await?;
            }
            // end of wing
            let mut releases = Releases::begin(step, testbed).await?;
            let measured = measure(progress, step, testbed, &mut releases, args, &mut figures).await;
            // The world serves others afterwards, also when this failed.
            let restored = releases.end(step).await;
            measured.and(restored)?;
            Ok(figures)
        })
        .await?;
    let (table, page, json) = (page::table(&figures), page::page(&figures), page::json(&figures)?);
    println!("\n{table}");
    for folder in folders(args.docs)? {
        for path in kept_figures::keep(&folder, args.name(), &page, &json)? {
            println!("written: {}", path.display());
        }
    }
    Ok(())
}

fn folders(docs: bool) -> Result<Vec<PathBuf>> {
    let root = run_dir::repo_root()?;
    let kept = docs.then(|| root.join(kept_figures::DOCS));
    Ok(std::iter::once(root.join(kept_figures::NEWEST))
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
    let mut measure_one = async |notice: Notice, pause| {
        // wing: verifier
        if args.gate {
            verifier::set_running(testbed, step, notice == Notice::GatedWebhook).await?;
        }
        // end of wing
        let sample = releases.one(step, notice, pause).await?;
        progress.say(&format!("  {}", page::line(notice, &sample)));
        figures.add(notice, sample);
        anyhow::Ok(())
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
    let ours = Polling::of(testbed.first()).await?;
    Polling::default().set(step, testbed.first()).await?;
    let polled = async {
        for pause in pauses(UPSTREAM) {
            measure_one(Notice::DefaultPolling, pause).await?;
        }
        Ok(())
    }
    .await;
    let restored = ours.set(step, testbed.first()).await;
    polled.and(restored)
}
