//! The work, round by round, until somebody asks the program to stop.

use std::fs::File;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use anyhow::Result;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::config::Config;
use crate::state::{self, State};

/// Between two looks whether the one before has ended.
const AGAIN: Duration = Duration::from_millis(500);

/// Works until asked to stop. A round that has begun is finished.
pub(crate) async fn run(config: Config) -> Result<()> {
    let mut stop = pin!(serverkit::shutdown::requested());
    let _lock = tokio::select! {
        biased;
        () = &mut stop => return Ok(()),
        lock = alone(&config.state_dir) => lock?,
    };
    let mut state = State::load(&config.state_dir)?;
    tracing::info!(
        commit = config.app_commit,
        environment = config.environment,
        rounds = state.rounds,
        "starting"
    );
    let mut rounds = interval(config.round_seconds);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            _ = rounds.tick() => round(&config, &mut state)?,
        }
    }
    tracing::info!(rounds = state.rounds, "stopped between two rounds");
    Ok(())
}

/// Waits until no other process works on this state: when a node is drained, the next pod starts
/// while the one before still ends. None does until the file is dropped.
async fn alone(folder: &Path) -> Result<File> {
    let mut waits = false;
    loop {
        if let Some(lock) = state::lock(folder)? {
            return Ok(lock);
        }
        if !waits {
            tracing::info!("waiting until the one before has ended");
            waits = true;
        }
        sleep(AGAIN).await;
    }
}

/// One round. What the bot is for goes here.
fn round(config: &Config, state: &mut State) -> Result<()> {
    state.rounds += 1;
    state.save(&config.state_dir)?;
    tracing::info!(
        commit = config.app_commit,
        environment = config.environment,
        rounds = state.rounds,
        "round"
    );
    Ok(())
}
