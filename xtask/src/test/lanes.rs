//! Runs suites side by side: most of a test's time is waiting, for a container, a browser or a
//! clock.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};

use super::sum::Row;

/// Two suites run at a time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// Those that may run beside any other one.
    Tools,
    /// Those that put their own build of a server into `target/debug`, and must not do so while
    /// another one starts it: one after the other.
    Products,
}

/// A suite that is ready to run.
pub(super) struct Job {
    /// Of its row in the sum.
    pub(super) place: usize,
    pub(super) lane: Lane,
    /// `cargo test …`
    pub(super) command: Command,
    pub(super) row: Row,
    /// What getting ready took.
    pub(super) took: Duration,
}

/// Runs all; the rows come with their places, in no order.
pub(super) fn run(jobs: Vec<Job>) -> Result<Vec<(usize, Row)>> {
    let left = &Mutex::new(jobs);
    thread::scope(|scope| {
        let lanes = [Lane::Tools, Lane::Products].map(|lane| scope.spawn(move || follow(lane, left)));
        let mut rows = Vec::new();
        for lane in lanes {
            rows.extend(lane.join().map_err(|_| anyhow!("a lane of tests panicked"))??);
        }
        Ok(rows)
    })
}

/// Runs the jobs of one lane, one after the other, and then helps with those that may run anywhere.
fn follow(lane: Lane, left: &Mutex<Vec<Job>>) -> Result<Vec<(usize, Row)>> {
    let mut rows = Vec::new();
    while let Some(job) = next(lane, left) {
        rows.push((job.place, job.run()?));
    }
    Ok(rows)
}

fn next(lane: Lane, left: &Mutex<Vec<Job>>) -> Option<Job> {
    let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
    let of = |lane| left.iter().position(|job| job.lane == lane);
    of(lane)
        .or_else(|| of(Lane::Tools))
        .map(|place| left.remove(place))
}

impl Job {
    /// Runs its tests, and shows at its end what they said: lines of two suites in turn would tell
    /// nobody anything.
    fn run(mut self) -> Result<Row> {
        let started = Instant::now();
        let name = self.row.name();
        println!("── {name}: started");
        let mut child = self
            .command
            .stdout(Stdio::piped())
            .spawn()
            .context("start `cargo test`")?;
        let output = child
            .stdout
            .take()
            .context("the output of `cargo test` is piped")?;
        let mut said = format!("── {name}\n");
        for line in BufReader::new(output).lines() {
            let line = line.context("read the output of `cargo test`")?;
            self.row.read(&line);
            said.push_str(&line);
            said.push('\n');
        }
        print!("{said}");
        let ended_well = child.wait().context("wait for `cargo test`")?.success();
        Ok(self.row.ended(ended_well, self.took + started.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(place: usize, lane: Lane) -> Job {
        Job {
            place,
            lane,
            command: Command::new("true"),
            row: Row::new("a suite"),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn servers_are_never_built_side_by_side_and_whoever_is_done_helps() {
        let jobs = [Lane::Tools, Lane::Products, Lane::Tools].into_iter().enumerate();
        let left = Mutex::new(jobs.map(|(place, lane)| job(place, lane)).collect());
        let taken = |lane| next(lane, &left).map(|job| job.place);
        assert_eq!(taken(Lane::Products), Some(1));
        assert_eq!(taken(Lane::Products), Some(0));
        assert_eq!(taken(Lane::Tools), Some(2));
        left.lock().unwrap().push(job(3, Lane::Products));
        assert_eq!(taken(Lane::Tools), None);
    }
}
