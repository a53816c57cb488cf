//! What others do, past the page.

use anyhow::{Context as _, Result};
use board_api::{IDEMPOTENCY_KEY, NewMessage};
use dev::Stack;

/// Posts a message to the backend, under `key`.
pub(crate) async fn post(stack: &Stack, key: &str, text: &str) -> Result<()> {
    let message = NewMessage {
        author: "Björn".into(),
        text: text.into(),
    };
    let url = format!("{}{}", stack.backend_url(), board_api::MESSAGES);
    let request = reqwest::Client::new().post(url).header(IDEMPOTENCY_KEY, key);
    let answer = request.json(&message).send().await?;
    answer
        .error_for_status()
        .context("the backend takes the message")?;
    Ok(())
}
