//! Runs suites side by side: most of a test's time is waiting, for a container, a browser or a
//! clock.

use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Result, anyhow};

/// Two suites run at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// Those that may run beside any other one.
    Tools,
    /// Those that put their own build of a server into `target/debug`, and must not do so while
    /// another one starts it: one after the other.
    Products,
}

/// A suite that waits for its turn.
#[derive(Debug)]
pub(super) struct Job<T> {
    pub(super) lane: Lane,
    pub(super) suite: T,
}

/// Does `work` for all, in no order.
pub(super) fn run<T: Send, R: Send>(
    jobs: Vec<Job<T>>,
    work: impl Fn(T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let (left, work) = (&Mutex::new(jobs), &work);
    thread::scope(|scope| {
        let lanes = [Lane::Tools, Lane::Products].map(|lane| scope.spawn(move || follow(lane, left, work)));
        let mut done = Vec::new();
        for lane in lanes {
            done.extend(lane.join().map_err(|_| anyhow!("a lane of tests panicked"))??);
        }
        Ok(done)
    })
}

/// Does the jobs of one lane, one after the other, and then helps with those that may run anywhere.
/// After an error, nothing more is begun.
fn follow<T, R>(lane: Lane, left: &Mutex<Vec<Job<T>>>, work: impl Fn(T) -> Result<R>) -> Result<Vec<R>> {
    let mut done = Vec::new();
    while let Some(suite) = next(lane, left) {
        let ended = work(suite);
        if ended.is_err() {
            left.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        done.push(ended?);
    }
    Ok(done)
}

fn next<T>(lane: Lane, left: &Mutex<Vec<Job<T>>>) -> Option<T> {
    let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
    let of = |lane| left.iter().position(|job| job.lane == lane);
    of(lane)
        .or_else(|| of(Lane::Tools))
        .map(|place| left.remove(place).suite)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs() -> Vec<Job<usize>> {
        let lanes = [Lane::Tools, Lane::Products, Lane::Tools].into_iter().enumerate();
        lanes.map(|(suite, lane)| Job { lane, suite }).collect()
    }

    #[test]
    fn servers_are_never_built_side_by_side_and_whoever_is_done_helps() {
        let left = Mutex::new(jobs());
        let taken = |lane| next(lane, &left);
        assert_eq!(taken(Lane::Products), Some(1));
        assert_eq!(taken(Lane::Products), Some(0));
        assert_eq!(taken(Lane::Tools), Some(2));
        left.lock().unwrap().push(Job {
            lane: Lane::Products,
            suite: 3,
        });
        assert_eq!(taken(Lane::Tools), None);
    }

    #[test]
    fn all_are_done_once_and_an_error_ends_it() {
        let mut done = run(jobs(), Ok).unwrap();
        done.sort_unstable();
        assert_eq!(done, [0, 1, 2]);
        assert!(
            run(jobs(), |suite| if suite == 1 {
                Err(anyhow!("no"))
            } else {
                Ok(suite)
            })
            .is_err()
        );
    }
}
