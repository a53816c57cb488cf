//! Claims on a balancer that keeps them, with every order of two askers.

use std::time::Instant;

use super::*;
use crate::drive::fake::{Fake, lease_of, weights};

fn ask(fake: &mut Fake, to: &str) -> Result<Held, Fault> {
    let now = fake.weights()?;
    Held::ask(fake, to, &now, "somebody").map(|(held, _)| held)
}

fn claim(id: &str, holds: bool, until: Duration) -> Claim {
    Claim {
        id: id.to_owned(),
        holds,
        to: "green".to_owned(),
        from: weights(100, 0),
        until,
        by: "a@b".to_owned(),
    }
}

#[test]
fn a_claim_is_read_as_it_was_written() {
    let one = claim("1-2", true, Duration::from_secs(1_764_400_000));
    assert_eq!(one.packed(), "holds/green/blue:100+green:0/1764400000/a@b");
    assert_eq!(Claim::unpacked("1-2", &one.packed()), Some(one));
    for other in [
        "",
        "holds/green",
        "x/green/blue:100/1/a",
        "asks/green/blue:90/1/a",
    ] {
        assert_eq!(Claim::unpacked("1-2", other), None, "{other}");
    }
}

#[test]
fn the_second_is_refused_and_the_first_goes_on() {
    let mut fake = Fake::new();
    let mut first = ask(&mut fake, "green").unwrap();
    let refused = ask(&mut fake, "blue").unwrap_err();
    assert!(matches!(refused, Fault::Taken { .. }), "{refused}");
    assert!(refused.to_string().contains("to green"), "{refused}");
    first.renew(&mut fake).unwrap();
    first.end(&mut fake).unwrap();
    assert_eq!(fake.claims().unwrap(), []);
    ask(&mut fake, "blue").unwrap();
}

#[test]
fn one_that_was_killed_leaves_where_it_came_from() {
    let mut fake = Fake::new();
    drop(ask(&mut fake, "green").unwrap());
    fake.set(&weights(50, 50)).unwrap();
    fake.let_pass(lease_of(&fake));
    let next = ask(&mut fake, "green").unwrap();
    assert_eq!(next.from(), &weights(100, 0));
    assert_eq!(fake.claims().unwrap().len(), 1);
    next.end(&mut fake).unwrap();
    // The way back is another shift, which begins where the weights are.
    drop(ask(&mut fake, "green").unwrap());
    fake.let_pass(lease_of(&fake));
    assert_eq!(ask(&mut fake, "blue").unwrap().from(), &weights(50, 50));
}

#[test]
fn one_that_slept_past_its_end_moves_nothing_more_once_there_is_another() {
    let mut fake = Fake::new();
    let mut slept = ask(&mut fake, "green").unwrap();
    fake.let_pass(lease_of(&fake));
    slept.claim.until = Duration::ZERO;
    let other = ask(&mut fake, "green").unwrap();
    let lost = slept.renew(&mut fake).unwrap_err();
    assert!(matches!(lost, Fault::ClaimLost), "{lost}");
    assert_eq!(fake.claims().unwrap(), [other.claim]);
}

#[test]
fn one_that_slept_while_another_came_and_went_moves_nothing_more() {
    let mut fake = Fake::new();
    let mut slept = ask(&mut fake, "green").unwrap();
    fake.let_pass(lease_of(&fake));
    slept.claim.until = Duration::ZERO;
    ask(&mut fake, "green").unwrap().end(&mut fake).unwrap();
    let lost = slept.renew(&mut fake).unwrap_err();
    assert!(matches!(lost, Fault::ClaimLost), "{lost}");
    assert_eq!(fake.claims().unwrap(), []);
    // Where nobody came, it goes on.
    let mut slept = ask(&mut fake, "green").unwrap();
    slept.claim.until = Duration::ZERO;
    slept.renew(&mut fake).unwrap();
}

/// Else its own end would be later here than the others see it, and it would not look for them.
#[test]
fn a_renewal_that_did_not_arrive_prolongs_nothing() {
    let mut fake = Fake::new();
    let mut held = ask(&mut fake, "green").unwrap();
    let until = held.claim.until;
    fake.away = Some((Instant::now() + Duration::from_mins(10), || Fault::ClaimLost));
    held.renew(&mut fake).unwrap_err();
    assert_eq!(held.claim.until, until);
}

#[test]
fn one_that_asks_takes_nothing_from_one_that_renews_in_time() {
    let mut fake = Fake::new();
    let mut first = ask(&mut fake, "green").unwrap();
    let soon = clock::now() + Duration::from_secs(5);
    fake.put(&claim("f", false, soon)).unwrap();
    first.renew(&mut fake).unwrap();
    // But one whose end has passed gives way: the other one has not seen it.
    first.claim.until = Duration::ZERO;
    assert!(matches!(first.renew(&mut fake), Err(Fault::ClaimLost)));
}

/// What an asker does next, one operation of the balancer at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Next {
    Put,
    Read,
    Hold,
    Done { holds: bool },
}

/// One operation of an asker, as [`Held::ask`] does them.
fn step(next: Next, mine: &str, there: &mut Vec<Claim>) -> Next {
    let put = |there: &mut Vec<Claim>, holds| {
        there.retain(|claim| claim.id != mine);
        there.push(claim(mine, holds, Duration::MAX));
    };
    match next {
        Next::Put => {
            put(there, false);
            Next::Read
        }
        Next::Read => {
            let others: Vec<_> = there.iter().filter(|claim| claim.id != mine).cloned().collect();
            match answer(mine, &others) {
                Answer::Hold => Next::Hold,
                Answer::Wait => Next::Read,
                Answer::Leave(_) => {
                    there.retain(|claim| claim.id != mine);
                    Next::Done { holds: false }
                }
            }
        }
        Next::Hold => {
            put(there, true);
            Next::Done { holds: true }
        }
        done @ Next::Done { .. } => done,
    }
}

#[test]
fn in_no_order_of_reads_and_writes_do_two_hold() {
    const TURNS: u32 = 12;
    let mut held = [0; 3];
    for order in 0..1_u32 << TURNS {
        let mut there = Vec::new();
        let mut both = [Next::Put; 2];
        for turn in 0..TURNS {
            let who = (order >> turn & 1) as usize;
            both[who] = step(both[who], ["1", "2"][who], &mut there);
        }
        let holding = both.iter().filter(|next| **next == Next::Done { holds: true });
        held[holding.count()] += 1;
    }
    // Where one of them hardly gets a turn, nobody has come to hold yet.
    assert!(held[2] == 0 && held[1] > 3900, "{held:?}");
}
