//! In which order actions are carried out, and what becomes of the others when one fails.

use std::cell::RefCell;

use anyhow::bail;
use e2e_report::Outcome;

use super::*;
use crate::run::progress::History;

const A: Step = Step::new("a", "a", 60);
const B: Step = Step::new("b", "b", 60);
const C: Step = Step::new("c", "c", 60);
const D: Step = Step::new("d", "d", 60);

/// What began and ended, in order.
type Seen = RefCell<Vec<String>>;

/// An action that takes a few turns.
fn add(plan: &mut Plan<Seen>, step: Step, needs: &[&'static str]) {
    plan.add(step, needs, move |seen, _| {
        Box::pin(async move {
            seen.borrow_mut().push(format!("{} begins", step.id));
            tokio::task::yield_now().await;
            seen.borrow_mut().push(format!("{} ends", step.id));
            Ok(())
        })
    });
}

/// `a`, then `b` and `c` side by side, then `d`.
fn diamond() -> Plan<Seen> {
    let mut plan = Plan::new();
    add(&mut plan, A, &[]);
    add(&mut plan, B, &["a"]);
    add(&mut plan, C, &["a"]);
    add(&mut plan, D, &["b", "c"]);
    plan
}

fn titles(plan: &Plan<Seen>) -> Vec<Vec<&'static str>> {
    let rows = plan.rows().into_iter();
    rows.map(|row| row.iter().map(|step| step.title).collect())
        .collect()
}

#[tokio::test]
async fn each_begins_when_what_it_needs_has_ended_and_not_later() {
    let (plan, seen) = (diamond(), Seen::default());
    let progress = Progress::new(plan.len(), History::new());
    plan.carry_out(&progress, &seen).await.unwrap();
    let seen = seen.into_inner();
    let at = |what: &str| seen.iter().position(|seen| seen == what).unwrap();
    assert_eq!(seen.len(), 8, "{seen:?}");
    assert!(at("a ends") < at("b begins") && at("a ends") < at("c begins"));
    assert!(
        at("b begins") < at("c ends") && at("c begins") < at("b ends"),
        "{seen:?}"
    );
    assert!(at("b ends") < at("d begins") && at("c ends") < at("d begins"));
}

#[test]
fn a_row_ends_where_all_that_follows_waits_for_it() {
    assert_eq!(titles(&diamond()), [vec!["a"], vec!["b", "c"], vec!["d"]]);
    let mut apart = diamond();
    add(&mut apart, Step::new("e", "e", 60), &["b"]);
    assert_eq!(titles(&apart), [vec!["a"], vec!["b", "c", "d", "e"]]);
}

#[tokio::test]
async fn one_that_fails_ends_what_goes_on_beside_it_and_nothing_follows() {
    let mut plan: Plan<()> = Plan::new();
    plan.add(A, &[], |(), _| Box::pin(std::future::pending()));
    plan.add(B, &[], |(), _| Box::pin(async { bail!("no disk") }));
    plan.add(C, &["b"], |(), _| Box::pin(async { Ok(()) }));
    let progress = Progress::new(plan.len(), History::new());
    let error = plan.carry_out(&progress, &()).await.unwrap_err();
    assert_eq!(format!("{error:#}"), "step `b`: no disk");
    let steps = progress.recorder().steps().into_iter();
    let mut outcomes: Vec<_> = steps.map(|step| (step.id, step.outcome)).collect();
    outcomes.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(
        outcomes,
        [
            ("a".to_owned(), Outcome::Interrupted),
            ("b".to_owned(), Outcome::Failed("no disk".to_owned()))
        ]
    );
}

#[test]
#[should_panic(expected = "b needs a, which is not planned before it")]
fn what_could_never_begin_is_not_planned() {
    add(&mut Plan::new(), B, &["a"]);
}
