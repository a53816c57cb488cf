//! Live updates: listens to the events of the frontend's server for as long as the page is open.

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{EventSource, MessageEvent};

use crate::board::Board;

/// Where the events are.
const EVENTS: &str = "/events";
/// Until a connection is tried again that the browser itself has given up.
const RETRY: Duration = Duration::from_secs(3);

/// Follows the server's events: new messages after those on the page, and whether the backend can be reached.
pub(crate) fn listen(board: Board) {
    let after = board.feed.with_untracked(|feed| feed.newest().map(str::to_owned));
    let url = after.map_or_else(|| EVENTS.to_owned(), |after| format!("{EVENTS}?after={after}"));
    let Ok(source) = EventSource::new(&url) else {
        return;
    };
    on(&source, "message", move |data| {
        if let Ok(message) = serde_json::from_str(&data) {
            board.arrived(message);
        }
    });
    on(&source, "backend", move |data| board.reaches(data == "up"));
    // More was posted than the server still knows.
    on(&source, "gap", move |_| board.refresh());
    // After a broken connection the browser connects again; after an answer that is no stream it does not.
    let broken = source.clone();
    on(&source, "error", move |_| {
        if broken.ready_state() == EventSource::CLOSED {
            set_timeout(move || listen(board), RETRY);
        }
    });
}

/// Calls `handler` with the data of each event `name`, as long as the page is open.
fn on(source: &EventSource, name: &str, handler: impl Fn(String) + 'static) {
    let closure = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
        let message = event.dyn_ref::<MessageEvent>();
        handler(
            message
                .and_then(|message| message.data().as_string())
                .unwrap_or_default(),
        );
    });
    source
        .add_event_listener_with_callback(name, closure.as_ref().unchecked_ref())
        .ok();
    closure.forget();
}
