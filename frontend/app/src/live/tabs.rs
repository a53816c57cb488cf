//! Which of a browser's tabs keeps the event stream, and when a stream is given up.
//!
//! Over HTTP/1.1 a browser has six connections to a host for all its tabs together. So one tab
//! leads: it alone has a stream, and tells the others what comes. Web Locks would elect it, but
//! browsers offer them over HTTPS only, where HTTP/2 is usual and connections are not scarce. Here
//! the tabs agree by messages, and silence counts as the end of a leader.
//!
//! Nothing here touches a browser: each call says what happened and when, and answers what has to
//! be done.

use std::time::Duration;

/// For how many heartbeats a stream may be silent.
const SILENCE: f64 = 2.5;
/// A follower waits longer than the leader does, by this factor: the leader may be about to connect
/// again.
const PATIENCE: f64 = 1.5;
/// How long a new tab waits for the leader to answer, in milliseconds.
const ANSWER: f64 = 100.0;
/// Tabs that wait for the same thing end at different times, within so many milliseconds: one comes
/// first, the others hear it.
const SPREAD: u32 = 200;

/// What a tab is to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Not shown, and perhaps never again.
    Away,
    /// Has asked whether another leads.
    Asking,
    /// Gets from the leader what comes.
    Following,
    /// The leader said good-bye: who is first takes its place.
    Waiting,
    /// Keeps the stream.
    Leading,
}

/// What tabs say to each other, besides the events that the leader passes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// A new tab asks who leads.
    Hello,
    /// The leader says that it leads.
    Here,
    /// The leader leads no more.
    Bye,
    /// The leader hears nothing from the server, and connects again.
    Lost,
    /// The leader passes on an event.
    Event,
}

/// What a tab has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Open the stream; one that is open is given up.
    Connect,
    Disconnect,
    /// Ask the server for what was missed.
    Refresh,
    /// Tell the visitor that the server is silent.
    Lost,
    Say(Word),
}

/// One tab's view.
#[derive(Debug)]
pub(crate) struct Tabs {
    /// Differs between tabs.
    me: u32,
    /// There is no way to reach other tabs.
    alone: bool,
    role: Role,
    /// For how many milliseconds the stream may be silent.
    limit: f64,
    /// When what is waited for should have come.
    due: f64,
    /// The last connection was opened in place of a silent one, and is silent so far.
    again: bool,
}

impl Tabs {
    pub(crate) fn new(me: u32, alone: bool, heartbeat: Duration) -> Self {
        Self {
            me,
            alone,
            role: Role::Away,
            limit: heartbeat.as_secs_f64() * 1000.0 * SILENCE,
            due: f64::INFINITY,
            again: false,
        }
    }

    /// When [`Self::look`] has to be called, at the latest; at `now` it can be in the past.
    pub(crate) fn due(&self) -> f64 {
        self.due
    }

    /// What the others know this tab by.
    pub(crate) fn number(&self) -> u32 {
        self.me
    }

    pub(crate) fn is_alone(&self) -> bool {
        self.alone
    }

    pub(crate) fn leads(&self) -> bool {
        self.role == Role::Leading
    }

    /// The page is shown, at first or again.
    pub(crate) fn begin(&mut self, now: f64) -> Vec<Act> {
        if self.role != Role::Away {
            return self.look(now);
        }
        if self.alone {
            return self.lead(now);
        }
        self.role = Role::Asking;
        self.due = now + ANSWER + self.spread();
        vec![Act::Say(Word::Hello)]
    }

    /// The page is hidden for good, or is about to be stopped.
    pub(crate) fn leave(&mut self) -> Vec<Act> {
        let led = self.leads();
        self.role = Role::Away;
        self.due = f64::INFINITY;
        if led {
            vec![Act::Disconnect, Act::Say(Word::Bye)]
        } else {
            Vec::new()
        }
    }

    /// The own stream gave a sign of life.
    pub(crate) fn heard(&mut self, now: f64) {
        self.again = false;
        self.due = now + self.limit;
    }

    /// The tab `from` said `word`.
    pub(crate) fn told(&mut self, now: f64, from: u32, word: Word) -> Vec<Act> {
        match (self.role, word) {
            (Role::Leading, Word::Hello) => vec![Act::Say(Word::Here)],
            (Role::Following, Word::Bye) => {
                self.role = Role::Waiting;
                self.due = now + self.spread();
                Vec::new()
            }
            (Role::Away, _) | (_, Word::Hello | Word::Bye) => Vec::new(),
            // Two lead. One gives way: whose own stream is silent, or else the one with the higher
            // number.
            (Role::Leading, _) if from > self.me && now < self.due => vec![Act::Say(Word::Here)],
            (Role::Leading, _) => {
                self.follow(now);
                vec![Act::Disconnect, Act::Refresh]
            }
            (Role::Asking, _) => {
                self.follow(now);
                vec![Act::Refresh]
            }
            (Role::Following | Role::Waiting, _) => {
                self.follow(now);
                Vec::new()
            }
        }
    }

    /// Whether what is waited for is overdue.
    pub(crate) fn look(&mut self, now: f64) -> Vec<Act> {
        if now < self.due {
            return Vec::new();
        }
        // Woken late, as after a sleep: what was sent meanwhile may be on its way, so the first
        // time nobody is alarmed.
        let overslept = now > self.due + self.limit / 2.0 && !self.again;
        let mut acts = Vec::new();
        if matches!(self.role, Role::Following | Role::Leading) && !overslept {
            acts.push(Act::Lost);
        }
        if self.leads() {
            self.again = true;
            self.due = now + self.limit;
            acts.extend([
                Act::Connect,
                Act::Say(if overslept { Word::Here } else { Word::Lost }),
            ]);
        } else {
            acts.extend(self.lead(now));
        }
        acts
    }

    fn lead(&mut self, now: f64) -> Vec<Act> {
        self.again = matches!(self.role, Role::Following);
        self.role = Role::Leading;
        self.due = now + self.limit;
        vec![Act::Connect, Act::Say(Word::Here)]
    }

    fn follow(&mut self, now: f64) {
        self.role = Role::Following;
        self.due = now + self.limit * PATIENCE + self.spread();
    }

    fn spread(&self) -> f64 {
        f64::from(self.me % SPREAD)
    }
}

#[cfg(test)]
mod tests;
