//! `cargo xtask bench ci`: what each CI system's runs took, collected from the ledger and the logs
//! that the e2e keeps of them.

mod page;
mod ran;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use xshell::Shell;

use self::ran::Ran;
use crate::bench::DOCS;

const JSON: &str = "ci.json";
const PAGE: &str = "ci.md";
/// In the folder of a run.
const LEDGER: &str = "ci/ledger.json";

/// By the system's name, as `--ci` takes it.
type Figures = BTreeMap<String, Measured>;

/// What was measured of one system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Measured {
    /// Day, UTC.
    on: String,
    /// The commit under test; the runs are for commits on top of it.
    commit: String,
    cpus: usize,
    memory_gb: f64,
    /// The newest run that compiled something.
    change: Option<Took>,
    /// The newest run on `production`, which builds nothing.
    promotion: Option<Took>,
}

/// Seconds of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Took {
    /// From its checkout to its end.
    whole: f64,
    /// By verb; what was done twice is added up.
    verbs: BTreeMap<String, f64>,
}

/// Prints what the runs of the e2e in `run` took; `docs`: keeps it there.
pub(crate) fn run(sh: &Shell, run: Option<PathBuf>, docs: bool) -> Result<()> {
    let run = match run {
        Some(run) => run,
        None => newest(&sh.current_dir().join("target/e2e"))?,
    };
    let measured = measured(&run)?;
    if measured.is_empty() {
        bail!(
            "no run of CI has passed in {}; run `cargo xtask e2e run --ci …` first",
            run.display()
        );
    }
    let folder = sh.current_dir().join(DOCS);
    let mut figures = read(&folder)?;
    figures.extend(measured);
    println!("{}", page::written(&figures));
    if docs {
        let json = serde_json::to_string_pretty(&figures).context("write the figures as JSON")?;
        fs::write(folder.join(JSON), json + "\n")
            .and_then(|()| fs::write(folder.join(PAGE), page::written(&figures)))
            .with_context(|| format!("keep the figures in {DOCS}"))?;
    }
    Ok(())
}

/// The folder of the newest run in which CI did something.
fn newest(runs: &Path) -> Result<PathBuf> {
    let list = fs::read_dir(runs).with_context(|| format!("list {}", runs.display()))?;
    let with_ledger = list.flatten().filter_map(|run| {
        let changed = fs::metadata(run.path().join(LEDGER)).and_then(|data| data.modified());
        Some((changed.ok()?, run.path()))
    });
    let newest: Option<(SystemTime, PathBuf)> = with_ledger.max();
    newest
        .map(|(_, run)| run)
        .with_context(|| format!("no run in {} has a ledger of CI", runs.display()))
}

/// What the docs have so far.
fn read(folder: &Path) -> Result<Figures> {
    let file = folder.join(JSON);
    let text = fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("read {}", file.display()))
}

/// What the report of a run says of its machine.
#[derive(Debug, Deserialize)]
struct Report {
    about: About,
}

#[derive(Debug, Deserialize)]
struct About {
    began: String,
    commit: String,
    cpus: usize,
    memory_bytes: u64,
}

/// What a run of the e2e has measured, of each system whose file it ran.
fn measured(run: &Path) -> Result<Figures> {
    let file = run.join("report.json");
    let text =
        fs::read(&file).with_context(|| format!("read {}, which a run writes at its end", file.display()))?;
    let Report { about } =
        serde_json::from_slice(&text).with_context(|| format!("read {}", file.display()))?;
    let mut figures = Figures::new();
    // In the order in which they ran, so that a later one wins.
    for ran in ran::read(&run.join(LEDGER))? {
        let Ran { system, place, took } = ran;
        let measured = figures.entry(system).or_insert_with(|| Measured {
            on: about.began.get(..10).unwrap_or_default().to_owned(),
            commit: about.commit.clone(),
            cpus: about.cpus,
            memory_gb: gigabytes(about.memory_bytes),
            change: None,
            promotion: None,
        });
        match place {
            ran::Place::Change => measured.change = Some(took),
            ran::Place::Promotion => measured.promotion = Some(took),
        }
    }
    Ok(figures)
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn gigabytes(bytes: u64) -> f64 {
    (bytes as f64 / 1e8).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_the_figures_say() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(DOCS);
        let kept = fs::read_to_string(folder.join(PAGE)).unwrap();
        assert_eq!(
            kept,
            page::written(&read(&folder).unwrap()),
            "it is written by `cargo xtask bench ci --docs`"
        );
    }
}
