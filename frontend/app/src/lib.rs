//! The message board's page: components and server functions, for the server (`ssr`) and the
//! browser (`hydrate`).
//!
//! No storage and no rules of its own: the backend has both, behind its API. A page is a function
//! of one value, [`Page`]: the server fills it in and writes it into the document, the browser
//! reads it from there. So nothing waits while a page is rendered, and both sides begin with the
//! same.
//!
//! # What tests may rely on
//!
//! | where | what |
//! |---|---|
//! | `html[data-hydrated]` | the script has taken the whole page over: it is alive |
//! | `form#post-form` | posts to `/form/post`; fields `author`, `text`, and hidden `key`, the idempotency key |
//! | `[name=text][aria-invalid=true]` | the field was refused; `aria-describedby` names the element that says why (`#text-error`) |
//! | `#text-count` | how many characters the text has of those that it may have; `data-over` when it has more |
//! | `[role=alert]` | an error, at its field or above the button; none exists while all is well |
//! | `li[data-uuid]` | a stored message, newest first; inside: `strong` (author), `time[datetime][title]`, `p.text` |
//! | `li[data-sending]` | a message on its way; has no `data-uuid` |
//! | `form.older` | its button "Load older messages" appends a page; without script it leads to `/?before=CURSOR` |
//! | `[data-backend=down]` | the banner; exists only while the backend cannot be reached, or the server's event stream is silent |
//! | `time[datetime]` | says "3 minutes ago" by the server's clock, whatever the visitor's shows |
//! | `#news[role=status]` | what screen readers are told: new messages, own message posted |
//! | `footer` | `data-commit`, `data-environment`, `data-schema` (a number, or `unknown`) |
#![allow(unreachable_pub, reason = "the component macro makes its helpers public")]

mod attempt;
#[cfg(feature = "ssr")]
pub mod backend;
mod banner;
mod board;
mod clock;
mod document;
mod error;
mod feed;
mod field;
mod footer;
mod form;
mod instant;
mod live;
mod messages;
mod older;
mod page;
mod server;
mod state;

use leptos::prelude::*;

pub use attempt::new_key;
#[cfg(feature = "ssr")]
pub use document::{board_document, not_found_document};
pub use error::BoardError;
pub use instant::milliseconds;
#[cfg(feature = "ssr")]
pub use instant::now;
pub use page::{Draft, Page, Site};

/// Everything inside `<body>`, the same on both sides.
#[component]
pub fn App() -> impl IntoView {
    let page = SharedValue::new(expect_context::<Page>).into_inner();
    view! { <board::BoardView page/> }
}

/// Says in the document that the page is alive. Not by an effect of [`App`]: effects run even after
/// the document was found to be another than expected, when nothing else does.
pub fn mark_hydrated() {
    if let Some(html) = document().document_element() {
        html.set_attribute("data-hydrated", "").ok();
    }
}
