//! Says that the backend is down, for as long as it is.

use leptos::prelude::*;

use crate::state::Board;

#[component]
pub(crate) fn Banner(board: Board) -> impl IntoView {
    let words = || {
        view! {
            <p class="banner" data-backend="down">
                "The message board cannot be reached just now. This page looks again by itself; there is no need to reload it."
            </p>
        }
    };
    // A screen reader hears of what changes inside of it.
    view! { <div role="status">{move || (!board.reachable.get()).then(words)}</div> }
}
