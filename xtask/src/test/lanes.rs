//! Runs suites side by side: most of a test's time is waiting, for a container, a browser or a
//! clock.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};

use super::sum::Row;

/// Suites of one lane run one after the other: those that put their own build of a server into
/// `target/debug` must not do so while another one starts it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    Tools,
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
    let (tools, products): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.lane == Lane::Tools);
    thread::scope(|scope| {
        let lanes = [tools, products].map(|lane| scope.spawn(|| follow(lane)));
        let mut rows = Vec::new();
        for lane in lanes {
            rows.extend(lane.join().map_err(|_| anyhow!("a lane of tests panicked"))??);
        }
        Ok(rows)
    })
}

/// Runs the jobs of one lane, one after the other.
fn follow(lane: Vec<Job>) -> Result<Vec<(usize, Row)>> {
    lane.into_iter().map(|job| Ok((job.place, job.run()?))).collect()
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
