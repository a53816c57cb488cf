//! The one page: a form and the messages below it.

use leptos::prelude::*;

use crate::banner::Banner;
use crate::footer::Footer;
use crate::form::PostForm;
use crate::messages::Messages;
use crate::older::Older;
use crate::state::Board;
use crate::{BoardError, Page, live};

/// How often "3 minutes ago" is looked at again.
const TICK: std::time::Duration = std::time::Duration::from_secs(20);

#[component]
pub(crate) fn BoardView(page: Page) -> impl IntoView {
    let (list, fault) = match page.list {
        Ok(list) => (list, None),
        Err(error) => (api::MessageList::default(), Some(error)),
    };
    let reachable = fault != Some(BoardError::Unavailable);
    let board = Board::new(list, reachable, page.now, page.site, page.before);
    // In the browser only, once the page is alive.
    Effect::new(move || {
        live::listen(board, page.heartbeat);
        set_interval(move || board.tick(), TICK);
    });
    // What the banner says is not said twice.
    let fault = fault.filter(|fault| *fault != BoardError::Unavailable);
    view! {
        <a class="skip" href="#messages">"Skip to the messages"</a>
        <main>
            <h1>"Message board"</h1>
            <Banner board/>
            <PostForm board draft=page.draft refusal=page.refusal/>
            <section aria-labelledby="messages">
                <h2 id="messages" tabindex="-1">"Messages"</h2>
                <p id="news" class="unseen" role="status">{move || board.news.get()}</p>
                {fault.map(|fault| view! { <p class="error" role="alert">{fault.to_string()}</p> })}
                <Messages board/>
                <Older board/>
            </section>
        </main>
        <Footer board/>
    }
}
