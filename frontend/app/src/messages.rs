//! Shows the messages, and those on their way.

use api::Message;
use leptos::either::Either;
use leptos::prelude::*;

use crate::feed::{Entry, Feed, Sending};
use crate::instant;
use crate::state::Board;

#[component]
pub(crate) fn Messages(board: Board) -> impl IntoView {
    let empty = move || board.reachable.get() && board.feed.with(Feed::is_empty);
    view! {
        {move || empty().then(|| view! { <p class="note">"No messages here."</p> })}
        <ol class="messages">
            <For each=move || board.feed.with(Feed::entries) key=Entry::id let:entry>
                {match entry {
                    Entry::Sending(sending) => Either::Left(view! { <OnItsWay sending/> }),
                    Entry::Stored(message) => Either::Right(view! { <Stored message now=board.now/> }),
                }}
            </For>
        </ol>
    }
}

#[component]
fn OnItsWay(sending: Sending) -> impl IntoView {
    view! {
        <li data-sending>
            <p class="by"><strong>{sending.new.author}</strong>" "<span class="when">"Sending…"</span></p>
            <p class="text">{sending.new.text}</p>
        </li>
    }
}

#[component]
fn Stored(message: Message, now: RwSignal<i64>) -> impl IntoView {
    let posted_at = message.posted_at.clone();
    let edited = message
        .edited_at
        .map(|edited_at| view! { <span class="when" title=instant::full(&edited_at)>"edited"</span> });
    view! {
        <li data-uuid=message.uuid>
            <p class="by">
                <strong>{message.author}</strong>
                " "
                <time class="when" datetime=message.posted_at.clone() title=instant::full(&message.posted_at)>
                    {move || instant::ago(&posted_at, now.get())}
                </time>
                {edited}
            </p>
            <p class="text">{message.text}</p>
        </li>
    }
}
