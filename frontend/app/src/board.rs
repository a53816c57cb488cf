//! The one page: a form, and the messages below it.

use leptos::either::Either;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::form::PostForm;
use crate::messages::Messages;
use crate::server::{PostMessage, list_messages};

#[component]
pub(crate) fn Board() -> impl IntoView {
    let post = ServerAction::<PostMessage>::new();
    let query = use_query_map();
    // Asked again after each post and for each page of older messages.
    let messages = Resource::new(
        move || (post.version().get(), query.read().get("before")),
        |(_, before)| list_messages(before),
    );
    let listing = move || {
        Suspend::new(async move {
            match messages.await {
                Ok(list) => Either::Left(view! { <Messages list/> }),
                Err(error) => Either::Right(view! { <p class="error" role="alert">{error.to_string()}</p> }),
            }
        })
    };
    view! {
        <main>
            <h1>"Message board"</h1>
            <PostForm post/>
            <section aria-labelledby="messages" aria-live="polite">
                <h2 id="messages">"Messages"</h2>
                <Transition fallback=|| view! { <p>"Loading…"</p> }>{listing}</Transition>
            </section>
        </main>
    }
}
