//! Live updates as server-sent events: what is new since the page was made, or since the connection
//! broke.
//!
//! | event | data | id |
//! |---|---|---|
//! | `message` | a message as JSON | when it was posted |
//! | `backend` | `up` or `down`: first on every connection, then at each change | |
//! | `gap` | nothing: more was posted than is known here, the list has to be asked for | of the newest message |
//! | `ping` | what the server's clock shows, in milliseconds since 1970: at every heartbeat, whatever else is sent | |
//!
//! A message may come twice after a reconnection; its uuid tells. None is left out. The heartbeat
//! is an event and no comment: a page cannot see comments, and could not tell a quiet board from a
//! connection that is dead and was never closed.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use api::{Message, MessageList};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response, Sse};
use axum::routing::get;
use futures::{Stream, StreamExt, stream};
use serde::Deserialize;
use serverkit::shutdown::Draining;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::config::Config;
use crate::newest::{Newest, Snapshot};

const EVENTS: &str = "/events";
/// Sent by a browser that connects again: the id of the last event it got.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// When a browser whose connection ended comes back.
const RETRY: Duration = Duration::from_secs(1);
/// The same, in seconds, where all places are taken.
const RETRY_FULL: &str = "5";
/// A message is seen later than it was posted: written, copied to the index, and stamped by another
/// clock. Milliseconds of this much before the last one seen are looked at again.
const OVERLAP: i64 = 10_000;

/// What a stream is made of.
#[derive(Clone, Debug)]
struct Source {
    newest: Newest,
    heartbeat: Duration,
    draining: Draining,
    /// One for each stream that may be open.
    places: Arc<Semaphore>,
}

/// Where browsers listen. Streams end when draining begins: they would hold up the end of the
/// process.
pub(crate) fn routes(newest: Newest, config: &Config, draining: Draining) -> Router {
    Router::new().route(EVENTS, get(events)).with_state(Source {
        newest,
        heartbeat: config.heartbeat_seconds,
        draining,
        places: Arc::new(Semaphore::new(config.max_streams)),
    })
}

#[derive(Debug, Deserialize)]
struct Address {
    /// When the newest message on the page was posted; empty if there was none. Without it, the new
    /// begins now.
    after: Option<String>,
}

async fn events(
    State(source): State<Source>,
    Query(address): Query<Address>,
    headers: HeaderMap,
) -> Response {
    let Ok(place) = Arc::clone(&source.places).try_acquire_owned() else {
        let retry = [(header::RETRY_AFTER, RETRY_FULL)];
        return (StatusCode::SERVICE_UNAVAILABLE, retry, "too many listen").into_response();
    };
    let last = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    let mut listener = Listener::after(last.or(address.after.as_deref()));
    let news = snapshots(source.newest.subscribe())
        .flat_map(move |snapshot| stream::iter(listener.events(&snapshot)));
    let events = stream::select(news, pings(source.heartbeat))
        .map(move |event| {
            // Given back when the stream is dropped.
            let _held = &place;
            Ok::<_, Infallible>(event)
        })
        .take_until(async move { source.draining.begun().await });
    Sse::new(events).into_response()
}

/// The heartbeat. It also keeps load balancers from closing a connection on which nothing happens.
fn pings(every: Duration) -> impl Stream<Item = Event> {
    let mut beat = interval_at(Instant::now() + every, every);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    stream::unfold(beat, async |mut beat| {
        beat.tick().await;
        let ping = Event::default().event("ping").data(app::now().to_string());
        Some((ping, beat))
    })
}

/// The latest snapshot, and each that replaces it.
fn snapshots(mut latest: watch::Receiver<Option<Snapshot>>) -> impl Stream<Item = Snapshot> {
    latest.mark_changed();
    stream::unfold(latest, async |mut latest| {
        latest.changed().await.ok()?;
        let snapshot = latest.borrow_and_update().clone();
        Some((snapshot, latest))
    })
    .filter_map(async |snapshot| snapshot)
}

/// What one browser has got.
#[derive(Debug)]
struct Listener {
    /// The instant it named: it has that message.
    last: Option<String>,
    /// When the newest message was posted that it has, in milliseconds since 1970.
    since: Option<i64>,
    /// The uuids of the last snapshot.
    seen: HashSet<String>,
    reachable: Option<bool>,
}

impl Listener {
    fn after(last: Option<&str>) -> Self {
        Self {
            last: last.map(str::to_owned),
            since: last.map(|last| app::milliseconds(last).unwrap_or(i64::MIN)),
            seen: HashSet::new(),
            reachable: None,
        }
    }

    /// What `snapshot` has that the browser has not.
    fn events(&mut self, snapshot: &Snapshot) -> Vec<Event> {
        let mut events = Vec::new();
        if self.reachable.replace(snapshot.reachable) != Some(snapshot.reachable) {
            let state = if snapshot.reachable { "up" } else { "down" };
            events.push(Event::default().event("backend").data(state).retry(RETRY));
        }
        if snapshot.reachable {
            events.extend(self.news(&snapshot.list));
        }
        events
    }

    fn news(&mut self, list: &MessageList) -> Vec<Event> {
        let newest = list.messages.first();
        let since = self.since.unwrap_or(i64::MAX);
        let oldest = list.messages.last().map(posted);
        let events = if list.next.is_some() && oldest.is_some_and(|oldest| oldest > since) {
            let id = newest
                .map(|message| message.posted_at.as_str())
                .unwrap_or_default();
            vec![Event::default().event("gap").data("").id(id)]
        } else {
            let fresh = |message: &&Message| {
                !self.seen.contains(&message.uuid)
                    && self.last.as_ref() != Some(&message.posted_at)
                    && posted(message) > since.saturating_sub(OVERLAP)
            };
            let oldest_first = list.messages.iter().rev();
            oldest_first.filter(fresh).filter_map(event).collect()
        };
        self.seen = list.messages.iter().map(|message| message.uuid.clone()).collect();
        let newest = newest.map_or(i64::MIN, posted);
        self.since = Some(self.since.map_or(newest, |since| since.max(newest)));
        events
    }
}

fn posted(message: &Message) -> i64 {
    app::milliseconds(&message.posted_at).unwrap_or(i64::MIN)
}

fn event(message: &Message) -> Option<Event> {
    let event = Event::default().event("message").id(&message.posted_at);
    event.json_data(message).ok()
}
