//! Many sequences of requests with known shares of failures, and the few that have a name.

use super::*;

/// Numbers that look like chance and are the same in each run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        // Knuth's MMIX generator; its upper bits are the good ones.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(limit)).expect("it is below a u32")
    }
}

const LIMITS: Limits = Limits {
    hold: Duration::from_secs(10),
    requests: 20,
    most_bad: 0.05,
    patience: Duration::from_secs(3),
    quiet: QUIET,
};

fn second(number: u64) -> Duration {
    Duration::from_secs(1000 + number)
}

fn begin() -> Guard {
    Guard::new(LIMITS, second(0), Count::default())
}

/// One request a look, of which so many in a thousand fail: the look at which it was bad.
fn found_bad(per_mille: u32, seed: u64, looks: u64) -> Option<u64> {
    let mut random = Random(seed);
    let mut guard = begin();
    let mut count = Count::default();
    (1..=looks).find(|look| {
        count.sent += 1;
        count.ended += 1;
        count.failed += u64::from(random.below(1000) < per_mille);
        guard.see(second(*look), count) == Verdict::Bad
    })
}

#[test]
fn a_bad_target_is_found_after_few_requests() {
    let mut looks: Vec<_> = (0..1000)
        .map(|seed| found_bad(300, seed, 1000).expect("it is found"))
        .collect();
    looks.sort_unstable();
    assert!(
        looks[500] <= 12 && looks[950] <= 24,
        "{} and {}",
        looks[500],
        looks[950]
    );
}

#[test]
fn a_good_one_is_not_found_bad() {
    let alarms = |per_mille| {
        let found = (0..300).filter(|seed| found_bad(per_mille, *seed, 2000).is_some());
        found.count()
    };
    assert_eq!(alarms(0), 0);
    assert!(alarms(5) <= 30, "{}", alarms(5));
    assert!(alarms(100) == 300, "{}", alarms(100));
}

#[test]
fn whatever_is_counted_no_verdict_is_good_before_its_time_its_requests_or_with_too_many_failures() {
    let mut random = Random(3);
    for _ in 0..5000 {
        let (mut guard, mut count) = (begin(), Count::default());
        let per_mille = random.below(1000);
        for look in 1..60 {
            let sent = u64::from(random.below(5));
            let ended = u64::from(random.below(5)).min(count.sent + sent - count.ended);
            let failed = (0..ended).filter(|_| random.below(1000) < per_mille).count() as u64;
            count.sent += sent;
            count.ended += ended;
            count.failed += failed;
            let verdict = guard.see(second(look), count);
            if verdict == Verdict::Good {
                assert!(look >= 10 && guard.requests() >= 20, "{look}: {guard:?}");
                assert!(
                    (guard.failed() + guard.late()) * 20 <= guard.requests(),
                    "{guard:?}"
                );
            }
            assert_ne!(verdict, Verdict::Fell);
        }
    }
}

#[test]
fn a_target_that_hangs_is_bad_though_it_never_fails() {
    let mut guard = begin();
    let sent = |sent| Count {
        sent,
        ..Count::default()
    };
    for look in 1..=5 {
        assert_eq!(guard.see(second(look), sent(look)), Verdict::Wait);
    }
    assert_eq!(guard.see(second(6), sent(6)), Verdict::Bad);
    assert_eq!((guard.failed(), guard.late()), (0, 3));
}

#[test]
fn one_that_hangs_after_it_did_well_is_bad_too() {
    let mut guard = begin();
    let mut count = Count::default();
    for look in 1..=50 {
        count.sent += 10;
        count.ended += 10;
        let expected = if look < 10 { Verdict::Wait } else { Verdict::Good };
        assert_eq!(guard.see(second(look), count), expected);
    }
    let hung = (51..60).find(|look| {
        count.sent += 10;
        guard.see(second(*look), count) == Verdict::Bad
    });
    assert_eq!(hung, Some(54));
}

#[test]
fn one_that_answers_nothing_any_more_is_not_good_though_nothing_shows_as_sent() {
    // It has all the requests that it needs, and they were good.
    let before = Count {
        sent: 40,
        ended: 40,
        failed: 0,
    };
    let more = Count {
        sent: 41,
        ended: 41,
        failed: 0,
    };
    let mut guard = begin();
    assert_eq!(guard.see(second(5), before), Verdict::Wait);
    assert_eq!(guard.see(second(64), before), Verdict::Good);
    for silent in 65..200 {
        assert_eq!(guard.see(second(silent), before), Verdict::Wait, "{silent}");
    }
    assert!(guard.is_good());
    assert_eq!(guard.see(second(200), more), Verdict::Good);
}

#[test]
fn answers_that_take_their_time_are_no_hanging() {
    let mut guard = begin();
    for look in 1..60 {
        // Each is answered two seconds after it was sent.
        let count = Count {
            sent: look * 10,
            ended: look.saturating_sub(2) * 10,
            failed: 0,
        };
        assert_ne!(guard.see(second(look), count), Verdict::Bad, "{look}");
    }
    assert_eq!(guard.late(), 0);
}

#[test]
fn no_request_is_never_good() {
    let mut guard = begin();
    for look in 1..1000 {
        assert_eq!(guard.see(second(look), Count::default()), Verdict::Wait);
    }
}

#[test]
fn what_was_open_before_does_not_count_as_late() {
    // Streams that were opened before this step, and stay.
    let first = Count {
        sent: 50,
        ended: 10,
        failed: 0,
    };
    let mut guard = Guard::new(LIMITS, second(0), first);
    for look in 1..20 {
        let count = Count {
            sent: 50 + look * 2,
            ended: 10 + look * 2,
            failed: 0,
        };
        assert_ne!(guard.see(second(look), count), Verdict::Bad);
    }
}

#[test]
fn counts_that_fall_say_that_the_balancer_began_anew() {
    let mut guard = begin();
    let count = |sent| Count {
        sent,
        ended: sent,
        failed: 0,
    };
    assert_eq!(guard.see(second(1), count(5)), Verdict::Wait);
    assert_eq!(guard.see(second(2), count(1)), Verdict::Fell);
}
