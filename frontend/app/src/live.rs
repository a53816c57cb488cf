//! Live updates: follows the events of the frontend's server for as long as the page is open,
//! through a stream of its own or that of another tab.
//!
//! Between tabs goes text, `NUMBER WORD ID DATA`: the number of the tab that speaks, then the name,
//! id and data of an event of the server as it came, or one of
//!
//! | word | said by | data |
//! |---|---|---|
//! | `hello` | a new tab: does somebody lead? | |
//! | `here` | the leader | `up` or `down`, the last that it heard of the backend |
//! | `lost` | the leader: the server is silent | |
//! | `bye` | the leader, which leads no more | |
//!
//! Tabs of two releases may meet: a change of this needs another [`CHANNEL`].

mod tabs;

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{BroadcastChannel, Event, EventSource, EventTarget, MessageEvent};

use self::tabs::{Act, Tabs, Word};
use crate::clock;
use crate::state::Board;

/// Where the events are.
const EVENTS: &str = "/events";
/// All that the server sends.
const NAMES: [&str; 4] = ["message", "backend", "gap", "ping"];
/// Where the tabs of a browser meet.
const CHANNEL: &str = "message-board-events-1";
/// Until a connection is tried again that the browser itself has given up.
const RETRY: Duration = Duration::from_secs(3);
/// The shortest and the longest time between two looks at what is due, in milliseconds.
const WAIT: (f64, f64) = (20.0, 5_000.0);

/// The page's end of the stream; the same in every handler.
#[derive(Clone, Copy)]
struct Live {
    board: Board,
    tabs: StoredValue<Tabs>,
    /// Told to the server: what was posted later is not here yet.
    after: StoredValue<String>,
    channel: StoredValue<Option<BroadcastChannel>, LocalStorage>,
    source: StoredValue<Option<EventSource>, LocalStorage>,
}

/// Follows the server's events: new messages after those on the page, and whether the backend can
/// be reached. The server gives a sign of life every `heartbeat`.
pub(crate) fn listen(board: Board, heartbeat: Duration) {
    let channel = BroadcastChannel::new(CHANNEL).ok();
    let live = Live {
        board,
        tabs: StoredValue::new(Tabs::new(number(), channel.is_none(), heartbeat)),
        after: StoredValue::new(board.seen_until()),
        channel: StoredValue::new_local(channel.clone()),
        source: StoredValue::new_local(None),
    };
    if let Some(channel) = channel {
        on(&channel, &["message"], move |event| live.tab_says(&event));
    }
    let page = move |event: Event| live.page_changed(&event);
    on(&document(), &["visibilitychange", "freeze", "resume"], page);
    on(&window(), &["pagehide", "pageshow"], page);
    // Alone, a tab that was opened in the background waits until somebody looks at it.
    if !(live.tabs.with_value(Tabs::is_alone) && document().hidden()) {
        live.begin();
    }
    live.watch();
}

impl Live {
    fn begin(self) {
        self.change(|tabs| tabs.begin(clock::age()));
        self.look_at_due();
    }

    /// Looks whenever something is due, as long as the page is open.
    fn watch(self) {
        self.look();
        set_timeout(move || self.watch(), self.until_due());
    }

    /// Looks once more than [`Self::watch`] does: something is due earlier than it was.
    fn look_at_due(self) {
        set_timeout(move || self.look(), self.until_due());
    }

    fn look(self) {
        self.change(|tabs| tabs.look(clock::age()));
    }

    fn until_due(self) -> Duration {
        let wait = self.tabs.with_value(Tabs::due) - clock::age();
        let (least, most) = WAIT;
        Duration::from_secs_f64(wait.clamp(least, most) / 1000.0)
    }

    /// Tells the tabs' agreement what happened, and does what follows.
    fn change(self, happened: impl FnOnce(&mut Tabs) -> Vec<Act>) {
        for act in self.tabs.try_update_value(happened).unwrap_or_default() {
            match act {
                Act::Connect => self.connect(),
                Act::Disconnect => self.disconnect(),
                Act::Refresh => self.board.refresh(),
                Act::Lost => self.board.reaches(false),
                Act::Say(word) => self.say(word),
            }
        }
    }

    fn connect(self) {
        self.disconnect();
        let url = self.after.with_value(|after| format!("{EVENTS}?after={after}"));
        if let Ok(source) = EventSource::new(&url) {
            on(&source, &NAMES, move |event| self.server_says(&event));
            on(&source, &["error"], move |_| self.broken());
            self.source.set_value(Some(source));
        }
    }

