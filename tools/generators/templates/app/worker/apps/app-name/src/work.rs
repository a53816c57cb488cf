//! The work, round by round, until somebody asks the program to stop.

use std::pin::pin;

use anyhow::Result;
use tokio::time::{MissedTickBehavior, interval};

use crate::config::Config;
use crate::state::State;

/// Works until asked to stop. A round that has begun is finished.
pub(crate) async fn run(config: Config) -> Result<()> {
    let mut state = State::load(&config.state_dir)?;
    tracing::info!(
        commit = config.app_commit,
        environment = config.environment,
        rounds = state.rounds,
        "starting"
    );
    let mut rounds = interval(config.round_seconds);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stop = pin!(serverkit::shutdown::requested());
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
