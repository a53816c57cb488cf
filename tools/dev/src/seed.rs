//! Messages to begin with, posted as anybody would post them.

use anyhow::{Context as _, Result};
use board_api::NewMessage;
use reqwest::Client;

const AUTHORS: &[&str] = &["Ada", "Björn", "Chidi", "Dolores", "Eun-ji", "Farah", "Giulia"];
const TEXTS: &[&str] = &[
    "The kettle in the kitchen works again.",
    "Who has the key to the bicycle shed?",
    "Lunch at noon, in the yard if it stays dry.",
    "I moved the whiteboard next to the window.\nThe pens are in the drawer below.",
    "Thanks to whoever watered the plants.",
    "The lift is out of order until Thursday; please take the stairs.",
    "Found: one glove, left hand, green. It waits at the door.",
    "Reminder: the window on the second floor does not close by itself.",
    "There is cake. Was. There was cake.",
];

/// Posts `count` messages one after another to the backend at `base`.
pub(crate) async fn post_many(client: &Client, base: &str, count: usize) -> Result<()> {
    for number in 1..=count {
        let author = AUTHORS[number % AUTHORS.len()];
        let text = format!("{} (#{number})", TEXTS[number % TEXTS.len()]);
        post(client, base, author, &text)
            .await
            .with_context(|| format!("post message {number} of {count} to begin with"))?;
    }
    Ok(())
}

/// Posts one message to the backend at `base`.
pub(crate) async fn post(client: &Client, base: &str, author: &str, text: &str) -> Result<()> {
    let message = NewMessage {
        author: author.to_owned(),
        text: text.to_owned(),
    };
    let answer = client
        .post(format!("{base}{}", board_api::MESSAGES))
        .json(&message)
        .send()
        .await;
    let answer = answer.and_then(reqwest::Response::error_for_status);
    answer.map(drop).context("post a message")
}
