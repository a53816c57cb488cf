//! What comes to a page in which order, and what is seen then.

use super::*;

fn message(number: u32) -> Message {
    Message {
        uuid: format!("u{number}"),
        author: "Ada".into(),
        text: format!("text {number}"),
        posted_at: format!("2026-01-01T00:00:{number:02}.000000Z"),
        edited_at: None,
        revision: Message::FIRST_REVISION,
    }
}

fn list(numbers: &[u32], next: Option<&str>) -> MessageList {
    MessageList {
        messages: numbers.iter().copied().map(message).collect(),
        next: next.map(str::to_owned),
    }
}

fn new(number: u32) -> NewMessage {
    let Message { author, text, .. } = message(number);
    NewMessage { author, text }
}

/// What a reader sees, a message on its way with a dot before it.
fn seen(feed: &Feed) -> Vec<String> {
    let words = |entry| match entry {
        Entry::Sending(sending) => format!(".{}", sending.new.text),
        Entry::Stored(message) => message.text,
    };
    feed.entries().into_iter().map(words).collect()
}

#[test]
fn an_own_message_is_shown_at_once_and_then_replaced() {
    let mut feed = Feed::new(list(&[1], None));
    feed.send("k".into(), new(2));
    assert_eq!(seen(&feed), [".text 2", "text 1"]);
    feed.taken("k", message(2));
    assert_eq!(seen(&feed), ["text 2", "text 1"]);
    assert!(!feed.arrived(message(2)), "known");
    assert_eq!(seen(&feed), ["text 2", "text 1"]);
}

#[test]
fn news_of_an_own_message_may_come_before_the_answer() {
    let mut feed = Feed::default();
    feed.send("k".into(), new(2));
    assert!(!feed.arrived(message(2)), "not news to who wrote it");
    assert_eq!(seen(&feed), ["text 2"]);
    feed.taken("k", message(2));
    assert_eq!(seen(&feed), ["text 2"]);
}

#[test]
fn the_same_words_of_another_take_nothing_away() {
    let mut feed = Feed::default();
    feed.send("k".into(), new(2));
    let mut other = message(2);
    other.uuid = "other".into();
    feed.arrived(other);
    feed.taken("k", message(2));
    assert_eq!(seen(&feed), ["text 2", "text 2"]);
}

#[test]
fn a_refused_message_is_taken_back() {
    let mut feed = Feed::new(list(&[1], None));
    feed.send("k".into(), new(2));
    feed.take_back("k");
    assert_eq!(seen(&feed), ["text 1"]);
}

#[test]
fn messages_stand_in_the_order_of_their_time_whenever_they_come() {
    let mut feed = Feed::new(list(&[5, 3], Some("c3")));
    assert!(feed.arrived(message(6)));
    assert!(feed.arrived(message(4)));
    assert!(feed.append("c3", list(&[3, 2, 1], None)));
    assert_eq!(
        seen(&feed),
        ["text 6", "text 5", "text 4", "text 3", "text 2", "text 1"]
    );
    assert_eq!(feed.next(), None);
}

/// Asks for the newest page, and is answered before anything else happens.
fn refresh(feed: &mut Feed, newest: MessageList) {
    let question = feed.asks();
    feed.refresh(question, newest);
}

#[test]
fn a_gap_is_never_hidden() {
    let mut feed = Feed::new(list(&[3, 2], Some("c2")));
    refresh(&mut feed, list(&[4, 3], Some("c3")));
    assert_eq!((seen(&feed).len(), feed.next()), (3, Some("c2")));
    feed.arrived(message(5));
    refresh(&mut feed, list(&[6, 5], Some("c5")));
    assert_eq!((seen(&feed).len(), feed.next()), (5, Some("c2")));
    refresh(&mut feed, list(&[9, 8], Some("c8")));
    assert_eq!(
        (seen(&feed), feed.next()),
        (vec!["text 9".into(), "text 8".into()], Some("c8"))
    );
}

#[test]
fn an_own_message_hides_no_gap() {
    let mut feed = Feed::new(list(&[3, 2], Some("c2")));
    feed.send("k".into(), new(9));
    feed.taken("k", message(9));
    refresh(&mut feed, list(&[9, 8], Some("c8")));
    assert_eq!(seen(&feed), ["text 9", "text 8"]);
    assert_eq!(feed.next(), Some("c8"));
}

#[test]
fn what_comes_behind_a_gap_stays_and_does_not_hide_it() {
    let mut feed = Feed::new(list(&[3, 2], Some("c2")));
    // Nobody answers this.
    feed.asks();
    feed.arrived(message(8));
    let question = feed.asks();
    feed.arrived(message(9));
    feed.arrived(message(10));
    feed.refresh(question, list(&[9, 8], Some("c8")));
    assert_eq!(seen(&feed), ["text 10", "text 9", "text 8"]);
    assert_eq!(feed.next(), Some("c8"));
}

#[test]
fn an_answer_that_comes_late_changes_nothing() {
    let mut feed = Feed::new(list(&[3, 2], Some("c2")));
    let [first, second] = [feed.asks(), feed.asks()];
    feed.refresh(second, list(&[9, 8], Some("c8")));
    feed.refresh(first, list(&[6, 5], Some("c5")));
    assert_eq!(seen(&feed), ["text 9", "text 8"]);
    assert_eq!(feed.next(), Some("c8"));
}

#[test]
fn older_messages_that_come_after_a_gap_do_not_hide_it() {
    let mut feed = Feed::new(list(&[3, 2], Some("c2")));
    refresh(&mut feed, list(&[9, 8], Some("c8")));
    assert!(!feed.append("c2", list(&[1], None)));
    assert_eq!(seen(&feed), ["text 9", "text 8"]);
    assert_eq!(feed.next(), Some("c8"));
}

#[test]
fn a_question_that_nobody_answered_is_asked_again() {
    let mut feed = Feed::new(list(&[3, 2], Some("c2")));
    assert!(!feed.must_ask(), "the page was made with an answer");
    let first = feed.asks();
    assert!(!feed.must_ask(), "it is under way");
    feed.fails(first);
    assert!(feed.must_ask());
    let second = feed.asks();
    assert!(!feed.must_ask(), "the second is under way");
    feed.refresh(second, list(&[9, 8], Some("c8")));
    assert!(!feed.must_ask());
}

#[test]
fn an_earlier_question_that_fails_late_asks_for_nothing() {
    let mut feed = Feed::new(list(&[3, 2], Some("c2")));
    let [first, second] = [feed.asks(), feed.asks()];
    feed.fails(first);
    assert!(!feed.must_ask(), "the second is under way");
    feed.refresh(second, list(&[9, 8], Some("c8")));
    assert!(!feed.must_ask());
}

#[test]
fn a_newer_revision_takes_the_place_of_an_older_one() {
    let mut feed = Feed::new(list(&[3, 2], None));
    let mut edited = list(&[3, 2], None);
    edited.messages[1].text = "edited".into();
    edited.messages[1].revision += 1;
    refresh(&mut feed, edited);
    assert_eq!(seen(&feed), ["text 3", "edited"]);
    refresh(&mut feed, list(&[3, 2], None));
    assert_eq!(seen(&feed), ["text 3", "edited"]);
}
