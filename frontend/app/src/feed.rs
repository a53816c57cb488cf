//! The messages on a page, as they come: read at first, posted here, posted elsewhere, read on.

use api::{Message, MessageList, NewMessage};

/// Messages newest first, each once; those being sent before all others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Feed {
    sending: Vec<Sending>,
    stored: Vec<Message>,
    next: Option<String>,
    /// Until when no message is missing here: the newest was posted then that was read with those
    /// before it, or came by the stream. One of this page's own may have others before it.
    whole_until: Option<String>,
    /// How often the newest page was asked for, and which of these times was answered last. What
    /// comes between may have a gap before it.
    asked: u32,
    answered: u32,
    /// The last of these times that got no answer.
    failed: u32,
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
            whole_until: list.messages.first().map(|newest| newest.posted_at.clone()),
            stored: list.messages,
            next: list.next,
            ..Self::default()
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
        if self.answered == self.asked {
            let until = Some(message.posted_at.clone());
            self.whole_until = self.whole_until.take().max(until);
        }
        self.insert(message) && own.is_none()
    }

    /// The page of older messages at the cursor `before` was read; answers whether it belongs to
    /// the list. Where a gap took the end of the list away meanwhile, it does not: what is between
    /// could not be reached any more.
    pub(crate) fn append(&mut self, before: &str, older: MessageList) -> bool {
        if self.next() != Some(before) {
            return false;
        }
        for message in older.messages {
            self.insert(message);
        }
        self.next = older.next;
        true
    }

    /// The newest page is asked for: messages may be missing from here on. Answers the number of
    /// the question.
    pub(crate) fn asks(&mut self) -> u32 {
        self.asked += 1;
        self.asked
    }

    /// Nobody answered the question of this number.
    pub(crate) fn fails(&mut self, question: u32) {
        self.failed = self.failed.max(question);
    }

    /// Whether the newest page has to be asked for once more: it was not answered the last time,
    /// and there may be a gap that nothing tells of.
    pub(crate) fn must_ask(&self) -> bool {
        self.failed == self.asked && self.answered != self.asked
    }

    /// The newest page was read again, for the question of this number. Where it does not reach
    /// back to where the list is whole, there is a gap, and nothing stays but it and what is newer.
    pub(crate) fn refresh(&mut self, question: u32, newest: MessageList) {
        // The answer to a later one was faster.
        if question < self.answered {
            return;
        }
        self.answered = question;
        let MessageList { messages, next } = newest;
        let until = messages.first().map(|newest| newest.posted_at.clone());
        let oldest = messages.last().map(|oldest| &oldest.posted_at);
        let joins = oldest.is_some() && oldest <= self.whole_until.as_ref();
        if !joins {
            let is_newer = |stored: &Message| until.as_ref().is_some_and(|until| stored.posted_at > *until);
            self.stored.retain(is_newer);
            self.next = next;
            self.whole_until = None;
        }
        self.whole_until = self.whole_until.take().max(until);
        for message in messages {
            self.insert(message);
        }
    }

    /// Puts a message into its place, or into that of an older revision; answers whether it is new.
    fn insert(&mut self, message: Message) -> bool {
        let known = self.stored.iter_mut().find(|stored| stored.uuid == message.uuid);
        if let Some(known) = known {
            if known.revision < message.revision {
                *known = message;
            }
            return false;
        }
        let older = |stored: &Message| stored.posted_at <= message.posted_at;
        let place = self.stored.iter().position(older).unwrap_or(self.stored.len());
        self.stored.insert(place, message);
        true
    }
}

#[cfg(test)]
mod tests;
