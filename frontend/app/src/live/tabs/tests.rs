//! Tabs that are opened, closed, frozen and hung, among each other.

use super::*;

const HEARTBEAT: Duration = Duration::from_secs(10);
/// The silence after which a stream is given up, and the longest until another tab has taken the
/// place of one that hangs.
const LIMIT: f64 = 25_000.0;
const TAKEN_OVER: f64 = LIMIT * PATIENCE + SPREAD as f64;

fn tab(number: u32) -> Tabs {
    Tabs::new(number, false, HEARTBEAT)
}

/// A tab that leads since `now`.
fn leader(number: u32, now: f64) -> Tabs {
    let mut tab = tab(number);
    tab.begin(now - 1000.0);
    assert_eq!(tab.look(now), [Act::Connect, Act::Say(Word::Here)]);
    tab
}

#[test]
fn a_silent_stream_is_given_up_and_the_visitor_is_told() {
    let mut tab = leader(1, 0.0);
    assert!(tab.look(LIMIT - 1.0).is_empty());
    tab.heard(10_000.0);
    assert!(tab.look(LIMIT + 9_999.0).is_empty(), "it was heard");
    let again = [Act::Lost, Act::Connect, Act::Say(Word::Lost)];
    assert_eq!(tab.look(LIMIT + 10_000.0), again);
    assert_eq!(
        tab.look(2.0 * LIMIT + 10_000.0),
        again,
        "nor was the next one heard"
    );
}

#[test]
fn who_wakes_late_looks_first_and_alarms_then() {
    let hours = 3.0 * 3_600_000.0;
    let mut tab = leader(1, 0.0);
    assert_eq!(tab.look(hours), [Act::Connect, Act::Say(Word::Here)]);
    assert_eq!(
        tab.look(2.0 * hours)[0],
        Act::Lost,
        "as in a background that wakes once a minute"
    );
}

#[test]
fn without_a_channel_each_tab_has_its_own_stream() {
    let mut tab = Tabs::new(1, true, HEARTBEAT);
    assert_eq!(tab.begin(0.0)[0], Act::Connect);
    assert_eq!(tab.leave()[0], Act::Disconnect);
    assert!(tab.look(1e9).is_empty(), "hidden");
    assert_eq!(tab.begin(1e9)[0], Act::Connect);
}

#[test]
fn of_two_leaders_the_one_with_a_living_stream_stays() {
    let (mut low, mut high) = (leader(1, 0.0), leader(2, 20_000.0));
    assert_eq!(low.told(20_001.0, 2, Word::Here), [Act::Say(Word::Here)]);
    assert_eq!(
        high.told(20_002.0, 1, Word::Here),
        [Act::Disconnect, Act::Refresh]
    );
    let mut hung = leader(1, 0.0);
    assert_eq!(hung.told(LIMIT, 2, Word::Event), [Act::Disconnect, Act::Refresh]);
}

/// What a tab can do at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Shown,
    Frozen,
    Hung,
    Closed,
}

struct Tab {
    tabs: Tabs,
    state: State,
    /// When its stream was opened.
    stream: Option<f64>,
    inbox: Vec<(u32, Word)>,
    /// When anything of the server's reached it.
    heard: f64,
}

/// A browser with its tabs, and one random course of events.
struct World {
    now: f64,
    random: u64,
    tabs: Vec<Tab>,
}

impl World {
    const STEP: f64 = 20.0;

