//! What is done for whom, and that nothing is left whenever the keeper is killed.

use super::*;

const LIMITS: Limits = Limits {
    most: 3,
    oldest: Duration::from_hours(1),
};

fn preview(number: u64, age: u64, state: State) -> Preview {
    Preview {
        number,
        commit: format!("head-{number}"),
        age: Duration::from_secs(age),
        state,
    }
}

fn there(previews: Vec<Preview>, namespaces: &[u64], tables: &[u64]) -> There {
    There {
        previews,
        namespaces: namespaces.iter().map(|number| (*number, false)).collect(),
        tables: tables.iter().copied().collect(),
    }
}

fn make(number: u64) -> Action {
    Action::Make(number, format!("head-{number}"))
}

fn actions(there: &There) -> Vec<Action> {
    decide(there, &LIMITS).0
}

#[test]
fn table_and_namespace_come_before_the_sync() {
    let new = || vec![preview(7, 1, State::New)];
    assert_eq!(actions(&there(new(), &[], &[])), [make(7)]);
    assert_eq!(actions(&there(new(), &[7], &[])), [make(7)]);
    assert_eq!(actions(&there(new(), &[], &[7])), [make(7)]);
    let sync = Action::Sync(7, "head-7".to_owned());
    assert_eq!(actions(&there(new(), &[7], &[7])), [sync]);
}

#[test]
fn an_earlier_commit_makes_room_for_the_next() {
    let overtaken = there(vec![preview(7, 1, State::Overtaken)], &[7], &[7]);
    assert_eq!(actions(&overtaken), [Action::EndSync(7)]);
}

#[test]
fn what_runs_or_has_failed_is_left_alone_and_told() {
    for (state, expected) in [
        (State::Live, News::Live),
        (State::Busy("a".to_owned()), News::Pending("a".to_owned())),
        (State::Failed("b".to_owned()), News::Failed("b".to_owned())),
    ] {
        let there = there(vec![preview(7, 1, state)], &[7], &[7]);
        let (actions, news) = decide(&there, &LIMITS);
        assert_eq!(actions, []);
        assert_eq!(news, [(7, "head-7".to_owned(), expected)]);
    }
}

#[test]
fn a_closed_one_loses_its_namespace_first_and_then_its_table() {
    assert_eq!(actions(&there(vec![], &[7], &[7])), [Action::DeleteNamespace(7)]);
    let mut ending = there(vec![], &[7], &[7]);
    ending.namespaces.insert(7, true);
    assert_eq!(actions(&ending), []);
    assert_eq!(actions(&there(vec![], &[], &[7])), [Action::DeleteTable(7)]);
}

#[test]
fn one_that_comes_back_waits_for_the_end_of_what_was_before() {
    let mut ending = there(vec![preview(7, 0, State::New)], &[7], &[7]);
    ending.namespaces.insert(7, true);
    assert_eq!(actions(&ending), []);
}

#[test]
fn an_old_one_is_taken_away_even_if_its_label_stays() {
    let old = there(vec![preview(7, 3600, State::Live)], &[7], &[7]);
    let (actions, news) = decide(&old, &LIMITS);
    assert_eq!(actions, [Action::Unlabel(7), Action::DeleteNamespace(7)]);
    let words = "taken away after 1 h; label it again for another".to_owned();
    assert_eq!(news, [(7, "head-7".to_owned(), News::Failed(words))]);
    assert_eq!(in_words(Duration::from_secs(45)), "45 s");
}

#[test]
fn the_newest_wait_where_there_are_too_many() {
    let many = (1..=5).map(|number| preview(number, 100 - number, State::New));
    let (actions, news) = decide(&there(many.collect(), &[], &[]), &LIMITS);
    assert_eq!(actions, [1, 2, 3].map(make));
    let waiting = |(number, _, news): &(u64, String, News)| {
        matches!(news, News::Pending(words) if words.contains("fewer than 3")).then_some(*number)
    };
    assert_eq!(news.iter().filter_map(waiting).collect::<Vec<_>>(), [4, 5]);
}

/// A cluster that does what it is told, a moment later.
#[derive(Default)]
struct Cluster {
    open: BTreeMap<u64, State>,
    namespaces: BTreeMap<u64, bool>,
    tables: BTreeSet<u64>,
    seed: u64,
}

impl Cluster {
    fn chance(&mut self, of: u64) -> bool {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33).is_multiple_of(of)
    }

    fn there(&self) -> There {
        let previews = self.open.iter();
        There {
            previews: previews
                .map(|(number, state)| preview(*number, 1000 - number, state.clone()))
                .collect(),
            namespaces: self.namespaces.clone(),
            tables: self.tables.clone(),
        }
    }

    /// Does it; a keeper that is killed has done the first part of it, or nothing.
    fn act(&mut self, action: &Action) {
        let killed = self.chance(4);
        match action {
            Action::Make(number, _) => {
                self.tables.insert(*number);
                if !killed {
                    self.namespaces.entry(*number).or_insert(false);
                }
            }
            _ if killed => {}
            Action::Sync(number, _) => drop(self.open.insert(*number, State::Live)),
            Action::EndSync(number) => drop(self.open.insert(*number, State::New)),
            Action::Unlabel(number) => drop(self.open.remove(number)),
            Action::DeleteNamespace(number) => drop(self.namespaces.insert(*number, true)),
            Action::DeleteTable(number) => {
                assert!(!self.namespaces.contains_key(number), "table {number} is in use");
                self.tables.remove(number);
            }
        }
    }

    /// What ends by itself.
    fn pass(&mut self) {
        let ending: Vec<_> = self.namespaces.iter().filter(|(_, ending)| **ending).collect();
        let ending: Vec<_> = ending.into_iter().map(|(number, _)| *number).collect();
        for number in ending {
            if self.chance(2) {
                self.namespaces.remove(&number);
            }
        }
    }

    fn round(&mut self) {
        let (actions, _) = decide(&self.there(), &LIMITS);
        for action in actions {
            self.act(&action);
        }
        self.pass();
        assert!(self.namespaces.len() <= 3, "{:?}", self.namespaces);
    }
}

#[test]
fn nothing_is_left_however_often_it_is_killed() {
    for seed in 0..200 {
        let mut cluster = Cluster {
            seed,
            ..Cluster::default()
        };
        for number in 1..60 {
            if cluster.chance(2) {
                cluster.open.insert(number, State::New);
            }
            // A close whose event nobody heard is one that is seen later.
            if cluster.chance(2) {
                let first = cluster.open.keys().next().copied();
                first.map(|number| cluster.open.remove(&number));
            }
            cluster.round();
        }
        let open: BTreeSet<_> = cluster.open.keys().copied().take(3).collect();
        for _ in 0..60 {
            cluster.round();
        }
        assert_eq!(cluster.tables, open, "seed {seed}");
        assert_eq!(cluster.namespaces.keys().copied().collect::<BTreeSet<_>>(), open);
        cluster.open.clear();
        for _ in 0..60 {
            cluster.round();
        }
        assert!(
            cluster.tables.is_empty() && cluster.namespaces.is_empty(),
            "seed {seed}"
        );
    }
}
