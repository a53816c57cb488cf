//! Shifts on a balancer that does what a test tells it to.

use super::fake::{Fake, Refuses, weights};
use super::*;

mod counted;
mod killed;

fn order(fake: &Fake) -> Order {
    let pace = fake.pace();
    Order {
        to: "green".to_owned(),
        steps: "1,10,50,100".parse().unwrap(),
        limits: Limits {
            hold: pace.hold,
            requests: 20,
            most_bad: 0.05,
            patience: pace.patience,
            quiet: Duration::from_millis(500),
        },
        pace,
        by: "somebody".to_owned(),
        ready: Box::new(|_| Ok(())),
        tell: |_| (),
        stop: Arc::default(),
    }
}

/// Ends with the traffic where it was, no claim left, and an error that says both.
fn goes_back(fake: &mut Fake, order: &Order, said: &str) {
    let error = shift(fake, order).unwrap_err().to_string();
    assert!(error.contains(said), "{error}");
    assert!(
        error.contains("where it was before: blue 100, green 0"),
        "{error}"
    );
    assert_eq!(fake.weights, weights(100, 0));
    assert!(fake.claims.is_empty());
}

#[test]
fn a_good_target_gets_everything_step_by_step() {
    let mut fake = Fake::new();
    let order = order(&fake);
    shift(&mut fake, &order).unwrap();
    assert_eq!(fake.history, [1, 10, 50, 100]);
    assert!(fake.claims.is_empty());
    // There is nothing left to do.
    shift(&mut fake, &order).unwrap();
    assert_eq!(fake.history.len(), 4);
}

#[test]
fn a_bad_one_goes_back() {
    let mut fake = Fake::new();
    // At one percent a look has one request, and a whole one fails only with more of them.
    fake.bad = 30;
    let order = order(&fake);
    goes_back(&mut fake, &order, "green does badly");
    assert_eq!(fake.history, [1, 10, 0]);
}

#[test]
fn one_that_hangs_goes_back() {
    let mut fake = Fake::new();
    fake.hangs = true;
    let order = order(&fake);
    goes_back(&mut fake, &order, "not answered in time");
    assert_eq!(fake.history, [1, 0]);
}

#[test]
fn no_data_is_no_step() {
    let mut fake = Fake::new();
    fake.idle = true;
    let order = order(&fake);
    goes_back(&mut fake, &order, "had 0 answered requests");
    assert_eq!(fake.history, [1, 0]);
}

#[test]
fn a_good_target_that_is_counted_late_is_not_taken_back_when_it_waits_as_long_as_it_is_held() {
    let mut fake = Fake::new();
    fake.lag = Duration::from_millis(50);
    let mut order = order(&fake);
    // Each look has enough requests.
    order.steps = "50,100".parse().unwrap();
    order.pace.wait = order.limits.hold;
    shift(&mut fake, &order).unwrap();
    assert_eq!(fake.history, [50, 100]);
}

#[test]
fn one_that_is_not_ready_gets_nothing() {
    let mut fake = Fake::new();
    let mut order = order(&fake);
    order.ready = Box::new(|target| {
        Err(Fault::NotReady {
            target: target.to_owned(),
            said: "503 schema 2 is needed".to_owned(),
        })
    });
    goes_back(&mut fake, &order, "schema 2 is needed");
    assert!(fake.history.iter().all(|share| *share == 0));
}

#[test]
fn a_balancer_that_forgets_its_weights_is_named() {
    let mut fake = Fake::new();
    fake.trouble = |fake, look| {
        if look == 5 {
            fake.weights = weights(100, 0);
        }
    };
    let order = order(&fake);
    goes_back(&mut fake, &order, "forgotten the weights");
}

#[test]
fn one_that_counts_from_nothing_again_is_named() {
    let mut fake = Fake::new();
    fake.trouble = |fake, look| {
        if look == 5 {
            fake.counts.clear();
            fake.claims.clear();
        }
    };
    let order = order(&fake);
    goes_back(&mut fake, &order, "counted from nothing again");
}

/// Out of reach from the fifth look on, for a time.
fn away(time: Duration, fault: fn() -> Fault) -> (Instant, fn() -> Fault) {
    (Instant::now() + time, fault)
}

fn unreachable() -> Fault {
    let said = "it is away".to_owned();
    Fault::Unreachable { said }
}

fn expired() -> Fault {
    let said = "ExpiredToken".to_owned();
    Fault::Expired { said }
}

