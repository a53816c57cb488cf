//! Shifts that are told by Prometheus what was counted.

use std::iter;

use super::*;
use crate::prometheus::tests::{answering, counted, vector};

/// A Prometheus that is away for two requests.
fn away_at_first(then: (u16, String)) -> impl Iterator<Item = (u16, String)> + Send + 'static {
    let away = (503, "it starts".to_owned());
    iter::repeat_n(away, 2).chain(iter::repeat(then))
}

#[test]
fn a_query_without_counters_moves_nothing_and_a_rehearsal_says_so() {
    let (address, _questions) = answering(iter::repeat(vector(&[])));
    let mut counted = counted(address);
    let order = order(&Fake::new());
    let rehearsed = rehearse(&mut counted, &order).unwrap_err().to_string();
    let shifted = shift(&mut counted, &order).unwrap_err().to_string();
    for error in [rehearsed, shifted] {
        assert!(error.contains("has no series"), "{error}");
    }
    assert_eq!(counted.weights().unwrap(), weights(100, 0));
}

#[test]
fn one_that_is_away_as_a_step_begins_is_waited_for() {
    let silent = vector(&[("green", "a", "200", 1)]);
    let (address, _questions) = answering(away_at_first(silent));
    let error = shift(&mut counted(address), &order(&Fake::new()));
    // The step has begun, and nothing was counted in it.
    let error = error.unwrap_err().to_string();
    assert!(error.contains("had 0 answered requests"), "{error}");
}

#[test]
fn a_target_that_answered_enough_and_then_nothing_goes_back() {
    let answered = |count| vector(&[("green", "a", "200", count)]);
    let (address, _questions) =
        answering(iter::once(answered(10)).chain(iter::repeat_with(move || answered(50))));
    let mut counted = counted(address);
    let mut order = order(&Fake::new());
    order.steps = "50,100".parse().unwrap();
    order.limits.hold = Duration::from_secs(1);
    order.limits.quiet = Duration::from_millis(100);
    let error = shift(&mut counted, &order).unwrap_err().to_string();
    assert!(
        error.contains("green answered 40 requests well enough"),
        "{error}"
    );
    assert!(
        error.contains("where it was before: blue 100, green 0"),
        "{error}"
    );
    assert_eq!(counted.weights().unwrap(), weights(100, 0));
}
