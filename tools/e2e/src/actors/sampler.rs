//! Polls a site during a rollout: when does the new commit first answer, when does no other answer
//! any more, and did any request fail meanwhile?

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use board_api::Version;

use crate::git::short;

/// Between two questions.
const EVERY: Duration = Duration::from_millis(100);
/// How long only the new commit must have answered before the rollout counts as over.
const QUIET: Duration = Duration::from_secs(3);

/// A rollout as seen from outside.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rollout {
    /// From the start to the first answer of the new commit.
    pub(crate) first: Duration,
    /// From the start until nothing but the new commit answered any more.
    pub(crate) only: Duration,
    /// Questions asked.
    pub(crate) asked: usize,
    /// What those got that got no answer.
    pub(crate) errors: Vec<String>,
}

/// Ask `url` (a `/version`) from `start` on until only `commit` answers.
pub(crate) async fn sample_until_only(
    http: &reqwest::Client,
    url: &str,
    commit: &str,
    start: Instant,
    within: Duration,
) -> Result<Rollout> {
    let mut seen = Seen::default();
    loop {
        let asked_at = start.elapsed();
        let answer = ask(http, url).await;
        seen.add(asked_at, answer, commit);
        if let Some(rollout) = seen.over(start.elapsed()) {
            return Ok(rollout);
        }
        if start.elapsed() > within {
            bail!(
                "{url}: {} did not take over within {} s; last answer: {}",
                short(commit),
                within.as_secs(),
                seen.last
            );
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// A connection of its own for each question: one that is kept would stay with the pod it was made
/// to.
pub(super) async fn ask(http: &reqwest::Client, url: &str) -> Result<String, String> {
    let request = http
        .get(url)
        .header("Connection", "close")
        .timeout(Duration::from_secs(2));
    let answer = request
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(with_causes)?;
    answer
        .json::<Version>()
        .await
        .map(|version| version.commit)
        .map_err(with_causes)
}

#[derive(Debug, Default)]
struct Seen {
    first: Option<Duration>,
    /// The first answer of the new commit after the last of anything else.
    since: Option<Duration>,
    asked: usize,
    errors: Vec<String>,
    last: String,
}

impl Seen {
    fn add(&mut self, at: Duration, answer: Result<String, String>, commit: &str) {
        self.asked += 1;
        match answer {
            Ok(answered) if answered == commit => {
                self.first.get_or_insert(at);
                self.since.get_or_insert(at);
                self.last = answered;
            }
            Ok(other) => {
                self.since = None;
                self.last = other;
            }
            Err(error) => {
                self.since = None;
                self.last.clone_from(&error);
                self.errors
                    .push(format!("after {:.1} s: {error}", at.as_secs_f64()));
            }
        }
    }

    fn over(&self, now: Duration) -> Option<Rollout> {
        let (first, only) = (self.first?, self.since?);
        let over = now.saturating_sub(only) >= QUIET;
        over.then(|| Rollout {
            first,
            only,
            asked: self.asked,
            errors: self.errors.clone(),
        })
    }
}

/// An error with its causes, in one line.
pub(super) fn with_causes(error: reqwest::Error) -> String {
    format!("{:#}", anyhow::Error::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(answers: &[(u64, Result<&str, &str>)]) -> Seen {
        let mut seen = Seen::default();
        for (at, answer) in answers {
            seen.add(
                Duration::from_secs(*at),
                answer.map(str::to_owned).map_err(str::to_owned),
                "new",
            );
        }
        seen
    }

    #[test]
    fn a_rollout_is_over_when_the_old_has_been_silent_for_a_while() {
        let seen = seen(&[
            (1, Ok("old")),
            (2, Ok("new")),
            (3, Ok("old")),
            (4, Ok("new")),
            (6, Ok("new")),
        ]);
        assert_eq!(seen.over(Duration::from_secs(6)), None);
        let rollout = seen.over(Duration::from_secs(7)).unwrap();
        assert_eq!(
            (rollout.first, rollout.only),
            (Duration::from_secs(2), Duration::from_secs(4))
        );
        assert_eq!((rollout.asked, rollout.errors.len()), (5, 0));
    }

    #[test]
    fn errors_are_kept_and_no_answer_is_not_the_new_one() {
        let seen = seen(&[(1, Ok("new")), (2, Err("refused"))]);
        assert_eq!(seen.over(Duration::from_mins(1)), None);
        assert_eq!(seen.errors, ["after 2.0 s: refused"]);
    }
}