    fn random(&mut self, below: usize) -> usize {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.random >> 33).unwrap() % below
    }

    fn open(&mut self) {
        let number = u32::try_from(self.random(1 << 30)).unwrap();
        self.tabs.push(Tab {
            tabs: tab(number),
            state: State::Shown,
            stream: None,
            inbox: Vec::new(),
            heard: self.now,
        });
        let (at, now) = (self.tabs.len() - 1, self.now);
        self.tell(at, |tabs| tabs.begin(now));
    }

    fn tell(&mut self, at: usize, happened: impl FnOnce(&mut Tabs) -> Vec<Act>) {
        for act in happened(&mut self.tabs[at].tabs) {
            match act {
                Act::Connect => self.tabs[at].stream = Some(self.now),
                Act::Disconnect => self.tabs[at].stream = None,
                Act::Say(word) => self.say(at, word),
                Act::Refresh | Act::Lost => {}
            }
        }
    }

    fn say(&mut self, at: usize, word: Word) {
        let from = self.tabs[at].tabs.me;
        let others = self.tabs.iter_mut().enumerate().filter(|(other, _)| *other != at);
        others.for_each(|(_, other)| other.inbox.push((from, word)));
    }

    /// Something happens to one tab, or a new one is opened.
    fn event(&mut self) {
        if self.tabs.iter().filter(|tab| tab.state != State::Closed).count() < 2 {
            return self.open();
        }
        let at = self.random(self.tabs.len());
        match (self.random(6), self.tabs[at].state) {
            (0, _) => self.open(),
            (_, State::Closed) => {}
            (1, State::Shown) => {
                self.tell(at, Tabs::leave);
                self.tabs[at].state = State::Frozen;
            }
            (2, State::Shown) => self.tabs[at].state = State::Hung,
            // Closed in order, or crashed.
            (3, State::Shown) => {
                self.tell(at, Tabs::leave);
                self.tabs[at].state = State::Closed;
            }
            (4, _) => {
                self.tabs[at].state = State::Closed;
                self.tabs[at].stream = None;
            }
            (_, State::Frozen) => {
                let now = self.now;
                self.tabs[at].state = State::Shown;
                self.tell(at, |tabs| tabs.begin(now));
            }
            (_, _) => self.tabs[at].state = State::Shown,
        }
    }

    fn step(&mut self) {
        self.now += Self::STEP;
        let now = self.now;
        for at in 0..self.tabs.len() {
            if self.tabs[at].state != State::Shown {
                continue;
            }
            for (from, word) in std::mem::take(&mut self.tabs[at].inbox) {
                if word == Word::Event {
                    self.tabs[at].heard = now;
                }
                self.tell(at, |tabs| tabs.told(now, from, word));
            }
            self.tell(at, |tabs| tabs.look(now));
            let beat = |since: f64| (now - since) % 10_000.0 < Self::STEP && now > since;
            if self.tabs[at].stream.is_some_and(beat) {
                self.tabs[at].heard = now;
                self.tabs[at].tabs.heard(now);
                self.say(at, Word::Event);
            }
        }
    }

    fn run(&mut self, milliseconds: f64) {
        let end = self.now + milliseconds;
        while self.now < end {
            self.step();
        }
    }

    fn shown(&self) -> impl Iterator<Item = &Tab> {
        self.tabs.iter().filter(|tab| tab.state == State::Shown)
    }
}

#[test]
fn whatever_happens_to_tabs_one_leads_soon_and_all_hear_it() {
    for seed in 0..40 {
        let (now, random, tabs) = (0.0, seed * 7919 + 1, Vec::new());
        let mut world = World { now, random, tabs };
        for _ in 0..25 {
            world.event();
            let pause = [50, 400, 12_000][world.random(3)];
            world.run(f64::from(pause));
        }
        world.open();
        world.run(TAKEN_OVER + 3.0 * 10_000.0);
        let leaders = world.shown().filter(|tab| tab.tabs.leads()).count();
        assert_eq!(leaders, 1, "seed {seed}");
        for tab in world.shown() {
            assert!(
                world.now - tab.heard <= 10_100.0,
                "seed {seed}: a tab hears nothing"
            );
            assert_eq!(tab.stream.is_some(), tab.tabs.leads(), "seed {seed}: its stream");
        }
    }
}

#[test]
fn the_next_takes_over_at_once_after_a_goodbye_and_in_time_after_a_crash() {
    for (goodbye, within) in [(true, 500.0), (false, TAKEN_OVER + World::STEP)] {
        let mut world = World {
            now: 0.0,
            random: 7,
            tabs: Vec::new(),
        };
        (0..8).for_each(|_| world.open());
        world.run(5_000.0);
        let streams = world.tabs.iter().filter(|tab| tab.stream.is_some()).count();
        assert_eq!(streams, 1, "eight tabs, one stream");
        let at = world.tabs.iter().position(|tab| tab.tabs.leads()).unwrap();
        if goodbye {
            world.tell(at, Tabs::leave);
        }
        world.tabs[at].state = State::Closed;
        world.run(within);
        assert_eq!(
            world.shown().filter(|tab| tab.stream.is_some()).count(),
            1,
            "{goodbye}"
        );
    }
}
