//! What is told of the rounds.

use std::{fmt::Write as _, time::Duration};

use super::Args;

/// One kill, and what came of it.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) number: u32,
    /// After the bring-up had begun to change the machine.
    pub(super) moment: Duration,
    /// What the bring-up had said last.
    pub(super) during: String,
    /// What `down` took.
    pub(super) down: Duration,
    /// What bringing up both clusters took.
    pub(super) clusters: Duration,
    /// Or what did not hold.
    pub(super) outcome: Result<(), String>,
}

impl Default for Round {
    fn default() -> Self {
        Self {
            number: 0,
            moment: Duration::ZERO,
            during: String::new(),
            down: Duration::ZERO,
            clusters: Duration::ZERO,
            outcome: Ok(()),
        }
    }
}

impl Round {
    /// As a row of the table.
    pub(super) fn line(&self) -> String {
        format!(
            "| {} | {:.1} | {} | {:.1} | {:.1} | {} |",
            self.number,
            self.moment.as_secs_f64(),
            self.during.replace('|', "/"),
            self.down.as_secs_f64(),
            self.clusters.as_secs_f64(),
            match &self.outcome {
                Ok(()) => "up again",
                Err(why) => why,
            }
        )
    }
}

pub(super) fn page(args: &Args, rounds: &[Round]) -> String {
    let passed = rounds.iter().filter(|round| round.outcome.is_ok()).count();
    let mut page = format!(
        "{passed} of {} rounds passed (seed {}).\n\n\
         | round | killed after s | what it said last | down s | clusters s | outcome |\n|---|---|---|---|---|---|\n",
        rounds.len(),
        args.seed
    );
    for round in rounds {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "{}", round.line());
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_that_failed_is_counted_and_says_why() {
        let args = Args {
            rounds: 2,
            seed: 7,
            within: 45,
        };
        let failed = Round {
            number: 2,
            moment: Duration::from_millis(12_340),
            during: "a | b".to_owned(),
            outcome: Err("`down` has left behind: kind".to_owned()),
            ..Round::default()
        };
        let page = page(&args, &[Round::default(), failed]);
        assert!(page.starts_with("1 of 2 rounds passed (seed 7)."), "{page}");
        assert!(
            page.ends_with("| 2 | 12.3 | a / b | 0.0 | 0.0 | `down` has left behind: kind |\n"),
            "{page}"
        );
    }
}
