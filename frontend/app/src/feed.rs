//! The messages on a page, as they come: read at first, posted here, posted elsewhere, read on.

use api::{Message, MessageList, NewMessage};

/// Messages newest first, each once; those being sent before all others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Feed {
    sending: Vec<Sending>,
    stored: Vec<Message>,
    next: Option<String>,
}

/// A message on its way to the backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sending {
    pub(crate) key: String,
    pub(crate) new: NewMessage,
}

/// One item of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Sending(Sending),
    Stored(Message),
}

impl Entry {
    /// Tells items apart: what was changed is another item.
    pub(crate) fn id(&self) -> (String, u32) {
        match self {
            Self::Sending(sending) => (sending.key.clone(), 0),
            Self::Stored(message) => (message.uuid.clone(), message.revision),
        }
    }
}

impl Feed {
    pub(crate) fn new(list: MessageList) -> Self {
        Self {
            sending: Vec::new(),
            stored: list.messages,
            next: list.next,
        }
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        let sending = self.sending.iter().cloned().map(Entry::Sending);
        sending
            .chain(self.stored.iter().cloned().map(Entry::Stored))
            .collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sending.is_empty() && self.stored.is_empty()
    }

    /// Cursor of the next older page, where there is one.
    pub(crate) fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// When the newest stored message was posted.
    pub(crate) fn newest(&self) -> Option<&str> {
        self.stored.first().map(|message| message.posted_at.as_str())
    }

    /// A message leaves for the backend.
    pub(crate) fn send(&mut self, key: String, new: NewMessage) {
        self.sending.insert(0, Sending { key, new });
    }

    /// The backend did not take it.
    pub(crate) fn take_back(&mut self, key: &str) {
        self.sending.retain(|sending| sending.key != key);
    }

    /// The backend took it.
    pub(crate) fn taken(&mut self, key: &str, message: Message) {
        self.take_back(key);
        self.insert(message);
    }

    /// A message was posted by somebody; answers whether by another than this page, and new to it.
    ///
    /// News of an own message may come before the answer to its post: the words tell, as its uuid
    /// is not known yet.
    pub(crate) fn arrived(&mut self, message: Message) -> bool {
        let own =
            |sending: &Sending| sending.new.author == message.author && sending.new.text == message.text;
        let own = self.sending.iter().rposition(own);
        if let Some(own) = own {
            self.sending.remove(own);
        }
        self.insert(message) && own.is_none()
    }

    /// A page of older messages was read.
    pub(crate) fn append(&mut self, older: MessageList) {
        for message in older.messages {
            self.insert(message);
        }
        self.next = older.next;
    }

    /// The newest page was read again. Where it does not reach back to what is here, there is a
    /// gap, and it is all that stays.
    pub(crate) fn refresh(&mut self, newest: MessageList) {
        let joins = newest.messages.iter().any(|message| self.knows(message));
        if !joins {
            self.stored.clear();
            self.next = newest.next;
        }
        for message in newest.messages {
            self.insert(message);
        }
    }

    fn knows(&self, message: &Message) -> bool {
        self.stored.iter().any(|stored| stored.uuid == message.uuid)
    }

    fn insert(&mut self, message: Message) -> bool {
        if self.knows(&message) {
            return false;
        }
        let older = |stored: &Message| stored.posted_at <= message.posted_at;
        let place = self.stored.iter().position(older).unwrap_or(self.stored.len());
        self.stored.insert(place, message);
        true
    }
}

#[cfg(test)]
mod tests {
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
        feed.append(list(&[3, 2, 1], None));
        assert_eq!(
            seen(&feed),
            ["text 6", "text 5", "text 4", "text 3", "text 2", "text 1"]
        );
        assert_eq!(feed.next(), None);
    }

    #[test]
    fn a_gap_is_never_hidden() {
        let mut feed = Feed::new(list(&[3, 2], Some("c2")));
        feed.refresh(list(&[4, 3], Some("c3")));
        assert_eq!((seen(&feed).len(), feed.next()), (3, Some("c2")));
        feed.refresh(list(&[9, 8], Some("c8")));
        assert_eq!(
            (seen(&feed), feed.next()),
            (vec!["text 9".into(), "text 8".into()], Some("c8"))
        );
    }
}
