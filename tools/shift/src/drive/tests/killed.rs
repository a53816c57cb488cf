//! Shifts that go on where another one was killed.

use super::*;
use crate::claim::Claim;

/// The claim of a shift to green that was killed.
fn killed(fake: &mut Fake) {
    let id = "killed".to_owned();
    let claim = Claim {
        id: id.clone(),
        holds: true,
        to: "green".to_owned(),
        from: weights(100, 0),
        until: Duration::ZERO,
        by: "somebody".to_owned(),
    };
    fake.claims.insert(id, claim);
}

#[test]
fn what_a_killed_shift_had_moved_is_watched_before_more_is_moved() {
    for share in [50, 100] {
        let mut fake = Fake::new();
        killed(&mut fake);
        fake.weights = weights(100 - share, share);
        fake.bad = 30;
        let order = order(&fake);
        goes_back(&mut fake, &order, "green does badly");
        assert_eq!(fake.history, [share, 0]);
    }
}

#[test]
fn one_that_had_moved_nothing_yet_is_gone_on_with_by_the_first_step() {
    let mut fake = Fake::new();
    killed(&mut fake);
    fake.weights = weights(100, 0);
    let order = order(&fake);
    shift(&mut fake, &order).unwrap();
    assert_eq!(fake.history, [1, 10, 50, 100]);
}
