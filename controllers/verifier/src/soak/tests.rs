//! What counts as healthy for long enough.

use super::*;

const SOAK: Duration = Duration::from_secs(5);

/// A release that is looked at once a second.
struct Watched {
    soak: Soak,
    start: Instant,
}

impl Watched {
    fn new() -> Self {
        Self {
            soak: Soak::default(),
            start: Instant::now(),
        }
    }

    fn sees(&mut self, second: u64, identity: &str, ends: u32, sight: Sight) -> Word {
        self.sees_checks(second, identity, ends, sight, Checks::default())
    }

    fn sees_checks(&mut self, second: u64, identity: &str, ends: u32, sight: Sight, checks: Checks) -> Word {
        let seen = Seen {
            checks,
            revision: "c0ffee".to_owned(),
            identity: identity.to_owned(),
            ends: BTreeMap::from([("pod".to_owned(), ends)]),
            sight,
        };
        self.soak
            .step(self.start + Duration::from_secs(second), SOAK, &seen)
    }

    fn well(&mut self, seconds: std::ops::Range<u64>, identity: &str, ends: u32) -> Word {
        let words = seconds.map(|second| self.sees(second, identity, ends, healthy()));
        words.last().expect("at least one second")
    }
}

fn healthy() -> Sight {
    Sight::Healthy("2 of 2 pods ready".to_owned())
}

fn unsettled() -> Sight {
    Sight::Unsettled("Synced, Progressing".to_owned())
}

fn is_pending(word: &Word) -> bool {
    matches!(word, Word::Pending(_))
}

#[test]
fn it_takes_the_whole_time_without_a_break() {
    let mut one = Watched::new();
    assert!(is_pending(&one.well(0..5, "a", 0)));
    assert_eq!(
        one.sees(5, "a", 0, unsettled()),
        Word::Pending("Synced, Progressing".to_owned())
    );
    assert!(is_pending(&one.well(6..11, "a", 0)));
    let word = one.well(11..12, "a", 0);
    assert_eq!(word, Word::Success("2 of 2 pods ready for 5 s".to_owned()));
}

#[test]
fn what_nobody_looked_at_for_long_was_not_seen_healthy() {
    let mut one = Watched::new();
    one.well(0..3, "a", 0);
    assert!(is_pending(&one.well(40..45, "a", 0)));
    assert!(matches!(one.well(45..46, "a", 0), Word::Success(_)));
    // What was found out stays.
    assert!(matches!(one.well(100..101, "a", 0), Word::Success(_)));
}

#[test]
fn an_app_that_was_away_begins_anew() {
    let mut one = Watched::new();
    one.well(0..4, "a", 0);
    one.soak.interrupt();
    assert!(is_pending(&one.well(5..10, "a", 0)));
    assert!(matches!(one.well(10..11, "a", 0), Word::Success(_)));
}

#[test]
fn what_ends_meanwhile_has_failed_for_good_until_another_comes() {
    let mut one = Watched::new();
    // A start that did not succeed at once is no fault.
    one.sees(0, "a", 1, unsettled());
    one.well(1..4, "a", 1);
    let failed = Word::Failure("a container of pod ended".to_owned());
    assert_eq!(one.sees(4, "a", 2, unsettled()), failed);
    assert_eq!(one.well(5..60, "a", 2), failed);
    assert!(matches!(one.well(60..66, "b", 2), Word::Success(_)));
}

#[test]
fn checks_that_go_on_failing_and_a_release_that_is_given_up_are_failures() {
    let check = || Sight::CheckFailed("500".to_owned());
    let given_up = || Sight::Degraded("500".to_owned());
    let cases: [(&dyn Fn() -> Sight, u64, u64); 3] = [(&given_up, 2, 1), (&check, 2, 3), (&check, 0, 30)];
    for (sight, begin, patience) in cases {
        let mut one = Watched::new();
        if begin > 0 {
            one.well(0..begin, "a", 0);
        }
        for second in begin..begin + patience - 1 {
            assert!(is_pending(&one.sees(second, "a", 0, sight())), "{second}");
        }
        let failed = Word::Failure("500".to_owned());
        assert_eq!(one.sees(begin + patience, "a", 0, sight()), failed);
        assert_eq!(one.well(41..60, "a", 0), failed);
    }
}

