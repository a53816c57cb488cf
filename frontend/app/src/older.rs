//! Leads to older messages: a button that appends them, and without script opens them as a page.

use leptos::ev::SubmitEvent;
use leptos::html::P;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::BoardError;
use crate::feed::Feed;
use crate::server::list_messages;
use crate::state::Board;

#[component]
pub(crate) fn Older(board: Board) -> impl IntoView {
    let loading = RwSignal::new(false);
    let fault = RwSignal::new(None::<BoardError>);
    let end = NodeRef::<P>::new();
    let load = move |event: SubmitEvent| {
        event.prevent_default();
        let next = board.feed.with_untracked(|feed| feed.next().map(str::to_owned));
        let Some(before) = next.filter(|_| !loading.get_untracked()) else {
            return;
        };
        loading.set(true);
        fault.set(None);
        spawn_local(async move {
            match list_messages(Some(before.clone())).await {
                Ok(list) => {
                    let count = list.messages.len();
                    if board.feed.try_update(|feed| feed.append(&before, list)) == Some(true) {
                        board.news.set(format!("{count} older messages are shown."));
                    }
                }
                Err(error) => fault.set(Some(error)),
            }
            loading.set(false);
            // The button is gone with the last page: without this the keyboard would begin at the
            // top again.
            if let Some(end) = end.get_untracked().filter(|_| !untrack(|| has_more(board))) {
                end.focus().ok();
            }
        });
    };
    view! {
        {move || fault.get().map(|error| view! { <p class="error" role="alert">{error.to_string()}</p> })}
        {move || {
            let next = board.feed.with(|feed| feed.next().map(str::to_owned));
            next.map(|before| {
                view! {
                    <form class="older" action="/" method="get" on:submit=load>
                        <input type="hidden" name="before" value=before/>
                        <button type="submit" class="quiet" aria-disabled=move || loading.get().then_some("true")>
                            "Load older messages"
                        </button>
                    </form>
                }
            })
        }}
        <p class="note" tabindex="-1" node_ref=end hidden=move || !at_end(board)>"There are no older messages."</p>
        {(!board.is_newest()).then(|| view! { <p class="back"><a href="/">"Back to the newest messages"</a></p> })}
    }
}

fn has_more(board: Board) -> bool {
    board.feed.with(|feed| feed.next().is_some())
}

fn at_end(board: Board) -> bool {
    !has_more(board) && !board.feed.with(Feed::is_empty)
}
