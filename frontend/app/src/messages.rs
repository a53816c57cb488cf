//! Shows a page of messages.

use api::{Message, MessageList};
use leptos::prelude::*;

#[component]
pub(crate) fn Messages(list: MessageList) -> impl IntoView {
    let nothing = list
        .messages
        .is_empty()
        .then(|| view! { <p>"No messages here."</p> });
    let older = list
        .next
        .map(|before| view! { <p><a href=format!("/?before={before}")>"Older messages"</a></p> });
    let items = list
        .messages
        .into_iter()
        .map(|message| view! { <Item message/> })
        .collect_view();
    view! {
        {nothing}
        <ol class="messages">{items}</ol>
        {older}
    }
}

#[component]
fn Item(message: Message) -> impl IntoView {
    let when = minutes(&message.posted_at);
    view! {
        <li data-uuid=message.uuid>
            <p class="by">
                <strong>{message.author}</strong>
                <time datetime=message.posted_at>{when}</time>
            </p>
            <p class="text">{message.text}</p>
        </li>
    }
}

/// An RFC 3339 instant in UTC to the minute, the same on server and browser: neither knows the reader's zone here.
fn minutes(instant: &str) -> String {
    match (instant.get(..10), instant.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => instant.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::minutes;

    #[test]
    fn instants_are_shown_to_the_minute() {
        assert_eq!(minutes("2026-01-02T03:04:05.000006Z"), "2026-01-02 03:04 UTC");
        assert_eq!(minutes("soon"), "soon");
    }
}
