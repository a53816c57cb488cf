//! Live updates: what a browser that listens is told.

use std::time::Duration;

use api::Message;
use serverkit::shutdown::Draining;

use crate::backend::Backend;
use crate::support::{browser, frontend, frontend_with, nobody, page, silent};

/// One event as it came: name, data, id.
#[derive(Debug, PartialEq, Eq)]
struct Event {
    name: String,
    data: String,
    id: String,
}

impl Event {
    fn message(message: &Message) -> Self {
        Self {
            name: "message".into(),
            data: serde_json::to_string(message).unwrap(),
            id: message.posted_at.clone(),
        }
    }

    fn backend(data: &str) -> Self {
        Self {
            name: "backend".into(),
            data: data.into(),
            id: String::new(),
        }
    }
}

/// A connection that stays open.
struct Listener {
    response: reqwest::Response,
    read: String,
}

impl Listener {
    async fn open(url: &str, last_event_id: Option<&str>) -> Self {
        let mut request = browser().get(url);
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            response,
            read: String::new(),
        }
    }

    /// The next event; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        let wait = tokio::time::timeout(Duration::from_secs(10), self.read_next());
        wait.await.expect("an event within 10 s")
    }

    async fn read_next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.read.split_once("\n\n") {
                let field = |name| {
                    let mut lines = block.lines();
                    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                    value.unwrap_or_default().trim().to_owned()
                };
                let (name, data, id) = (field("event"), field("data"), field("id"));
                self.read = self.read.split_off(self.read.len() - rest.len());
                if !name.is_empty() {
                    return Some(Event { name, data, id });
                }
            } else {
                let chunk = self.response.chunk().await.unwrap()?;
                self.read.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        }
    }
}

#[tokio::test]
async fn who_listens_gets_what_others_post() {
    let (backend, url) = Backend::start().await;
    let base = frontend(&url).await;
    backend.add("before");
    let mut listener = Listener::open(&format!("{base}/events"), None).await;
    assert_eq!(listener.next().await, Some(Event::backend("up")));
    let (first, second) = (backend.add("first"), backend.add("second"));
    assert_eq!(listener.next().await, Some(Event::message(&first)));
    assert_eq!(listener.next().await, Some(Event::message(&second)));
}

#[tokio::test]
async fn what_html_does_not_carry_is_no_news() {
    let (backend, url) = Backend::start().await;
    let base = frontend(&url).await;
    let mut listener = Listener::open(&format!("{base}/events"), None).await;
    assert_eq!(listener.next().await, Some(Event::backend("up")));
    for (stored, shown) in [("\0", "\u{FFFD}"), ("a\u{1B}b\r\nc", "a\u{FFFD}b\nc")] {
        let message = Message {
            text: shown.into(),
            ..backend.add(stored)
        };
        assert_eq!(listener.next().await, Some(Event::message(&message)));
    }
}

#[tokio::test]
async fn what_was_posted_since_the_page_was_made_comes_first() {
    let (backend, url) = Backend::start().await;
    let base = frontend(&url).await;
    let (known, missed) = (backend.add("known"), backend.add("missed"));
    for (after, last_event_id, expected) in [
        (known.posted_at.as_str(), None, vec![&missed]),
        ("", None, vec![&known, &missed]),
        // The browser keeps the address when it connects again, and tells what it got meanwhile.
        ("", Some(known.posted_at.as_str()), vec![&missed]),
    ] {
        let mut listener = Listener::open(&format!("{base}/events?after={after}"), last_event_id).await;
        assert_eq!(listener.next().await, Some(Event::backend("up")));
        for message in expected {
            assert_eq!(
                listener.next().await,
                Some(Event::message(message)),
                "after {after:?}"
            );
        }
    }
}

#[tokio::test]
async fn who_missed_more_than_a_page_is_told_to_ask() {
    let (backend, url) = Backend::start().await;
    let base = frontend(&url).await;
    let known = backend.add("known");
    for number in 0..3 {
        backend.add(&number.to_string());
    }
    let last = backend.add("last");
    let mut listener = Listener::open(&format!("{base}/events?after={}", known.posted_at), None).await;
    assert_eq!(listener.next().await, Some(Event::backend("up")));
    let gap = listener.next().await.unwrap();
    assert_eq!((gap.name.as_str(), gap.id), ("gap", last.posted_at));
    let after = backend.add("after the gap");
    assert_eq!(listener.next().await, Some(Event::message(&after)));
}

