//! Whether the bot still works: each round writes the state, so a state that is old tells of rounds
//! that do not end.

use std::fs;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, ensure};

use crate::config::Config;
use crate::state::State;

/// Rounds that may be missed, and time for the last one to end.
const MISSED: u32 = 3;
const SLACK: Duration = Duration::from_secs(20);

/// An error unless a round ended lately.
pub(crate) fn check(config: &Config) -> Result<()> {
    let file = State::file(&config.state_dir);
    let written = fs::metadata(&file).and_then(|about| about.modified());
    let written = written.with_context(|| format!("look at {}", file.display()))?;
    // The clock of whoever keeps the file may be ahead.
    let age = SystemTime::now().duration_since(written).unwrap_or_default();
    let longest = config.round_seconds * MISSED + SLACK;
    ensure!(
        age <= longest,
        "no round ended for {} s; {} s are allowed",
        age.as_secs(),
        longest.as_secs()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{File, FileTimes};

    use clap::Parser as _;

    use super::*;

    #[test]
    fn a_bot_is_alive_while_its_state_is_young() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().to_str().unwrap();
        let config = [
            "bot",
            "--environment",
            "test",
            "--state-dir",
            place,
            "--round-seconds",
            "10",
        ];
        let config = Config::parse_from(config);
        assert!(check(&config).unwrap_err().to_string().contains("state.json"));
        State::default().save(folder.path()).unwrap();
        check(&config).unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(51);
        let file = File::options()
            .write(true)
            .open(State::file(folder.path()))
            .unwrap();
        file.set_times(FileTimes::new().set_modified(long_ago)).unwrap();
        let error = check(&config).unwrap_err().to_string();
        assert!(error.contains("51 s") && error.contains("50 s"), "{error}");
    }
}