#[test]
fn one_check_that_fails_begins_the_time_anew() {
    let mut one = Watched::new();
    one.well(0..4, "a", 0);
    one.sees(4, "a", 0, Sight::CheckFailed("500".to_owned()));
    assert!(is_pending(&one.well(5..10, "a", 0)));
    assert!(matches!(one.well(10..11, "a", 0), Word::Success(_)));
}

#[test]
fn a_sync_that_failed_says_nothing_of_what_runs() {
    let mut one = Watched::new();
    one.well(0..6, "a", 0);
    let failed = one.sees(6, "a", 0, Sight::SyncFailed("the migration".to_owned()));
    assert_eq!(failed, Word::Failure("the migration".to_owned()));
    assert!(matches!(one.well(7..8, "a", 0), Word::Success(_)));
}

#[test]
fn the_word_stays_with_the_release_and_is_given_for_another_commit_while_it_is_well() {
    let mut one = Watched::new();
    one.well(0..6, "a", 0);
    assert!(is_pending(&one.sees(7, "a", 0, unsettled())));
    let degraded = Sight::Degraded("a run of its CronJob failed".to_owned());
    assert!(is_pending(&one.sees(7, "a", 0, degraded)));
    assert!(matches!(one.well(8..9, "a", 3), Word::Success(_)));
    assert!(is_pending(&one.well(9..10, "b", 3)));
}

#[test]
fn what_was_found_out_before_is_taken_over() {
    let mut one = Watched::new();
    one.soak.known("a", Word::Failure("it ended".to_owned()));
    assert_eq!(one.well(0..30, "a", 0), Word::Failure("it ended".to_owned()));
    assert!(is_pending(&one.well(30..31, "b", 0)));
}

/// A check by the name `smoke`, and how its runs ended.
fn smoke(runs: &[(&str, Option<bool>)]) -> Checks {
    let mut checks = Checks::named(["smoke".to_owned()]);
    for (name, passed) in runs {
        let run = CheckRun {
            name: (*name).to_owned(),
            passed: *passed,
        };
        checks.ran("smoke", run.clone());
        checks.ran("of-another-app", run);
    }
    checks
}

#[test]
fn its_checks_have_to_pass_too_in_runs_that_began_while_it_was_there() {
    let mut one = Watched::new();
    let mut sees = |second, runs: &[_]| one.sees_checks(second, "a", 0, healthy(), smoke(runs));
    // One that failed before, and one that has begun before.
    let (old, begun) = (("1", Some(false)), ("2", None));
    let word = sees(0, &[old, begun]);
    assert!(
        matches!(&word, Word::Pending(words) if words.ends_with("pass its checks")),
        "{word:?}"
    );
    let begun = ("2", Some(true));
    assert!(is_pending(&sees(20, &[old, begun])));
    assert!(is_pending(&sees(21, &[old, begun, ("3", None)])));
    let passed = sees(22, &[old, begun, ("3", Some(true))]);
    assert!(matches!(passed, Word::Success(_)), "{passed:?}");
}

#[test]
fn a_check_that_fails_is_a_failure_though_all_is_healthy() {
    let mut one = Watched::new();
    let mut sees =
        |second, identity, runs: &[_]| one.sees_checks(second, identity, 0, healthy(), smoke(runs));
    sees(0, "a", &[]);
    assert!(is_pending(&sees(1, "a", &[("1", Some(true))])));
    let failed = Word::Failure("check 2 failed".to_owned());
    assert_eq!(sees(3, "a", &[("1", Some(true)), ("2", Some(false))]), failed);
    // For good, and of this release alone.
    assert_eq!(sees(9, "a", &[("3", Some(true))]), failed);
    assert!(is_pending(&sees(10, "b", &[("2", Some(false))])));
    assert!(matches!(sees(15, "b", &[("4", Some(true))]), Word::Success(_)));
}

#[test]
fn runs_from_before_a_break_do_not_count() {
    let mut one = Watched::new();
    one.sees_checks(0, "a", 0, healthy(), smoke(&[]));
    one.sees_checks(1, "a", 0, unsettled(), smoke(&[("1", Some(false))]));
    let mut sees = |second, runs: &[_]| one.sees_checks(second, "a", 0, healthy(), smoke(runs));
    assert!(is_pending(&sees(2, &[("1", Some(false)), ("2", Some(true))])));
    assert!(is_pending(&sees(8, &[("2", Some(true))])));
    assert!(matches!(sees(9, &[("3", Some(true))]), Word::Success(_)));
}