#[tokio::test]
async fn listeners_learn_when_the_backend_goes_and_comes() {
    let (backend, url) = Backend::start().await;
    let base = frontend(&url).await;
    let mut listener = Listener::open(&format!("{base}/events"), None).await;
    assert_eq!(listener.next().await, Some(Event::backend("up")));
    backend.set_down(true);
    assert_eq!(listener.next().await, Some(Event::backend("down")));
    let meanwhile = backend.add("meanwhile");
    backend.set_down(false);
    assert_eq!(listener.next().await, Some(Event::backend("up")));
    assert_eq!(listener.next().await, Some(Event::message(&meanwhile)));

    let mut early = Listener::open(&format!("{}/events", frontend(&nobody()).await), None).await;
    assert_eq!(early.next().await, Some(Event::backend("down")));
}

/// As when a rollout cuts the one connection that the question goes by.
#[tokio::test]
async fn questions_that_are_lost_are_not_told_to_everybody() {
    let (backend, url) = Backend::start().await;
    let base = frontend(&url).await;
    let mut listener = Listener::open(&format!("{base}/events"), None).await;
    assert_eq!(listener.next().await, Some(Event::backend("up")));
    let asked = backend.requests();
    backend.miss(2);
    while backend.requests() < asked + 3 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let after = backend.add("after");
    assert_eq!(listener.next().await, Some(Event::message(&after)));
}

#[tokio::test]
async fn the_backend_is_asked_once_for_all_and_not_at_all_for_nobody() {
    let (backend, url) = Backend::start().await;
    let base = frontend(&url).await;
    page(&base).await;
    let before = backend.requests();
    let mut listeners = Vec::new();
    for _ in 0..20 {
        let mut listener = Listener::open(&format!("{base}/events"), None).await;
        listener.next().await.unwrap();
        listeners.push(listener);
    }
    let news = backend.add("news");
    for listener in &mut listeners {
        assert_eq!(listener.next().await, Some(Event::message(&news)));
    }
    let asked = backend.requests() - before;
    assert!(asked < listeners.len(), "asked {asked} times");

    drop(listeners);
    let settled = async {
        loop {
            let before = backend.requests();
            tokio::time::sleep(Duration::from_millis(2500)).await;
            if backend.requests() == before {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), settled)
        .await
        .expect("the questions end");

    let again = backend.add("later");
    let mut listener = Listener::open(&format!("{base}/events?after={}", news.posted_at), None).await;
    assert_eq!(listener.next().await, Some(Event::backend("up")));
    assert_eq!(listener.next().await, Some(Event::message(&again)));
}

#[tokio::test]
async fn who_finds_no_place_is_asked_to_come_back_and_gets_one_that_is_given_back() {
    let (_backend, url) = Backend::start().await;
    let base = frontend_with(&url, Draining::default(), &["--max-streams", "1"]).await;
    let url = format!("{base}/events");
    let listener = Listener::open(&url, None).await;
    let refused = browser().get(&url).send().await.unwrap();
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    drop(listener);
    let place = async {
        while browser().get(&url).send().await.unwrap().status() != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), place)
        .await
        .unwrap();
}

#[tokio::test]
async fn streams_end_when_the_server_goes_down() {
    let (_backend, url) = Backend::start().await;
    let draining = Draining::default();
    let base = frontend_with(&url, draining.clone(), &["--app-commit", "c0ffee"]).await;
    let mut listener = Listener::open(&format!("{base}/events"), None).await;
    assert_eq!(listener.next().await, Some(Event::backend("up")));
    draining.begin();
    assert_eq!(listener.next().await, None);
}

#[tokio::test]
async fn a_page_can_see_that_its_stream_is_alive_and_what_time_it_is() {
    let (_backend, url) = Backend::start().await;
    // Whether the backend answers, or takes the question and is silent.
    for (url, first) in [(url, Some(Event::backend("up"))), (silent().await, None)] {
        let base = frontend_with(&url, Draining::default(), &["--heartbeat-seconds", "1"]).await;
        let mut listener = Listener::open(&format!("{base}/events"), None).await;
        if first.is_some() {
            assert_eq!(listener.next().await, first);
        }
        for _ in 0..2 {
            let ping = listener.next().await.unwrap();
            assert_eq!((ping.name.as_str(), ping.id.as_str()), ("ping", ""));
            let late = app::now() - ping.data.parse::<i64>().unwrap();
            assert!((0..5000).contains(&late), "the server's clock, {late} ms ago");
        }
    }
}
