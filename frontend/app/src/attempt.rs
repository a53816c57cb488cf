//! Posting a message once, however often it is tried.

use api::NewMessage;

/// A key that no other message has.
pub fn new_key() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// The message that is being posted, and its idempotency key.
///
/// A try that got no answer may have been taken all the same. So the same message keeps its key,
/// and another one gets a new key: the same would be refused.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    key: String,
    sent: Option<NewMessage>,
}

impl Attempt {
    /// Nothing was sent yet; the first message has this key.
    pub(crate) fn new(key: String) -> Self {
        Self { key, sent: None }
    }

    /// The key to send `new` with.
    pub(crate) fn key_for(&mut self, new: &NewMessage) -> String {
        if self.key.is_empty() || self.sent.as_ref().is_some_and(|sent| sent != new) {
            self.key = new_key();
        }
        self.sent = Some(new.clone());
        self.key.clone()
    }

    /// The key belongs to a message, to this one or to another: what is sent next has a new one,
    /// even with the same words.
    pub(crate) fn key_is_used(&mut self) {
        *self = Self::new(String::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> NewMessage {
        NewMessage {
            author: "Ada".into(),
            text: text.into(),
        }
    }

    #[test]
    fn a_retry_has_the_same_key_and_another_message_has_not() {
        let mut attempt = Attempt::new("first".into());
        assert_eq!(attempt.key_for(&message("hello")), "first");
        assert_eq!(attempt.key_for(&message("hello")), "first");
        let changed = attempt.key_for(&message("hello!"));
        assert_ne!(changed, "first");
        assert_eq!(attempt.key_for(&message("hello!")), changed);
    }

    #[test]
    fn the_same_words_again_are_a_new_message() {
        let mut attempt = Attempt::new("first".into());
        attempt.key_for(&message("hello"));
        attempt.key_is_used();
        let second = attempt.key_for(&message("hello"));
        assert_ne!(second, "first");
        assert_eq!(attempt.key_for(&message("hello")), second, "a retry of it");
    }
}
