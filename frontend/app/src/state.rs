//! What changes while the page is open.

use api::{Message, MessageList};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::clock::{self, Clock};
use crate::feed::Feed;
use crate::server::{describe_site, list_messages};
use crate::{BoardError, Site, instant};

/// The signals that the components share; every one of them has the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Board {
    pub(crate) feed: RwSignal<Feed>,
    /// Whether the frontend's server reaches the backend.
    pub(crate) reachable: RwSignal<bool>,
    /// What a screen reader is told.
    pub(crate) news: RwSignal<String>,
    /// Now, in milliseconds since 1970, by the server's clock.
    pub(crate) now: RwSignal<i64>,
    clock: StoredValue<Clock>,
    pub(crate) site: RwSignal<Site>,
    /// Cursor of the page, unless it is the newest.
    before: StoredValue<Option<String>>,
}

impl Board {
    /// As a page shows it that has just been made.
    pub(crate) fn new(
        list: MessageList,
        reachable: bool,
        now: i64,
        site: Site,
        before: Option<String>,
    ) -> Self {
        Self {
            feed: RwSignal::new(Feed::new(list)),
            reachable: RwSignal::new(reachable),
            news: RwSignal::new(String::new()),
            now: RwSignal::new(now),
            // The page is as old as its answer: it was made when it was asked for.
            clock: StoredValue::new(Clock::new(now, 0.0)),
            site: RwSignal::new(site),
            before: StoredValue::new(before),
        }
    }

    /// Whether the page shows the newest messages, to which others are added.
    pub(crate) fn is_newest(self) -> bool {
        self.before.with_value(Option::is_none)
    }

    /// Somebody posted a message.
    pub(crate) fn arrived(self, message: Message) {
        if !self.is_newest() {
            return;
        }
        let author = message.author.clone();
        if self.feed.try_update(|feed| feed.arrived(message)) == Some(true) {
            self.news.set(format!("New message from {author}."));
        }
    }

    /// The server says whether it reaches the backend.
    pub(crate) fn reaches(self, reachable: bool) {
        let before = self.reachable.get_untracked();
        if before != reachable {
            self.reachable.set(reachable);
        }
        if reachable && !before {
            self.refresh();
        }
    }

    /// The server says what time it is, in milliseconds since 1970.
    pub(crate) fn set_clock(self, now: i64) {
        self.clock.set_value(Clock::new(now, clock::age()));
        self.tick();
    }

    /// Time has passed.
    pub(crate) fn tick(self) {
        let clock = self.clock.get_value();
        self.now.set(clock.now(clock::age()));
        // While the backend is away nobody asks; its return does.
        if self.reachable.get_untracked() && self.feed.with_untracked(Feed::must_ask) {
            self.refresh();
        }
    }

    /// An instant that parts what the page was made with from what is posted later; empty where all
    /// is later. A page of older messages, or without any because of a fault, has nothing but its
    /// own age to go by.
    pub(crate) fn seen_until(self) -> String {
        let newest = self.feed.with_untracked(|feed| feed.newest().map(str::to_owned));
        match newest {
            Some(newest) if self.is_newest() => newest,
            None if self.is_newest() && self.reachable.get_untracked() => String::new(),
            _ => instant::rfc3339(self.now.get_untracked()),
        }
    }

    /// Asks again for what the page shows.
    pub(crate) fn refresh(self) {
        let Some(question) = self.feed.try_update(Feed::asks) else {
            return;
        };
        spawn_local(async move {
            let answer = list_messages(self.before.get_value()).await;
            self.feed.update(|feed| match answer {
                Ok(list) => feed.refresh(question, list),
                // It would be refused again.
                Err(BoardError::Refused { .. }) => {}
                // The next tick asks again.
                Err(_) => feed.fails(question),
            });
            if let Ok(site) = describe_site().await {
                self.site.set(site);
            }
        });
    }
}