    fn disconnect(self) {
        if let Some(source) = self.source.try_update_value(Option::take).flatten() {
            source.close();
        }
    }

    fn server_says(self, event: &Event) {
        let Some(event) = event.dyn_ref::<MessageEvent>() else {
            return;
        };
        let (name, id) = (event.type_(), event.last_event_id());
        let data = event.data().as_string().unwrap_or_default();
        self.tabs.update_value(|tabs| tabs.heard(clock::age()));
        self.post(&name, &id, &data);
        self.take(&name, &id, &data);
    }

    /// After a broken connection the browser connects again; after an answer that is no stream it
    /// does not.
    fn broken(self) {
        if self.is_given_up() {
            let again = move || {
                if self.is_given_up() {
                    self.connect();
                }
            };
            set_timeout(again, RETRY);
        }
    }

    fn is_given_up(self) -> bool {
        let closed = |source: &EventSource| source.ready_state() == EventSource::CLOSED;
        self.source
            .with_value(|source| source.as_ref().is_some_and(closed))
    }

    /// An event of the server, from wherever it came.
    fn take(self, name: &str, id: &str, data: &str) {
        if !id.is_empty() {
            self.after.set_value(id.to_owned());
        }
        match name {
            "message" => {
                if let Ok(message) = serde_json::from_str(data) {
                    self.board.arrived(message);
                }
            }
            "backend" => self.board.reaches(data == "up"),
            // More was posted than the server still knows.
            "gap" => self.board.refresh(),
            "ping" => {
                if let Ok(now) = data.parse() {
                    self.board.set_clock(now);
                }
            }
            _ => {}
        }
    }

    fn say(self, word: Word) {
        let backend = || {
            if self.board.reachable.get_untracked() {
                "up"
            } else {
                "down"
            }
        };
        match word {
            Word::Hello => self.post("hello", "", ""),
            Word::Here => self.post("here", "", backend()),
            Word::Lost => self.post("lost", "", ""),
            Word::Bye => self.post("bye", "", ""),
            Word::Event => {}
        }
    }

    fn post(self, word: &str, id: &str, data: &str) {
        let number = self.tabs.with_value(Tabs::number);
        self.channel.with_value(|channel| {
            if let Some(channel) = channel {
                let text = format!("{number} {word} {id} {data}");
                channel.post_message(&text.into()).ok();
            }
        });
    }

    fn tab_says(self, event: &Event) {
        let text = event
            .dyn_ref::<MessageEvent>()
            .and_then(|event| event.data().as_string());
        let text = text.unwrap_or_default();
        let mut parts = text.splitn(4, ' ');
        let from = parts.next().and_then(|from| from.parse().ok());
        let (Some(from), Some(name), Some(id), Some(data)) = (from, parts.next(), parts.next(), parts.next())
        else {
            return;
        };
        let word = match name {
            "hello" => Word::Hello,
            "here" => Word::Here,
            "lost" => Word::Lost,
            "bye" => Word::Bye,
            _ => Word::Event,
        };
        self.change(|tabs| tabs.told(clock::age(), from, word));
        if self.tabs.with_value(Tabs::leads) {
            return;
        }
        match word {
            Word::Here => self.board.reaches(data == "up"),
            Word::Lost => self.board.reaches(false),
            Word::Event => self.take(name, id, data),
            Word::Hello => {}
            // The place is free: to be looked at in a moment.
            Word::Bye => self.look_at_due(),
        }
    }

    fn page_changed(self, event: &Event) {
        match event.type_().as_str() {
            "pagehide" | "freeze" => self.change(Tabs::leave),
            // Alone, a tab that nobody sees leaves its connection to those that are seen.
            "visibilitychange" if document().hidden() => {
                if self.tabs.with_value(Tabs::is_alone) {
                    self.change(Tabs::leave);
                }
            }
            _ => {
                self.begin();
                self.board.tick();
            }
        }
    }
}

/// A number that no other tab has.
fn number() -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from zero to below the limit"
    )]
    let number = (js_sys::Math::random() * f64::from(u32::MAX)) as u32;
    number
}

/// Calls `handler` with each event of one of these `names`, as long as `target` is there.
fn on(target: &EventTarget, names: &[&str], handler: impl Fn(Event) + 'static) {
    let closure = Closure::<dyn Fn(Event)>::new(handler).into_js_value();
    for name in names {
        target
            .add_event_listener_with_callback(name, closure.unchecked_ref())
            .ok();
    }
}
