//! Shifts that are told by Prometheus what was counted.

use std::iter;

use super::*;
use crate::prometheus::tests::{answering, counted, vector};

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