#[test]
fn one_that_is_away_for_a_moment_is_waited_for_and_one_that_stays_away_is_left() {
    let mut fake = Fake::new();
    fake.trouble = |fake, look| {
        if look == 5 {
            fake.away = Some(away(Duration::from_millis(10), unreachable));
        }
    };
    let order = order(&fake);
    shift(&mut fake, &order).unwrap();
    let mut fake = Fake::new();
    fake.trouble = |fake, look| {
        if look == 5 {
            fake.away = Some(away(Duration::from_mins(10), unreachable));
        }
    };
    let error = shift(&mut fake, &order).unwrap_err().to_string();
    assert!(error.contains("THE TRAFFIC IS NOT BACK"), "{error}");
    assert!(error.contains("blue 100, green 0"), "{error}");
}

#[test]
fn who_signs_in_again_after_the_token_has_expired_gets_the_traffic_back() {
    let mut fake = Fake::new();
    fake.trouble = |fake, look| {
        if look == 5 {
            fake.away = Some(away(Duration::from_secs(1), expired));
        }
    };
    let mut order = order(&fake);
    order.pace.blind = Duration::from_millis(50);
    order.pace.back = Duration::from_secs(10);
    goes_back(&mut fake, &order, "sign in again");
}

#[test]
fn weights_that_are_refused_leave_everything_as_it_was() {
    let mut fake = Fake::new();
    fake.refuses = Some(Refuses::Weights);
    let order = order(&fake);
    goes_back(&mut fake, &order, "may not do this");
    assert!(fake.history.is_empty());
}

#[test]
fn a_balancer_that_will_not_take_the_traffic_back_is_not_asked_for_long() {
    let mut fake = Fake::new();
    fake.hangs = true;
    fake.trouble = |fake, look| {
        if look == 3 {
            fake.refuses = Some(Refuses::Weights);
        }
    };
    let mut order = order(&fake);
    order.pace.back = Duration::from_mins(1);
    let error = shift(&mut fake, &order).unwrap_err().to_string();
    assert!(error.contains("THE TRAFFIC IS NOT BACK"), "{error}");
    let at_once = "in 0 s (these credentials may not do this";
    assert!(error.contains(at_once), "{error}");
    assert_eq!(fake.weights, weights(99, 1));
}

#[test]
fn whoever_stops_it_gets_the_traffic_back() {
    let mut fake = Fake::new();
    fake.hangs = false;
    let order = order(&fake);
    order.stop.store(true, Ordering::Relaxed);
    goes_back(&mut fake, &order, "asked to stop");
}

#[test]
fn who_has_lost_its_claim_sets_nothing_more() {
    let mut fake = Fake::new();
    fake.trouble = |fake, look| {
        if look == 5 {
            let (id, other) = fake.claims.first_key_value().unwrap();
            let (id, mut other) = (format!("{id}x"), other.clone());
            other.id.clone_from(&id);
            fake.claims.insert(id, other);
            let gone = fake.claims.pop_first().unwrap();
            assert!(gone.1.holds);
            fake.weights = weights(60, 40);
        }
    };
    let order = order(&fake);
    let error = shift(&mut fake, &order).unwrap_err().to_string();
    assert!(error.contains("another shift has taken over"), "{error}");
    assert_eq!(fake.weights, weights(60, 40));
}

#[test]
fn a_target_that_is_not_there_is_named() {
    let mut fake = Fake::new();
    let mut order = order(&fake);
    order.to = "red".to_owned();
    let error = shift(&mut fake, &order).unwrap_err().to_string();
    assert!(error.contains("no target red"), "{error}");
    assert!(fake.history.is_empty() && fake.claims.is_empty());
}

#[test]
fn a_rehearsal_changes_nothing() {
    let mut fake = Fake::new();
    let order = order(&fake);
    rehearse(&mut fake, &order).unwrap();
    assert!(fake.history.is_empty() && fake.claims.is_empty());
}

#[test]
fn where_another_shift_has_just_ended_is_where_this_one_goes_back_to() {
    let mut fake = Fake::new();
    fake.meanwhile = Some(weights(40, 60));
    fake.hangs = true;
    let order = order(&fake);
    let error = shift(&mut fake, &order).unwrap_err().to_string();
    assert!(
        error.contains("where it was before: blue 40, green 60"),
        "{error}"
    );
    assert_eq!(fake.weights, weights(40, 60));
}

#[test]
fn a_claim_that_cannot_be_removed_does_not_make_a_shift_that_is_done_a_failed_one() {
    let mut fake = Fake::new();
    fake.refuses = Some(Refuses::ToForget);
    let order = order(&fake);
    shift(&mut fake, &order).unwrap();
    assert_eq!(fake.weights, weights(0, 100));
}
