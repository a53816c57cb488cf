//! The keeper of previews: for each labelled pull request a table and a namespace, then the sync of
//! its Application; afterwards neither (docs/PREVIEWS.md).
//!
//! It remembers nothing that counts. Each round looks at what is there, and does what is missing:
//! so an event that was lost, or a keeper that was killed half-way, costs a round.

mod decide;
mod keeper;
mod objects;
mod tables;
mod walls;

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;

use self::keeper::Keeper;
use crate::settings::{ForgeSettings, seconds};

/// Keeps a preview for each pull request that has the label.
#[derive(Debug, Parser)]
pub struct Settings {
    /// The namespace of Argo CD.
    #[arg(long, env = "ARGOCD_NAMESPACE", default_value = "argocd")]
    pub argocd: String,
    /// How many previews there may be at once.
    #[arg(long, env = "MOST")]
    pub most: usize,
    /// How old a preview gets, in seconds.
    #[arg(long, env = "OLDEST_SECONDS", value_parser = seconds)]
    pub oldest: Duration,
    /// After this time one that is not ready is said to have failed, in seconds.
    #[arg(long, env = "READY_SECONDS", value_parser = seconds)]
    pub ready: Duration,
    /// Between two rounds, in seconds.
    #[arg(long, env = "INTERVAL_SECONDS", default_value = "3", value_parser = seconds)]
    pub interval: Duration,
    /// The label that asks for a preview.
    #[arg(long, env = "LABEL")]
    pub label: String,
    /// How the names of tables begin; the number of the pull request follows.
    #[arg(long, env = "TABLES")]
    pub tables: String,
    /// The folder of what is made for each preview.
    #[arg(long, env = "WALLS", default_value = "/walls")]
    pub walls: PathBuf,
    /// The Service that a person opens.
    #[arg(long, env = "PAGE")]
    pub page: String,
    /// The address of a node, where the Services of previews are ports of nodes.
    #[arg(long, env = "NODE_ADDRESS")]
    pub node: Option<String>,
    /// What is reported to.
    #[command(flatten)]
    pub forge: ForgeSettings,
}

/// Goes round after round. Returns only where the settings are of no use.
pub fn run(settings: &Settings) -> Result<()> {
    let mut keeper = Keeper::new(settings)?;
    println!(
        "keeps at most {} previews of {}",
        settings.most, settings.forge.repository
    );
    loop {
        if let Err(error) = keeper.round() {
            println!("{error:#}");
        }
        thread::sleep(settings.interval);
    }
}
